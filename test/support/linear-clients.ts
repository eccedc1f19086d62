// Clients that read, move and delete one tag at once, and write down what they were answered and when.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { digestOf } from "#/oci/digest.ts";
import { OCI_CONFIG, OCI_MANIFEST } from "#/oci/media-types.ts";
import { type Answer, type Call, HttpClient } from "./http-client.ts";
import { ADMIN_AUTHORIZATION } from "./limani-process.ts";
import type { TagOperation } from "./linear-checker.ts";
import { ABSENT, type TagAction, type TagResult, type TagValue } from "./linear-register.ts";
import { pick, type Random, seededRandom } from "./seeded-random.ts";

const REPOSITORY = "/v2/team/linear";
const CONFIG = Buffer.from("{}");

/** The name of the tag. Its repository is `team/linear`. */
export const TAG = "contended";

/** The manifests that it is moved between, by digest. */
export type Manifests = ReadonlyMap<string, Buffer>;

/** One request over a connection of its own, so that each may reach another process. */
const send = async (url: string, call: Call): Promise<Answer | undefined> => {
	using client = new HttpClient(url, ADMIN_AUTHORIZATION);
	return await client.call(call);
};

/** Pushes `count` manifests by digest, so that the repository is there and the tag is not. */
export const pushManifests = async (url: string, count: number): Promise<Manifests> => {
	const path = `${REPOSITORY}/blobs/uploads/?digest=${digestOf(CONFIG)}`;
	assert.equal((await send(url, { method: "POST", path, body: [CONFIG] }))?.status, 201);
	const manifests = new Map<string, Buffer>();
	for (let i = 0; i < count; i++) {
		const bytes = manifestOf(i);
		const digest = digestOf(bytes);
		const headers = { "content-type": OCI_MANIFEST };
		const call = { method: "PUT", path: `${REPOSITORY}/manifests/${digest}`, headers, body: [bytes] };
		assert.equal((await send(url, call))?.status, 201);
		manifests.set(digest, bytes);
	}
	return manifests;
};

const manifestOf = (number: number): Buffer =>
	Buffer.from(
		JSON.stringify({
			schemaVersion: 2,
			mediaType: OCI_MANIFEST,
			config: { mediaType: OCI_CONFIG, digest: digestOf(CONFIG), size: CONFIG.byteLength },
			layers: [],
			annotations: { number: `${number}` },
		}),
	);

/** How to run clients. */
export interface LinearRun {
	/** Each request goes to one of them. */
	readonly urls: readonly [string, ...string[]];
	readonly manifests: Manifests;
	readonly clients: number;
	readonly seed: number;
	/** How long; absent: until told. */
	readonly seconds?: number;
	/** Ends the run; absent: nothing does before its time. */
	readonly until?: AbortSignal;
	/** How long a client rests after each request, milliseconds. @defaultValue 0 */
	readonly restMs?: number;
	/** After a change of which it is not known what became, a client only reads until it was answered. */
	readonly careful?: true;
}

/** A request, and which process it went to. */
export interface SentOperation extends TagOperation {
	readonly url: string;
	/** Whether an answer came, though it may not say what became of the request. */
	readonly answered: boolean;
	/** Whether it was sent at all: somebody listened. */
	readonly sent: boolean;
}

/** Runs the clients at once, each of which sends one request after another. @returns the history, in no order */
export const runClients = async (run: LinearRun): Promise<readonly SentOperation[]> => {
	const end = performance.now() + (run.seconds ?? Number.POSITIVE_INFINITY) * 1000;
	const isOver = (): boolean => performance.now() >= end || run.until?.aborted === true;
	const all = Array.from({ length: run.clients }, (_, client) => runClient(run, client, isOver));
	return (await Promise.all(all)).flat();
};

const runClient = async (run: LinearRun, client: number, isOver: () => boolean): Promise<readonly SentOperation[]> => {
	const random = seededRandom(run.seed * 101 + client);
	const history: SentOperation[] = [];
	let seen = ABSENT;
	let isSure = true;
	while (!isOver()) {
		const action = isSure ? choose(random, run.manifests, seen) : READ;
		const operation = await perform({ random, client, action, ...run });
		history.push(operation);
		seen = operation.result?.value ?? seen;
		isSure = run.careful !== true || operation.result !== undefined;
		if (run.restMs !== undefined) await sleep(run.restMs);
	}
	return history;
};

