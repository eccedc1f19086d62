import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { digestOf } from "#/oci/digest.ts";
import { ask, bearerOf, manifestOf, pushBlob, putManifest } from "../../test/support/ha/ask.ts";
import type { Replica } from "../../test/support/ha/replica.ts";
import type { HaReplicas } from "../../test/support/ha/world.ts";
import { randomBytes, seededRandom } from "../../test/support/seeded-random.ts";
import { runWrk } from "../load/wrk.ts";

/** What a number of replicas came to with one kind of request. */
export interface Throughput {
	readonly row: string;
	readonly perSecond: number;
	/** Milliseconds, the worst of the replicas. */
	readonly p50: number;
	readonly p99: number;
	/** Milliseconds of CPU of the replicas for one request. */
	readonly cpu: number;
	/** Commands and queries of metadata for one request. */
	readonly queries: number;
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
	const blob = randomBytes(seededRandom(1), 4096);
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

/** Pulls each content from all replicas at once, with the same number of clients however many replicas there are. */
export const measurePulls = async (
	{ replicas }: HaReplicas,
	{ authorization, paths }: Content,
	seconds: number,
): Promise<readonly Throughput[]> => {
	const rows: Throughput[] = [];
	for (const [row, path] of Object.entries(paths)) {
		const connections = Math.floor(CONNECTIONS / replicas.length);
		const pull = ({ port }: Replica) =>
			runWrk({ program: "wrk", port, authorization, paths: [path], seconds, connections });
		const once = async ({ url }: Replica) =>
			assert.equal((await ask(url, { method: "GET", path }, authorization)).status, 200);
		for (let i = 0; i < 50; i++) await Promise.all(replicas.map(once));
		const before = await sums(replicas);
		const results = await Promise.all(replicas.map(pull));
		const after = await sums(replicas);
		const requests = results.reduce((sum, result) => sum + result.requests, 0);
		rows.push({
			row,
			perSecond: results.reduce((sum, result) => sum + result.requests / result.seconds, 0),
			p50: Math.max(...results.map(({ p50 }) => p50)),
			p99: Math.max(...results.map(({ p99 }) => p99)),
			cpu: ((after.cpuSeconds - before.cpuSeconds) * 1000) / requests,
			queries: (after.queries - before.queries) / requests,
		});
	}
	return rows;
};

/** Pushes a blob of 4 KiB and a manifest of it, from eight clients, each to the next replica. */
export const measurePushes = async ({ replicas }: HaReplicas, seconds: number): Promise<Throughput> => {
	const random = seededRandom(2);
	const took: number[] = [];
	const before = await sums(replicas);
	const begun = performance.now();
	const client = async (_: unknown, n: number): Promise<void> => {
		for (let i = n; performance.now() - begun < seconds * 1000; i++) {
			const { url } = replicas[i % replicas.length] ?? replicas[0];
			const blob = randomBytes(random, 4096);
			const from = performance.now();
			await pushBlob(url, REPOSITORY, blob);
			assert.equal((await putManifest(url, `/v2/${REPOSITORY}/manifests/p${n}`, manifestOf(blob))).status, 201);
			took.push(performance.now() - from);
		}
	};
	await Promise.all(Array.from({ length: 8 }, client));
	const ms = performance.now() - begun;
	const after = await sums(replicas);
	const inOrder = took.toSorted((a, b) => a - b);
	const at = (share: number): number => inOrder[Math.floor(inOrder.length * share)] ?? 0;
	return {
		row: "image-push",
		perSecond: (took.length * 1000) / ms,
		p50: at(0.5),
		p99: at(0.99),
		cpu: ((after.cpuSeconds - before.cpuSeconds) * 1000) / took.length,
		queries: (after.queries - before.queries) / took.length,
	};
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
