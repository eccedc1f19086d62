import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { digestOf } from "#/oci/digest.ts";
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from "#/oci/media-types.ts";
import { eventually } from "../eventually.ts";
import { HttpClient } from "../http-client.ts";
import { ADMIN_AUTHORIZATION } from "../limani-process.ts";
import { pick, type Random, randomBytes, seededRandom } from "../seeded-random.ts";

/** Something that is there from the beginning to the end, and never changes. */
interface Fixture {
	readonly kind: PullKind;
	readonly path: string;
	readonly bytes: Buffer;
}

/** What is pulled. */
export type PullKind = "tag" | "digest" | "blob";

/** A pull that did not get what it asked for. */
export interface FailedPull {
	readonly kind: PullKind;
	/** When it began, by the monotonic clock. */
	readonly at: number;
	readonly ms: number;
	/** A status, or `broken`. */
	readonly answer: string;
}

/** How clients pull. */
export interface PullLoadOpts {
	readonly url: string;
	readonly seed: number;
	/** @defaultValue 4 */
	readonly pullers?: number;
	/** A puller rests so long after each pull, milliseconds. */
	readonly restMs: number;
}

const REPOSITORY = "team/pulled";
const IMAGES = 6;
const SIZES = [300, 40_000, 900_000] as const;
/** Tokens live for five minutes. */
const TOKEN_MS = 60_000;
const HANG_MS = 30_000;

/**
 * Clients that pull by tag and by digest, each request on a connection of its own and never repeated: what fails is
 * counted, and what comes must be right to the last byte.
 */
export class PullLoad implements Disposable {
	readonly failed: FailedPull[] = [];
	/** How long each pull took that worked, milliseconds. */
	readonly took: number[] = [];
	readonly #opts: PullLoadOpts;
	readonly #fixtures: readonly [Fixture, ...Fixture[]];
	#token: string;
	#isOver = false;
	#running: Promise<unknown> | undefined;
	#client: HttpClient;

	private constructor(opts: PullLoadOpts, fixtures: readonly [Fixture, ...Fixture[]], token: string) {
		this.#opts = opts;
		this.#fixtures = fixtures;
		this.#token = token;
		this.#client = this.#clientOf(token);
	}

	/** Pushes what will be pulled. */
	static async open(opts: PullLoadOpts): Promise<PullLoad> {
		const random = seededRandom(opts.seed);
		const fixtures: Fixture[] = [];
		for (let i = 0; i < IMAGES; i++) fixtures.push(...(await pushImage(opts.url, `v${i}`, random)));
		const [first, ...others] = fixtures;
		assert.ok(first !== undefined);
		return new PullLoad(opts, [first, ...others], await fetchToken(opts.url));
	}

	get pulls(): number {
		return this.took.length + this.failed.length;
	}

	/** Lets them pull until {@link stop}; rejects there when something wrong was served. */
	start(): void {
		this.#isOver = false;
		const { pullers = 4, seed } = this.#opts;
		const all = Array.from({ length: pullers }, (_, n) => this.#pullOn(seededRandom(seed * 31 + n)));
		this.#running = Promise.all([...all, this.#renew()]);
		this.#running.catch(() => {
			this.#isOver = true;
		});
	}

	async stop(): Promise<void> {
		this.#isOver = true;
		await this.#running;
	}

	/** Ends them, whatever they were at. */
	[Symbol.dispose](): void {
		this.#isOver = true;
		this.#client[Symbol.dispose]();
	}

	async #pullOn(random: Random): Promise<void> {
		while (!this.#isOver) {
			await this.#pull(pick(random, this.#fixtures));
			await sleep(this.#opts.restMs * (0.5 + random()));
		}
	}

	async #pull({ kind, path, bytes }: Fixture): Promise<void> {
		const at = performance.now();
		const answer = await this.#client.call({ method: "GET", path });
		const ms = performance.now() - at;
		if (answer === undefined || answer.status >= 500) {
			this.failed.push({ kind, at, ms, answer: answer === undefined ? "broken" : String(answer.status) });
			if (answer?.status === 503) assert.match(answer.headers["retry-after"] ?? "", /^\d+$/);
			return;
		}
		assert.equal(answer.status, 200, `GET ${path}: ${answer.body.toString("utf8", 0, 300)}`);
		assert.equal(Buffer.compare(answer.body, bytes), 0, `GET ${path}: other bytes than were pushed`);
		this.took.push(ms);
	}

	/** Asks for a new token now and then; while none is to be had the old one serves. */
	async #renew(): Promise<void> {
		let at = performance.now();
		while (!this.#isOver) {
			await sleep(200);
			if (performance.now() - at < TOKEN_MS) continue;
			const token = await fetchToken(this.#opts.url).catch(() => undefined);
			if (token === undefined) continue;
			at = performance.now();
			this.#token = token;
			this.#client = this.#clientOf(this.#token);
		}
	}

	#clientOf(token: string): HttpClient {
		return new HttpClient(this.#opts.url, `Bearer ${token}`, HANG_MS, false);
	}
}

const tokenAnswer = z.object({ token: z.string() });

const fetchToken = async (url: string): Promise<string> => {
	using client = new HttpClient(url, ADMIN_AUTHORIZATION, HANG_MS, false);
	const path = `/token?service=limani&scope=repository:${REPOSITORY}:pull`;
	const answer = await client.call({ method: "GET", path });
	return tokenAnswer.parse(JSON.parse(String(answer?.body))).token;
};

const pushImage = async (url: string, tag: string, random: Random): Promise<readonly Fixture[]> => {
	using client = new HttpClient(url, ADMIN_AUTHORIZATION, HANG_MS, false);
	const blobs = SIZES.map((size) => randomBytes(random, size));
	for (const blob of blobs) {
		const path = `/v2/${REPOSITORY}/blobs/uploads/?digest=${digestOf(blob)}`;
		await eventually(async () => {
			const answer = await client.call({ method: "POST", path, body: [blob] });
			assert.equal(answer?.status, 201, String(answer?.body));
		});
	}
	const [config, ...layers] = blobs.map((blob) => ({ digest: digestOf(blob), size: blob.byteLength }));
	const manifest = Buffer.from(
		JSON.stringify({
			schemaVersion: 2,
			mediaType: OCI_MANIFEST,
			config: { mediaType: OCI_CONFIG, ...config },
			layers: layers.map((layer) => ({ mediaType: OCI_LAYER, ...layer })),
		}),
	);
	const path = `/v2/${REPOSITORY}/manifests/${tag}`;
	const headers = { "content-type": OCI_MANIFEST };
	await eventually(async () => {
		const answer = await client.call({ method: "PUT", path, headers, body: [manifest] });
		assert.equal(answer?.status, 201, String(answer?.body));
	});
	return [
		{ kind: "tag", path, bytes: manifest },
		{ kind: "digest", path: `/v2/${REPOSITORY}/manifests/${digestOf(manifest)}`, bytes: manifest },
		...blobs.map((bytes): Fixture => ({ kind: "blob", path: `/v2/${REPOSITORY}/blobs/${digestOf(bytes)}`, bytes })),
	];
};
