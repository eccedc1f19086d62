import type { KubeObject } from "#/kube/kube-object.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { badRequest } from "#/kube-embedded/status-error.ts";

/** Whether an object is meant. */
export type Selector = (object: KubeObject) => boolean;

type LabelTest = (value: string | undefined) => boolean;

const SET = /^\s*(?<key>[^\s!=,()]+)\s+(?<word>in|notin)\s*\((?<values>[^()]*)\)\s*$/;
const EQUAL = /^\s*(?<key>[^\s!=,()]+)\s*(?<sign>==|!=|=)\s*(?<value>[^\s!=,()]*)\s*$/;
const EXISTS = /^\s*(?<not>!?)\s*(?<key>[^\s!=,()]+)\s*$/;
const NUMERIC = /^\s*(?<key>[^\s!=,()<>]+)\s*(?<sign>[<>])\s*(?<value>-?\d+)\s*$/;

/** Splits at commas that stand in no parentheses. */
const splitTerms = (text: string): string[] => text.split(/,(?![^(]*\))/);

const parseTerm = (term: string): { readonly key: string; readonly test: LabelTest } => {
	const set = SET.exec(term)?.groups;
	if (set !== undefined) {
		const values = (set.values ?? "").split(",").map((value) => value.trim());
		const isIn: LabelTest = (value) => value !== undefined && values.includes(value);
		return { key: set.key ?? "", test: set.word === "in" ? isIn : (value) => !isIn(value) };
	}
	const numeric = NUMERIC.exec(term)?.groups;
	if (numeric !== undefined) {
		const bound = Number(numeric.value);
		const holds = (value: number): boolean => (numeric.sign === "<" ? value < bound : value > bound);
		return {
			key: numeric.key ?? "",
			test: (value) => value !== undefined && /^-?\d+$/.test(value) && holds(Number(value)),
		};
	}
	const equal = EQUAL.exec(term)?.groups;
	if (equal !== undefined) {
		const wanted = equal.sign !== "!=";
		return { key: equal.key ?? "", test: (value) => (value === equal.value) === wanted };
	}
	const exists = EXISTS.exec(term)?.groups;
	if (exists === undefined) throw badRequest(`unable to parse requirement: ${term.trim()}`);
	return { key: exists.key ?? "", test: (value) => (value !== undefined) === (exists.not === "") };
};

/** Reads a label selector; an empty one means all. @throws StatusError BadRequest */
export const parseLabelSelector = (text: string): Selector => {
	if (text.trim() === "") return () => true;
	const terms = splitTerms(text).map(parseTerm);
	return ({ metadata }) => terms.every(({ key, test }) => test(metadata.labels?.[key]));
};

const readerOf = (kind: ServedKind, field: string): ((object: KubeObject) => string) => {
	if (field === "metadata.name") return ({ metadata }) => metadata.name;
	if (field === "metadata.namespace" && kind.type.namespaced) return ({ metadata }) => metadata.namespace ?? "";
	const reader = Object.hasOwn(kind.selectable, field) ? kind.selectable[field] : undefined;
	if (reader === undefined) throw badRequest(`field label not supported: ${field}`);
	return reader;
};

/** Reads a field selector of a kind; an empty one means all. @throws StatusError BadRequest, for unknown fields too */
export const parseFieldSelector = (kind: ServedKind, text: string): Selector => {
	const terms = text
		.split(/(?<!\\),/)
		.filter((term) => term.trim() !== "")
		.map((term) => {
			const match = /^(?<field>[^=!]+)(?<sign>==|!=|=)(?<value>.*)$/.exec(term.trim())?.groups;
			if (match === undefined) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
			const read = readerOf(kind, match.field ?? "");
			const value = (match.value ?? "").replace(/\\([,=\\])/g, "$1");
			return (object: KubeObject) => (read(object) === value) === (match.sign !== "!=");
		});
	return (object) => terms.every((test) => test(object));
};
