import type { Timing } from "#/lib/timing.ts";
import { BackOff } from "./back-off.ts";
import { CachedStore, type Prepared } from "./cached-store.ts";
import type { KubeClient, Selection, WatchEvent } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import { listPages } from "./list-all.ts";
import type { IndexFunction, ObjectStore } from "./object-store.ts";
import type { ResourceType } from "./resource-type.ts";

/** What a {@link Reflector} does, for metrics. */
export type ReflectorAct = "list" | "watch" | "event" | "failure";

/** What a {@link Reflector} stands on. */
export interface ReflectorDeps {
	readonly client: Pick<KubeClient, "list" | "watch">;
	readonly timing: Timing;
	/** Told of what makes it list or watch again, and of what listeners and index functions throw. */
	report(error: unknown): void;
	/** Told of each list, watch, event (bookmarks as well) and failure. */
	readonly observe?: ((act: ReflectorAct, type: ResourceType) => void) | undefined;
}

/** What a {@link Reflector} keeps. */
export interface ReflectorOpts {
	readonly type: ResourceType;
	/** @defaultValue all */
	readonly selection?: Selection | undefined;
	/** Index functions by name. */
	readonly indexes?: { readonly [name: string]: IndexFunction } | undefined;
}

/** A page of this size parses without holding up others. Larger ones follow when its continuation ran out. */
const PAGE_SIZE = { usual: 500, growth: 10, largest: 50_000 };

/** A watch that ended by itself earlier than this counts as failed, so that nobody watches in a circle. */
const SHORT_WATCH_MS = 5000;

/** Keeps a store like what the API server has: one list, then watches, and after any fault again, with patience. */
export class Reflector {
	/** What it keeps. */
	readonly store: ObjectStore;
	readonly type: ResourceType;
	readonly #deps: ReflectorDeps;
	readonly #store: CachedStore;
	readonly #selection: Selection;
	readonly #synced = Promise.withResolvers<void>();
	readonly #backOff: BackOff;
	#pageSize = PAGE_SIZE.usual;
	#version: string | undefined;
	#lastContact: number | undefined;
	#failure: unknown;

	constructor(deps: ReflectorDeps, { type, selection = {}, indexes }: ReflectorOpts) {
		this.#deps = deps;
		this.type = type;
		this.#selection = selection;
		this.#store = new CachedStore(deps, indexes);
		this.store = this.#store;
		this.#backOff = new BackOff(deps.timing);
	}

	/** When the API server was last heard, in milliseconds of the monotonic clock; absent: never. */
	get lastContact(): number | undefined {
		return this.#lastContact;
	}

	/** Why it hears nothing; absent when the last thing heard was good. */
	get failure(): unknown {
		return this.#failure;
	}

	/** Resolves when the first list is in the store; rejects with the signal's reason. */
	async whenSynced(signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		const { promise, reject } = Promise.withResolvers<never>();
		const abort = () => reject(signal.reason);
		signal.addEventListener("abort", abort, { once: true });
		try {
			await Promise.race([this.#synced.promise, promise]);
		} finally {
			signal.removeEventListener("abort", abort);
		}
	}

	/** Resolves when the signal is aborted and nothing is under way any more. To be called once. */
	async run(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			try {
				const version = this.#version ?? (await this.#list(signal));
				await this.#watch(version, signal);
			} catch (error) {
				if (signal.aborted) return;
				const waitMs = this.#failed(error);
				// The signal is looked at above.
				await this.#deps.timing.sleep(waitMs, signal).catch(() => {});
			}
		}
	}

	async #list(signal: AbortSignal): Promise<string> {
		this.#deps.observe?.("list", this.type);
		const limit = this.#pageSize;
		this.#pageSize = Math.min(PAGE_SIZE.largest, limit * PAGE_SIZE.growth);
		const query = { ...this.#selection, limit };
		const objects: Prepared[] = [];
		let resourceVersion = "";
		for await (const page of listPages(this.#deps.client, this.type, query, signal)) {
			// Page by page, for all of a long list at once would hold up everything else, the lease as well.
			for (const item of page.items) objects.push(this.#store.prepare(item));
			resourceVersion = page.resourceVersion;
		}
		signal.throwIfAborted();
		this.#pageSize = PAGE_SIZE.usual;
		this.#heard();
		this.#version = resourceVersion;
		this.#store.takeOver(objects);
		this.#synced.resolve();
		return resourceVersion;
	}

	async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
		this.#deps.observe?.("watch", this.type);
		const { client, timing } = this.#deps;
		const startedAt = timing.monotonic();
		for await (const event of client.watch(this.type, { ...this.#selection, resourceVersion }, signal)) {
			if (signal.aborted) return;
			this.#take(event);
		}
		if (signal.aborted) return;
		this.#heard();
		if (timing.monotonic() - startedAt < SHORT_WATCH_MS) {
			throw new KubeError("UNAVAILABLE", `the watch of ${this.type.plural} ended at once`);
		}
	}

	#take({ type, object }: WatchEvent): void {
		this.#deps.observe?.("event", this.type);
		this.#heard();
		if (type === "DELETED") this.#store.remove(object);
		else if (type !== "BOOKMARK") this.#store.put(object);
		// Last, so that nothing is skipped should the above fail.
		this.#version = object.metadata.resourceVersion ?? this.#version;
	}

	#heard(): void {
		this.#lastContact = this.#deps.timing.monotonic();
		this.#failure = undefined;
	}

	/** Milliseconds to wait. */
	#failed(error: unknown): number {
		this.#deps.observe?.("failure", this.type);
		this.#deps.report(error);
		this.#failure = error;
		const { code, retryAfterMs = 0 } = error instanceof KubeError ? error : { code: "UNKNOWN" };
		// A connection that broke says nothing about what is stored; anything else may.
		if (code !== "UNAVAILABLE") this.#version = undefined;
		if (code !== "GONE") this.#pageSize = PAGE_SIZE.usual;
		return Math.max(this.#backOff.next(), retryAfterMs);
	}
}
