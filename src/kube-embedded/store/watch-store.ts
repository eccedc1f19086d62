import type { EmbeddedStore } from "./embedded-store.ts";
import type { StoreEvent } from "./store-event.ts";

/** What a watch gives: a change, or (every now and then) only how far it has come. */
export type Watched = StoreEvent | { readonly revision: number; readonly resource?: undefined };

/** How a watch ends of itself: `gone`, its version is no longer kept; `slow`, its reader does not keep up. */
export type WatchEnd = "gone" | "slow";

/** Of which objects, and from where. */
export interface WatchOpts {
	readonly resource: string;
	readonly revision: number;
	/** Milliseconds between two reports of how far it has come. */
	readonly bookmarkEvery: number;
	/** How many changes may wait for the reader. @defaultValue 1000 */
	readonly buffer?: number;
}

const PAGE = 500;

/** Every change of a resource after a version, in order, until the signal ends it or it ends of itself. */
export async function* watchStore(
	store: EmbeddedStore,
	{ resource, revision, bookmarkEvery, buffer = 1000 }: WatchOpts,
	signal: AbortSignal,
): AsyncGenerator<Watched, WatchEnd | undefined, undefined> {
	let at = revision;
	for (;;) {
		if (at < store.compacted) return "gone";
		const page = store.eventsAfter(resource, at, PAGE);
		if (page.length === 0) break;
		for (const event of page) {
			if (signal.aborted) return undefined;
			yield event;
			at = event.revision;
		}
	}
	// Nothing was awaited since the last look into the log: no change falls between it and the subscription.
	using live = new LiveEvents(store, { resource, bookmarkEvery, buffer }, signal);
	for (;;) {
		const event = live.take();
		if (event !== undefined) yield event;
		else if (live.ended !== undefined) return live.ended === "slow" ? "slow" : undefined;
		else await live.more();
	}
}

/** The changes since now that wait for their reader. */
class LiveEvents implements Disposable {
	readonly #queue: Watched[] = [];
	readonly #resources = new DisposableStack();
	#wake: () => void = () => {};
	ended: "slow" | "stopped" | undefined;

	constructor(
		store: EmbeddedStore,
		{ resource, bookmarkEvery, buffer }: Required<Omit<WatchOpts, "revision">>,
		signal: AbortSignal,
	) {
		const end = (why: "slow" | "stopped"): void => {
			this.ended ??= why;
			this.#wake();
		};
		const stop = (): void => end("stopped");
		signal.addEventListener("abort", stop, { once: true });
		this.#resources.defer(() => signal.removeEventListener("abort", stop));
		if (signal.aborted) stop();
		const push = (event: Watched): void => {
			if (this.#queue.length >= buffer) end("slow");
			else this.#queue.push(event);
			this.#wake();
		};
		this.#resources.use(store.subscribe((event) => event.resource === resource && push(event)));
		const timer = setInterval(() => push({ revision: store.revision }), bookmarkEvery);
		timer.unref();
		this.#resources.defer(() => clearInterval(timer));
	}

	take(): Watched | undefined {
		return this.ended === undefined ? this.#queue.shift() : undefined;
	}

	more(): Promise<void> {
		return new Promise((resolve) => {
			this.#wake = resolve;
		});
	}

	[Symbol.dispose](): void {
		this.#resources.dispose();
	}
}
