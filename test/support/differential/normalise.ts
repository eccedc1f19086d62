import { isRecord } from "#/kube-embedded/json.ts";

/** Names of fields whose values no two servers have in common, and what stands for them. */
const MASKED: Readonly<Record<string, string>> = {
	resourceVersion: "(version)",
	creationTimestamp: "(time)",
	deletionTimestamp: "(time)",
	time: "(time)",
	continue: "(continuation)",
	ledgerVersion: "(version)",
};

/** Lists whose order says nothing. */
const UNORDERED = ["managedFields", "resources"];

const AGE = /^\d+[smhd](\d+[smh])?$/;

/** Where messages tell of a version: that of the server, or of an object. */
const VERSIONS = /((?:current: |ResourceVersion in record \(|too old resource version: \d+ \())\d+/g;

/**
 * An answer without what no two API servers have in common, and nothing else:
 *
 * - uids are told apart by the order in which they come;
 * - versions, times and continuations are told by being there alone, in messages too;
 * - names that a server made are told by their first part;
 * - ages in cells of tables are told by being ages;
 * - fields of objects are in one order, and so are entries of managedFields and resources of a group, whose order is chance.
 */
export class Normaliser {
	readonly #uids = new Map<string, string>();

	apply(value: unknown, key = ""): unknown {
		if (typeof value === "string") return this.#text(value, key);
		if (Array.isArray(value)) return this.#list(value, key);
		if (!isRecord(value)) return value;
		const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
		return Object.fromEntries(entries.map(([name, field]) => [name, this.apply(field, name)]));
	}

	#list(values: readonly unknown[], key: string): unknown {
		const list = values.map((each) => this.apply(each));
		if (key === "cells") return list.map((cell) => (typeof cell === "string" ? cell.replace(AGE, "(age)") : cell));
		return UNORDERED.includes(key) ? list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : list;
	}

	#text(value: string, key: string): string {
		const masked = MASKED[key];
		if (masked !== undefined && value !== "") return masked;
		if (key === "uid") return this.#uid(value);
		return value
			.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uid) => this.#uid(uid))
			.replaceAll(VERSIONS, "$1(version)")
			.replaceAll(/\b(made-)[a-z0-9]{5}\b/g, "$1(made)")
			.replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "(time)");
	}

	#uid(uid: string): string {
		const known = this.#uids.get(uid) ?? `(uid ${this.#uids.size + 1})`;
		this.#uids.set(uid, known);
		return known;
	}
}
