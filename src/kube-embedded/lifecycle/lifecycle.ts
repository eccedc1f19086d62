import type { KubeObject } from "#/kube/kube-object.ts";
import { textAt } from "#/kube-embedded/json.ts";
import { objectOf, type StoreEvent } from "#/kube-embedded/store/store-event.ts";
import type { StoredRef, Transaction } from "#/kube-embedded/store/transaction.ts";
import { createIn } from "#/kube-embedded/verbs/create.ts";
import type { VerbDeps } from "#/kube-embedded/verbs/verb-deps.ts";
import { collect } from "./collect.ts";
import { emptyDefinition, emptyNamespace } from "./empty-out.ts";
import { OwnerGraph } from "./owner-graph.ts";
import { TaskQueue } from "./task-queue.ts";

/** What the lifecycle needs beside the verbs. */
export interface LifecycleDeps extends VerbDeps {
	/** Told of failures. */
	readonly report: (message: string, error: unknown) => void;
}

const CRDS = "apiextensions.k8s.io/customresourcedefinitions";
const FIRST_NAMESPACES = ["default", "kube-system"];
const EVENT_AGE = 3600_000;

const SETTINGS = {
	dryRun: false,
	manager: "limani",
	unknownFields: "Ignore",
	subresource: undefined,
	managed: false,
} as const;

/**
 * What a cluster's own controllers do: serves definitions as they come, collects what has lost its owners, empties
 * namespaces and definitions that are deleted, gives each namespace its default service account, forgets old events.
 */
export class Lifecycle implements AsyncDisposable {
	readonly #deps: LifecycleDeps;
	readonly #graph = new OwnerGraph();
	readonly #tasks: TaskQueue;
	readonly #resources = new DisposableStack();

	constructor(deps: LifecycleDeps) {
		this.#deps = deps;
		const { store, report } = deps;
		this.#tasks = new TaskQueue(
			async (key) => {
				const goesOn = await store.write((transaction) => this.#run(transaction, key));
				if (goesOn) this.#tasks.add(key);
			},
			(key, error) => report(`the embedded API could not do ${key}`, error),
		);
	}

	/** Takes up what is there, and follows what comes. The first namespaces are there then. */
	async start(): Promise<void> {
		const { store } = this.#deps;
		const follow = (event: StoreEvent): void => {
			try {
				this.#note(event);
			} catch (error) {
				this.#deps.report(`the embedded API does not understand a change of ${event.resource} ${event.name}`, error);
			}
		};
		this.#resources.use(store.subscribe(follow));
		const timer = setInterval(() => this.#tasks.add("forget-events"), EVENT_AGE / 12);
		timer.unref();
		this.#resources.defer(() => clearInterval(timer));
		// Definitions first: the rest is about kinds that they bring.
		for (const resource of store.resources().toSorted((one) => (one === CRDS ? -1 : 0))) {
			for (const object of store.list({ resource })) {
				const { namespace = "", name } = object.metadata;
				this.#note({ revision: 0, resource, namespace, name, before: undefined, after: object });
			}
		}
		await store.write((transaction) => {
			for (const name of FIRST_NAMESPACES) this.#ensure(transaction, "Namespace", "", name);
		});
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#resources.dispose();
		await this.#tasks[Symbol.asyncDispose]();
	}

	#note(event: StoreEvent): void {
		const { resource, namespace, name, before, after } = event;
		this.#graph.note(event, before, after);
		if (resource === CRDS) this.#serve(name, after);
		if (resource === "/namespaces") this.#tasks.add(`namespace ${name}`);
		if (resource === "/serviceaccounts" && name === "default" && after === undefined) {
			this.#tasks.add(`namespace ${namespace}`);
		}
		const object = objectOf(event);
		const deletes = object.metadata.deletionTimestamp !== undefined;
		if (after === undefined || deletes) this.#noteLeaving(event, object);
		if (after !== undefined && (deletes || (after.metadata.ownerReferences ?? []).length > 0)) this.#collectSoon(event);
	}

	/** Who leaves may be what its owners, its dependents, its namespace or its definition wait for. */
	#noteLeaving({ resource, namespace }: StoreEvent, { metadata }: KubeObject): void {
		for (const dependent of this.#graph.dependentsOf(metadata.uid ?? "")) this.#collectSoon(dependent);
		for (const { uid, apiVersion, kind, name } of metadata.ownerReferences ?? []) {
			const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
			const served = uid === "" ? undefined : this.#deps.kinds.findKind(group, kind);
			if (served === undefined) continue;
			this.#collectSoon({ resource: served.storage, namespace: served.type.namespaced ? namespace : "", name });
		}
		if (namespace !== "") this.#tasks.add(`namespace ${namespace}`);
		const [group, plural] = resource.split("/");
		if (group !== "" && resource !== CRDS) this.#tasks.add(`definition ${plural}.${group}`);
	}

	#collectSoon({ resource, namespace, name }: StoredRef): void {
		this.#tasks.add(`collect ${JSON.stringify([resource, namespace, name])}`);
	}

	#serve(name: string, crd: KubeObject | undefined): void {
		try {
			if (crd === undefined) this.#deps.kinds.remove(name);
			else this.#deps.kinds.put(crd);
		} catch (error) {
			this.#deps.report(`the definition ${name} cannot be served`, error);
		}
		this.#tasks.add(`definition ${name}`);
	}

	/** Whether there is more of the same to do. */
	#run(transaction: Transaction, key: string): boolean {
		const at = key.indexOf(" ");
		const [task, rest] = at < 0 ? [key, ""] : [key.slice(0, at), key.slice(at + 1)];
		if (task === "definition") return emptyDefinition(transaction, rest, this.#deps);
		if (task === "namespace") {
			this.#ensure(transaction, "ServiceAccount", rest, "default");
			return emptyNamespace(transaction, rest, this.#deps);
		}
		if (task === "forget-events") this.#forgetEvents(transaction);
		else {
			const [resource = "", namespace = "", name = ""]: string[] = JSON.parse(rest);
			collect(transaction, { resource, namespace, name }, { ...this.#deps, graph: this.#graph });
		}
		return false;
	}

	/** Makes an object of the core group where there is none, if its namespace is there to stay. */
	#ensure(transaction: Transaction, word: "Namespace" | "ServiceAccount", namespace: string, name: string): void {
		const kind = this.#deps.kinds.findKind("", word);
		if (kind === undefined) return;
		const home = transaction.find({ resource: "/namespaces", namespace: "", name: namespace });
		if (kind.type.namespaced && (home === undefined || home.metadata.deletionTimestamp !== undefined)) return;
		if (transaction.find({ resource: kind.storage, namespace, name }) !== undefined) return;
		const object = { apiVersion: "v1", kind: word, metadata: { name } };
		createIn(transaction, { kind, namespace }, object, SETTINGS, this.#deps);
	}

	#forgetEvents(transaction: Transaction): void {
		const oldest = this.#deps.now() - EVENT_AGE;
		for (const event of transaction.list({ resource: "/events" })) {
			const { namespace = "", name, creationTimestamp = "" } = event.metadata;
			const seen = textAt(event, "series", "lastObservedTime") ?? textAt(event, "lastTimestamp") ?? creationTimestamp;
			if (Date.parse(seen) < oldest) transaction.remove({ resource: "/events", namespace, name });
		}
	}
}
