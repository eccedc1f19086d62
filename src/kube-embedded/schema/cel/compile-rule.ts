import type { Environment, ParseResult } from "@marcbachmann/cel-js";
import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { ValidationRule } from "#/kube-embedded/schema/structural-schema.ts";
import { kubernetesEnvironment } from "./environment.ts";

/** One rule, ready to run. */
export interface CompiledRule {
	readonly source: ValidationRule;
	/** Whether it compares with what was before: such a rule runs on changes only, and is never ratcheted. */
	readonly usesOldSelf: boolean;
	readonly program: ParseResult;
	readonly message: ParseResult | undefined;
}

const environments = new Map<"dyn" | "optional", Environment>();

const environmentFor = (kind: "dyn" | "optional"): Environment => {
	const known = environments.get(kind) ?? kubernetesEnvironment(kind);
	environments.set(kind, known);
	return known;
};

const names = (node: unknown, name: string): boolean => {
	if (Array.isArray(node)) return node.some((inner) => names(inner, name));
	if (typeof node !== "object" || node === null || !("op" in node) || !("args" in node)) return false;
	return (node.op === "id" && node.args === name) || names(node.args, name);
};

/** The first sentence of a CEL failure, without the excerpt of the source. */
export const celMessage = (error: unknown): string => {
	if (!(error instanceof Error)) return String(error);
	const summary = isRecord(error) && typeof error.summary === "string" ? error.summary : error.message;
	const line = summary.split("\n", 1)[0] ?? "";
	return line.startsWith("No such key") ? `no such key${line.slice("No such key".length)}` : line;
};

const compile = (env: Environment, text: string, type: "bool" | "string"): ParseResult => {
	const program = env.parse(text);
	const checked = program.check();
	if (!checked.valid) throw checked.error ?? new Error("not valid");
	if (checked.type !== type && checked.type !== "dyn")
		throw new Error(`must evaluate to a ${type}, but it gives ${checked.type}`);
	return program;
};

/** Reads and type-checks a rule. @throws Error when it is no such expression, or gives something else than a truth */
export const compileRule = (source: ValidationRule): CompiledRule => {
	const env = environmentFor(source.optionalOldSelf ? "optional" : "dyn");
	const program = compile(env, source.rule, "bool");
	const { messageExpression } = source;
	return {
		source,
		usesOldSelf: names(program.ast, "oldSelf"),
		program,
		message: messageExpression === undefined ? undefined : compile(env, messageExpression, "string"),
	};
};
