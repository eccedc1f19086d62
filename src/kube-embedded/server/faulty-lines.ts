import { setTimeout as sleep } from "node:timers/promises";
import type { WatchFault } from "#/kube-embedded/faults.ts";

/** Never ends but by the signal. */
export const silence = (signal: AbortSignal): Promise<void> => {
	const { promise, resolve } = Promise.withResolvers<void>();
	if (signal.aborted) resolve();
	signal.addEventListener("abort", () => resolve(), { once: true });
	return promise;
};

/** The lines of a watch with what a test does to them. @param gone the line that says 410 */
export async function* faultyLines(
	lines: AsyncIterable<string>,
	fault: WatchFault,
	gone: string,
	signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
	const { dropAfter = Infinity, goneAfter = Infinity, silentAfter = Infinity, duplicate = false, delayMs = 0 } = fault;
	let sent = 0;
	if (dropAfter === 0) return;
	for await (const line of lines) {
		if (delayMs > 0) await sleep(delayMs, undefined, { signal });
		for (const copy of duplicate ? [line, line] : [line]) {
			if (sent >= goneAfter) return void (yield gone);
			if (sent >= silentAfter) return await silence(signal);
			yield copy;
			if (++sent >= dropAfter) return;
		}
	}
}
