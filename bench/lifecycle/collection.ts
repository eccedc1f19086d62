import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { type LimaniProcess, startLimani } from "../../test/support/limani-process.ts";
import { cpuSeconds, peakMiB } from "../servers/usage.ts";
import { fillUnused } from "./fill-unused.ts";
import { type Foreground, runForeground } from "./foreground.ts";

/** Which collection to measure. */
export interface CollectionOpts {
	readonly blobs: number;
	/** Reviews in a second; absent: the default. */
	readonly rate: number | undefined;
	/** How long to measure clients without a collector, seconds. */
	readonly quietSeconds: number;
	/** When to give up, seconds: what was done by then counts. */
	readonly atMost: number;
}

/** What a collection took. */
export interface CollectionResult {
	readonly blobs: number;
	readonly rate: number | "default";
	/** Those whose bytes and rows are gone. */
	readonly gone: number;
	readonly seconds: number;
	readonly perSecond: number;
	/** Decisions: blobs that were condemned, by the time it took until the last one was. */
	readonly condemnedPerSecond: number;
	/** Of the registry, for one blob, with what the clients cost. */
	readonly cpuMsPerBlob: number;
	readonly peakMiB: number;
	readonly without: Foreground;
	readonly beside: Foreground;
}

/** Blobs of so many on have files without bytes. */
const BYTES_BELOW = 500_000;
const NEVER = "10000d";

/** Fills a registry with blobs that nobody uses, and lets it collect them while clients push and pull. */
export const measureCollection = async (opts: CollectionOpts): Promise<CollectionResult> => {
	const dataDir = mkdtempSync(join(tmpdir(), "limani-lifecycle-"));
	try {
		await (await start(dataDir, { gcDelay: NEVER })).stop();
		fillUnused({ dataDir, project: "team", blobs: opts.blobs, withBytes: opts.blobs < BYTES_BELOW });
		const without = await quiet(dataDir, opts.quietSeconds);
		return { ...(await collect(dataDir, opts)), without };
	} finally {
		rmSync(dataDir, { recursive: true, force: true });
	}
};

const start = (dataDir: string, housekeeping: object): Promise<LimaniProcess> =>
	startLimani({ dataDir, config: { housekeeping, log: { requests: false } } });

const quiet = async (dataDir: string, seconds: number): Promise<Foreground> => {
	await using limani = await start(dataDir, { gcDelay: NEVER });
	const clients = await runForeground(limani.url, AbortSignal.timeout(seconds * 1000));
	await limani.stop();
	return clients;
};

const collect = async (dataDir: string, opts: CollectionOpts): Promise<Omit<CollectionResult, "without">> => {
	const { blobs, rate, atMost } = opts;
	const from = performance.now();
	// The first round comes at once.
	await using limani = await start(dataDir, rate === undefined ? {} : { gcRate: rate });
	const pid = limani.child.pid ?? 0;
	const over = new AbortController();
	const clients = runForeground(limani.url, over.signal);
	using database = new DatabaseSync(join(dataDir, "metadata.db"), { readOnly: true });
	const counting = database.prepare(
		"SELECT COUNT(*) AS known, COUNT(CASE WHEN state = 'live' THEN 1 END) AS live FROM objects WHERE holder = 'bench'",
	);
	let left = { known: blobs, live: blobs };
	let seconds = 0;
	let condemning = 0;
	do {
		await Promise.race([sleep(Math.max(250, blobs / 200)), clients]);
		const row = counting.get();
		seconds = (performance.now() - from) / 1000;
		if (left.live > 0) condemning = seconds;
		left = { known: Number(row?.known), live: Number(row?.live) };
	} while (left.known > 0 && seconds < atMost);
	const [cpu, peak] = [cpuSeconds(pid), peakMiB(pid)];
	over.abort();
	const beside = await clients;
	await limani.stop();
	const gone = blobs - left.known;
	return {
		blobs,
		rate: rate ?? "default",
		gone,
		seconds,
		perSecond: gone / seconds,
		condemnedPerSecond: (blobs - left.live) / condemning,
		cpuMsPerBlob: (cpu / Math.max(1, gone)) * 1000,
		peakMiB: peak,
		beside,
	};
};