/** Reads the tag `times` times at each URL, one after another. @returns the reads, the last last */
export const readEverywhere = async (run: LinearRun, times: number): Promise<readonly TagOperation[]> => {
	const history: TagOperation[] = [];
	for (const [index, url] of run.urls.entries()) {
		const random = seededRandom(run.seed + index);
		for (let i = 0; i < times; i++) {
			history.push(await perform({ random, client: run.clients + index, action: READ, ...run, urls: [url] }));
		}
	}
	return history;
};

const READ: TagAction = { kind: "read" };

const choose = (random: Random, manifests: Manifests, seen: TagValue): TagAction => {
	const digests = [...manifests.keys()];
	const [first = assert.fail(), ...others] = digests;
	const digest = pick(random, [first, ...others]);
	// Who saw no tag guesses, as one does who comes late.
	const ifMatch = seen === ABSENT ? pick(random, [first, ...others]) : seen;
	const chance = random();
	if (chance < 0.4) return { kind: "read" };
	if (chance < 0.5) return { kind: "put", digest };
	if (chance < 0.7) return { kind: "put", digest, ifMatch };
	if (chance < 0.85) return { kind: "put", digest, ifNoneMatch: "*" };
	return chance < 0.9 ? { kind: "delete" } : { kind: "delete", ifMatch };
};

interface Performance extends Pick<LinearRun, "urls" | "manifests"> {
	readonly random: Random;
	readonly client: number;
	readonly action: TagAction;
}

const perform = async ({ random, client, action, urls, manifests }: Performance): Promise<SentOperation> => {
	const call = callOf(action, manifests, random);
	const url = pick(random, urls);
	using http = new HttpClient(url, ADMIN_AUTHORIZATION);
	const start = performance.now();
	const answer = await http.call(call);
	const end = performance.now();
	const result = answer === undefined || answer.status >= 500 ? undefined : resultOf(call, answer);
	return { client, action, result, start, end, url, answered: answer !== undefined, sent: http.refused === 0 };
};

const callOf = (action: TagAction, manifests: Manifests, random: Random): Call => {
	const path = `${REPOSITORY}/manifests/${TAG}`;
	if (action.kind === "read") return { method: random() < 0.5 ? "GET" : "HEAD", path };
	const match = action.ifMatch === undefined ? {} : { "if-match": `"${action.ifMatch}"` };
	if (action.kind === "delete") return { method: "DELETE", path, headers: match };
	const none = action.ifNoneMatch === undefined ? {} : { "if-none-match": action.ifNoneMatch };
	const headers = { "content-type": OCI_MANIFEST, ...match, ...none };
	return { method: "PUT", path, headers, body: [manifests.get(action.digest) ?? assert.fail()] };
};

const refusal = z.object({
	errors: z.tuple([z.object({ detail: z.object({ digest: z.string().nullable() }) })]),
});

/** @throws AssertionError for an answer that none of these requests may get */
const resultOf = ({ method, path }: Call, answer: Answer): TagResult => {
	const { status, headers, body } = answer;
	const digest = String(headers["docker-content-digest"]);
	if (method === "PUT" && status === 201) return { kind: "moved", value: digest };
	if (method === "DELETE" && status === 202) return { kind: "removed", value: ABSENT };
	if (method === "DELETE" && status === 404) return { kind: "missing", value: ABSENT };
	if ((method === "PUT" || method === "DELETE") && status === 412) {
		const [error] = refusal.parse(JSON.parse(body.toString())).errors;
		return { kind: "refused", value: error.detail.digest ?? ABSENT };
	}
	if ((method === "GET" || method === "HEAD") && status === 404) return { kind: "is", value: ABSENT };
	if (method === "GET" && status === 200) assert.equal(digestOf(body), digest, "the body is the digest's");
	else assert.deepEqual([method, status], ["HEAD", 200], `${method} ${path} was answered ${status} ${body}`);
	assert.equal(headers.etag, `"${digest}"`);
	return { kind: "is", value: digest };
};
