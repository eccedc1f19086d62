import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { digestOf } from "#/oci/digest.ts";
import { ask, bearerOf, manifestOf, pushBlob, putManifest } from "../../test/support/ha/ask.ts";
import type { Replica } from "../../test/support/ha/replica.ts";
import type { HaReplicas } from "../../test/support/ha/world.ts";
import { runWrk } from "../load/wrk.ts";
import { percentiles } from "../row.ts";

/** What some of the replicas came to with one kind of request in one round. */
export interface Round {
	readonly perSecond: number;
	/** Milliseconds, the worst of those that were asked. */
	readonly p50: number;
	readonly p99: number;
	/** Milliseconds of CPU of all replicas for one request. */
	readonly cpu: number;
	/** Commands and queries of metadata of all replicas for one request. */
	readonly queries: number;
}

/** One kind of request, by how many of the replicas were asked. */
export interface Throughput {
	readonly row: string;
	readonly asked: number;
	readonly rounds: readonly Round[];
}

/** How long and how often to measure. */
export interface ThroughputOpts {
	readonly seconds: number;
	readonly rounds: number;
}

/** Connections of all clients together. */
const CONNECTIONS = 30;
const REPOSITORY = "team/bench";
/** Ticks of /proc in a second. */
const TICKS = 100;

/** What is asked for, by the row's name. */
export interface Content {
	readonly authorization: string;
	readonly paths: Readonly<Record<"manifest-tag" | "manifest-digest" | "blob-small", string>>;
}

/** Pushes what is pulled then. */
export const pushContent = async (url: string): Promise<Content> => {
	const blob = randomBytes(4096);
	const manifest = manifestOf(blob);
	await pushBlob(url, REPOSITORY, blob);
	const base = `/v2/${REPOSITORY}`;
	assert.equal((await putManifest(url, `${base}/manifests/v1`, manifest)).status, 201);
	return {
		authorization: await bearerOf(url, REPOSITORY),
		paths: {
			"manifest-tag": `${base}/manifests/v1`,
			"manifest-digest": `${base}/manifests/${digestOf(manifest)}`,
			"blob-small": `${base}/blobs/${digestOf(blob)}`,
		},
	};
};

/**
 * Asks one, two … and all replicas, turn by turn in each round: what the machine does meanwhile meets all of them. The
 * clients are the same number however many are asked.
 */
export const measureThroughput = async (
	{ replicas }: HaReplicas,
	{ authorization, paths }: Content,
	{ seconds, rounds }: ThroughputOpts,
): Promise<readonly Throughput[]> => {
	const pulls = Object.entries(paths).map(
		([row, path]) => [row, (asked: Asked) => pull(asked, { path, authorization, seconds })] as const,
	);
	const results: Throughput[] = [];
	for (const [row, load] of [...pulls, ["image-push", (asked: Asked) => push(asked, seconds)] as const]) {
		const byCount = replicas.map((): Round[] => []);
		for (let round = 0; round < rounds; round++) {
			for (const [index, done] of byCount.entries()) {
				const [first, ...others] = replicas;
				done.push(await measure(replicas, () => load([first, ...others.slice(0, index)])));
			}
		}
		results.push(...byCount.map((done, index) => ({ row, asked: index + 1, rounds: done })));
	}
	return results;
};

type Asked = readonly [Replica, ...Replica[]];

/** What clients saw. */
interface Seen extends Pick<Round, "p50" | "p99"> {
	readonly count: number;
	readonly seconds: number;
}

const measure = async (replicas: readonly Replica[], load: () => Promise<Seen>): Promise<Round> => {
	const before = await sums(replicas);
	const { count, seconds, p50, p99 } = await load();
	const after = await sums(replicas);
	return {
		perSecond: count / seconds,
		p50,
		p99,
		cpu: ((after.cpuSeconds - before.cpuSeconds) * 1000) / count,
		queries: (after.queries - before.queries) / count,
	};
};

interface Pull {
	readonly path: string;
	readonly authorization: string;
	readonly seconds: number;
}

/** One content, from all that are asked at once. */
const pull = async (asked: Asked, { path, authorization, seconds }: Pull): Promise<Seen> => {
	const connections = Math.floor(CONNECTIONS / asked.length);
	const job = { program: "wrk", authorization, paths: [path], seconds, connections };
	const results = await Promise.all(asked.map(({ port }) => runWrk({ ...job, port })));
	return {
		count: results.reduce((sum, { requests }) => sum + requests, 0),
		seconds: Math.max(...results.map((result) => result.seconds)),
		p50: Math.max(...results.map(({ p50 }) => p50)),
		p99: Math.max(...results.map(({ p99 }) => p99)),
	};
};

/** A blob of 4 KiB and a manifest of it, from eight clients, each to the next replica. */
const push = async (asked: Asked, seconds: number): Promise<Seen> => {
	const took: number[] = [];
	const begun = performance.now();
	const client = async (_: unknown, n: number): Promise<void> => {
		for (let i = n; performance.now() - begun < seconds * 1000; i++) {
			const { url } = asked[i % asked.length] ?? asked[0];
			const blob = randomBytes(4096);
			const from = performance.now();
			await pushBlob(url, REPOSITORY, blob);
			assert.equal((await putManifest(url, `/v2/${REPOSITORY}/manifests/p${n}`, manifestOf(blob))).status, 201);
			took.push(performance.now() - from);
		}
	};
	await Promise.all(Array.from({ length: 8 }, client));
	return { count: took.length, seconds: (performance.now() - begun) / 1000, ...percentiles(took) };
};

const sums = async (
	replicas: readonly Replica[],
): Promise<{ readonly cpuSeconds: number; readonly queries: number }> => {
	let cpuSeconds = 0;
	let queries = 0;
	for (const { url, pid } of replicas) {
		const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
			.replace(/^.*\) /s, "")
			.split(" ");
		cpuSeconds += (Number(fields[11]) + Number(fields[12])) / TICKS;
		const text = String((await ask(url, { method: "GET", path: "/metrics" })).body);
		for (const [, count] of text.matchAll(/^limani_metadata_duration_seconds_count\{.*\} (\d+)$/gm))
			queries += Number(count);
	}
	return { cpuSeconds, queries };
};
