import type { KubeObject } from "#/kube/kube-object.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { badRequest } from "#/kube-embedded/status-error.ts";
import { parseLabelTerms } from "./label-selector.ts";

/** Whether an object is meant. */
export type Selector = (object: KubeObject) => boolean;

/** Reads a label selector; an empty one means all. @throws StatusError BadRequest */
export const parseLabelSelector = (text: string): Selector => {
	const terms = parseLabelTerms(text);
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
