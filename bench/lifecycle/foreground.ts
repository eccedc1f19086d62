import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpClient } from "../../test/support/http-client.ts";
import { ADMIN_AUTHORIZATION } from "../../test/support/limani-process.ts";
import { percentiles } from "../row.ts";

/** Latencies of one kind of request, milliseconds. */
export interface Latency {
	readonly count: number;
	readonly p50: number;
	readonly p99: number;
}

/** What clients saw while something else went on. */
export interface Foreground {
	/** A new blob of 4 KiB in one request. */
	readonly push: Latency;
	/** A blob of 4 KiB. */
	readonly pull: Latency;
}

/** Milliseconds from one request of a client to its next: the load is the same whatever else goes on. */
const PUSH_EVERY_MS = 50;
const PULL_EVERY_MS = 10;
const REPOSITORY = "team/foreground";

/** Pushes 20 and pulls 100 small blobs a second until `signal` is aborted. */
export const runForeground = async (url: string, signal: AbortSignal): Promise<Foreground> => {
	using client = new HttpClient(url, ADMIN_AUTHORIZATION);
	const push = async (): Promise<string> => {
		const bytes = randomBytes(4096);
		const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
		const path = `/v2/${REPOSITORY}/blobs/uploads/?digest=${digest}`;
		const answer = await client.call({ method: "POST", path, body: [bytes] });
		if (answer?.status !== 201) throw new Error(`a push was answered ${answer?.status}: ${answer?.body.toString()}`);
		return digest;
	};
	const known = await push();
	const pull = async (): Promise<void> => {
		const answer = await client.call({ method: "GET", path: `/v2/${REPOSITORY}/blobs/${known}` });
		if (answer?.status !== 200) throw new Error(`a pull was answered ${answer?.status}`);
	};
	const [pushes, pulls] = await Promise.all([paced(push, PUSH_EVERY_MS, signal), paced(pull, PULL_EVERY_MS, signal)]);
	return { push: latencyOf(pushes), pull: latencyOf(pulls) };
};

/** Starts one at a time, at the given pace or as soon as the one before is done. */
const paced = async (
	work: () => Promise<unknown>,
	everyMs: number,
	signal: AbortSignal,
): Promise<readonly number[]> => {
	const latencies: number[] = [];
	while (!signal.aborted) {
		const from = performance.now();
		await work();
		const took = performance.now() - from;
		latencies.push(took);
		await sleep(Math.max(0, everyMs - took), undefined, { signal }).catch(() => undefined);
	}
	return latencies;
};

const latencyOf = (latencies: readonly number[]): Latency => ({ count: latencies.length, ...percentiles(latencies) });
