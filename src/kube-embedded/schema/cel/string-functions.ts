import type { Environment } from "@marcbachmann/cel-js";
import { compilePattern } from "#/kube-embedded/schema/compile-pattern.ts";

const patternOf = (pattern: string): RegExp => {
	const expression = compilePattern(pattern);
	if (expression === undefined) throw new Error(`error parsing regexp: ${pattern}`);
	return new RegExp(expression.source, `${expression.flags}g`);
};

const shown = (value: unknown): string => {
	if (value instanceof Date) return value.toISOString().replace(".000Z", "Z");
	if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
	if (value instanceof Map) return `{${[...value].map(([key, one]) => `${shown(key)}: ${shown(one)}`).join(", ")}}`;
	return String(value);
};

const hex = (value: unknown): string =>
	typeof value === "string" ? Buffer.from(value).toString("hex") : BigInt(String(value)).toString(16);

const verbs: Readonly<Record<string, (value: unknown, digits: number) => string>> = {
	s: shown,
	d: shown,
	f: (value, digits) => Number(value).toFixed(digits),
	e: (value, digits) => Number(value).toExponential(digits),
	b: (value) => (typeof value === "boolean" ? Number(value).toString() : BigInt(String(value)).toString(2)),
	o: (value) => BigInt(String(value)).toString(8),
	x: (value) => hex(value),
	X: (value) => hex(value).toUpperCase(),
};

/** Fills the placeholders of a template as the strings extension of CEL does. @throws Error for too few values */
const fill = (template: string, values: readonly unknown[]): string => {
	let at = 0;
	return template.replace(/%(?:%|(?:\.(\d+))?([sdfebxXo]))/g, (whole, digits?: string, verb?: string) => {
		if (verb === undefined) return whole === "%%" ? "%" : whole;
		if (at >= values.length) throw new Error(`index ${at} out of range`);
		return verbs[verb]?.(values[at++], Number(digits ?? 6)) ?? whole;
	});
};

const replaceFirst = (text: string, from: string, to: string, most: number): string => {
	const parts = text.split(from);
	return most < 0 ? parts.join(to) : [...parts.slice(0, most), parts.slice(most).join(from)].join(to);
};

/** What of the strings extension and of Kubernetes' regex library the CEL library lacks. */
export const addStringFunctions = (env: Environment): void => {
	env.registerFunction(
		"string.find(string): string",
		(text: string, pattern: string) => text.match(new RegExp(patternOf(pattern), ""))?.at(0) ?? "",
	);
	env.registerFunction("string.findAll(string): list<string>", (text: string, pattern: string) => [
		...(text.match(patternOf(pattern)) ?? []),
	]);
	env.registerFunction("string.findAll(string, int): list<string>", (text: string, pattern: string, most: bigint) => {
		const all = [...(text.match(patternOf(pattern)) ?? [])];
		return most < 0n ? all : all.slice(0, Number(most));
	});
	env.registerFunction("string.replace(string, string): string", (text: string, from: string, to: string) =>
		text.replaceAll(from, () => to),
	);
	env.registerFunction(
		"string.replace(string, string, int): string",
		(text: string, from: string, to: string, most: bigint) => replaceFirst(text, from, to, Number(most)),
	);
	env.registerFunction("string.charAt(int): string", (text: string, at: bigint) => {
		const letters = [...text];
		if (at < 0n || at > letters.length) throw new Error(`index out of range: ${at}`);
		return letters[Number(at)] ?? "";
	});
	env.registerFunction("string.reverse(): string", (text: string) => [...text].reverse().join(""));
	env.registerFunction("string.format(list): string", (template: string, values: readonly unknown[]) =>
		fill(template, values),
	);
};
