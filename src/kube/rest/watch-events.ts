import type { WatchEvent } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { Deadline } from "#/lib/deadline.ts";
import type { Timing } from "#/lib/timing.ts";
import { causedBy } from "./caused-by.ts";
import { linesOf } from "./lines-of.ts";
import { type Query, withQuery } from "./paths.ts";
import { readEvent } from "./read-object.ts";
import type { Transport } from "./transport.ts";

/** An object is a few MiB at most; its JSON may be somewhat longer. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;
/** How much later than asked the server may end a watch, seconds. */
const MARGIN_SECONDS = 5;

/** Between these many seconds a watch is asked to end, so that not all end together. */
export interface WatchSeconds {
	readonly min: number;
	readonly max: number;
}

/**
 * One watch from its first event to its end. Events are read as they are taken: nothing is held but a chunk. After the
 * signal is aborted nothing comes any more and no stream is left.
 *
 * @param query selectors and the resource version
 * @throws KubeError GONE, or what else the server says; UNAVAILABLE when it breaks, or has not ended in time
 */
export async function* watchEvents(
	{ transport, timing }: { readonly transport: Transport; readonly timing: Timing },
	path: string,
	query: Query,
	{ min, max }: WatchSeconds,
	signal: AbortSignal,
): AsyncGenerator<WatchEvent, void, undefined> {
	const timeoutSeconds = min + Math.floor(timing.random() * (max - min + 1));
	const what = `watch ${path}`;
	using deadline = new Deadline(signal, (timeoutSeconds + MARGIN_SECONDS) * 1000);
	const asked = { ...query, watch: true, allowWatchBookmarks: true, timeoutSeconds };
	let close = () => {};
	try {
		const body = await transport.open({ verb: "watch", path: withQuery(path, asked) }, deadline.signal);
		close = () => body.destroy();
		for await (const line of linesOf(body, MAX_EVENT_BYTES)) {
			deadline.signal.throwIfAborted();
			yield readEvent(what, line);
		}
	} catch (cause) {
		signal.throwIfAborted();
		if (cause instanceof KubeError) throw cause;
		throw causedBy(cause, "UNAVAILABLE", `${what}: ${deadline.passed ? "it stands still" : "it broke off"}`);
	} finally {
		close();
	}
}
