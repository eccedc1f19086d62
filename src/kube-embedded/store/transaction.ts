import type { StatementSync } from "node:sqlite";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { Statements } from "./statements.ts";
import { objectOf, type StoreEvent } from "./store-event.ts";

/** Which object of which table; an empty namespace for cluster-scoped ones. */
export interface StoredRef {
	readonly resource: string;
	readonly namespace: string;
	readonly name: string;
}

/** Which objects of a table, in the order of namespace and name. */
export interface StoredRange {
	readonly resource: string;
	/** Absent: all. */
	readonly namespace?: string | undefined;
	/** Those behind this one. */
	readonly after?: Omit<StoredRef, "resource"> | undefined;
	/** Absent: all. */
	readonly limit?: number | undefined;
}

/** What can be read of the store at one instant. */
export interface StoreView {
	/** The resource version of the last change. */
	readonly revision: number;
	find(ref: StoredRef): KubeObject | undefined;
	list(range: StoredRange): KubeObject[];
}

/** What the objects are read by. */
export const viewOf = (statements: Statements, revision: () => number): StoreView => ({
	get revision() {
		return revision();
	},
	find({ resource, namespace, name }) {
		const row = statements.find.get(resource, namespace, name);
		return row === undefined ? undefined : parseObject(row.body);
	},
	list({ resource, namespace, after, limit }) {
		const [statement, first]: [StatementSync, string[]] =
			namespace === undefined
				? [statements.list, [resource, after?.namespace ?? "", after?.name ?? ""]]
				: [statements.listNamespace, [resource, namespace, after?.name ?? ""]];
		return statement.all(...first, limit ?? -1).map(({ body }) => parseObject(body));
	},
});

/** Reads and writes of one command; others see them when they are committed. */
export class Transaction implements StoreView {
	readonly #statements: Statements;
	readonly #view: StoreView;
	readonly #at: number;
	#revision: number;
	readonly events: StoreEvent[] = [];

	/** @param at now, in milliseconds */
	constructor(statements: Statements, revision: number, at: number) {
		this.#statements = statements;
		this.#revision = revision;
		this.#at = at;
		this.#view = viewOf(statements, () => this.#revision);
	}

	get revision(): number {
		return this.#revision;
	}

	find(ref: StoredRef): KubeObject | undefined {
		return this.#view.find(ref);
	}

	list(range: StoredRange): KubeObject[] {
		return this.#view.list(range);
	}

	/** Some of the objects of a table that are not on their way out. @param namespace absent: all */
	staying(resource: string, namespace: string | undefined, limit: number): KubeObject[] {
		const { staying, stayingIn } = this.#statements;
		const rows = namespace === undefined ? staying.all(resource, limit) : stayingIn.all(resource, namespace, limit);
		return rows.map(({ body }) => parseObject(body));
	}

	/** Stores the object, new or not, and gives it the next resource version. */
	put(resource: string, object: KubeObject): KubeObject {
		const { namespace = "", name, uid = "" } = object.metadata;
		const row = this.#statements.find.get(resource, namespace, name);
		const before = row === undefined ? undefined : parseObject(row.body);
		const revision = this.#revision + 1;
		const after = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
		const body = JSON.stringify(after);
		this.#statements.put.run(resource, namespace, name, uid, revision, body);
		const old = row === undefined ? null : String(row.body);
		this.#append({ revision, resource, namespace, name, before, after }, { old, made: body });
		return after;
	}

	/**
	 * Takes the object away; gives its last state, at the version of the deletion. Undefined when there is none.
	 *
	 * @param last its last state, if that is not the one in the store
	 */
	remove(ref: StoredRef, last?: KubeObject): KubeObject | undefined {
		const before = this.find(ref);
		if (before === undefined) return undefined;
		const event: StoreEvent = { ...ref, revision: this.#revision + 1, before: last ?? before, after: undefined };
		this.#statements.remove.run(ref.resource, ref.namespace, ref.name);
		this.#append(event, { old: JSON.stringify(event.before), made: null });
		return objectOf(event);
	}

	/** @param bodies of the object before and after, as they are stored */
	#append(event: StoreEvent, { old, made }: { readonly old: string | null; readonly made: string | null }): void {
		const { revision, resource, namespace, name } = event;
		this.#statements.append.run(revision, this.#at, resource, namespace, name, old, made);
		this.#revision = revision;
		this.events.push(event);
	}
}

/** The object in a row. Bodies are written by this store alone. */
export const parseObject = (body: unknown): KubeObject => {
	const object: KubeObject = JSON.parse(String(body));
	return object;
};
