// Pushes blobs in every way that the distribution specification has, and goes on where a break left off.
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import type { Answer } from "./http-client.ts";
import type { Content, Register, RepositoryLedger } from "./push-ledger.ts";
import { expectStatus, type RetryingClient, Violation } from "./retrying-client.ts";
import { pick, type Random, randomBelow, randomBytes, seededRandom } from "./seeded-random.ts";

const KIB = 1024;

/** The bytes of a content. */
export const bytesOf = ({ seed, size }: Pick<Content, "seed" | "size">): Buffer<ArrayBuffer> =>
	randomBytes(seededRandom(seed), size);

/** Bounds of sizes, one of which is chosen for each content: often small, sometimes of a few MiB. */
export type SizeBounds = readonly [number, ...number[]];

/** What a file system needs. */
export const FILE_SIZES: SizeBounds = [200, 4 * KIB, 70 * KIB, 700 * KIB, 3000 * KIB];

/** What an object store needs: some of more than one part. */
export const PART_SIZES: SizeBounds = [200, 4 * KIB, 700 * KIB, 6000 * KIB, 14_000 * KIB];

/** A new content. */
export const randomContent = (random: Random, bounds: SizeBounds): Content => {
	const seed = randomBelow(random, 2 ** 31);
	const size = 2 + randomBelow(random, pick(random, bounds));
	return { seed, size, digest: digestOf(bytesOf({ seed, size })) };
};

/** What a blob is pushed with, and how. */
export interface PushBlobOpts {
	readonly client: RetryingClient;
	readonly repository: RepositoryLedger;
	readonly content: Content;
	readonly random: Random;
	/** A repository to mount it from, or "any": one that the registry finds by itself. */
	readonly from?: string | undefined;
}

/** Pushes a blob until the registry has it. */
export const pushBlob = async (opts: PushBlobOpts): Promise<void> => {
	const { client, content, random } = opts;
	const register = opts.repository.blob(content);
	await client.persist(`pushing ${content.digest}`, async () => {
		if (opts.from !== undefined && (await mount(opts, register, opts.from))) return true;
		const way = pick(random, [pushWhole, pushInTwo, pushInChunks, pushInChunks]);
		const end = register.begin(true, client.lives);
		let done = false;
		try {
			done = (await way(opts)) || (await isThere(opts));
		} finally {
			// A client that is told to stop in between does not know what became of it either.
			end(done);
		}
		return done || undefined;
	});
};

const uploadsOf = ({ repository }: PushBlobOpts): string => `/v2/${repository.name}/blobs/uploads/`;

/** After a break, the blob may be there all the same; seeing it is as good as having been told. */
const isThere = async ({ client, repository, content }: PushBlobOpts): Promise<boolean> =>
	(await client.once({ method: "HEAD", path: `/v2/${repository.name}/blobs/${content.digest}` }))?.status === 200;

const mount = async (
	{ client, repository, content }: PushBlobOpts,
	register: Register<boolean>,
	from: string,
): Promise<boolean> => {
	const query = `mount=${content.digest}${from === "any" ? "" : `&from=${from}`}`;
	const call = { method: "POST", path: `/v2/${repository.name}/blobs/uploads/?${query}` };
	const end = register.begin(true, client.lives);
	const answer = await client.once(call);
	if (answer !== undefined) expectStatus(call, answer, 201, 202);
	end(answer?.status === 201);
	return answer?.status === 201;
};

/** Cuts bytes into pieces for the wire, so that a break may come in the middle. */
const inPieces = (bytes: Buffer, random: Random): { body: readonly Buffer[]; pauseMs: number } => {
	const count = 1 + randomBelow(random, 5);
	const size = Math.ceil(bytes.byteLength / count);
	const body = Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
	return { body, pauseMs: random() < 0.5 ? 0 : randomBelow(random, 20) };
};

/** POST with the digest. */
const pushWhole = async (opts: PushBlobOpts): Promise<boolean> => {
	const { client, content, random } = opts;
	const path = `${uploadsOf(opts)}?digest=${content.digest}`;
	const call = { method: "POST", path, ...inPieces(bytesOf(content), random) };
	const answer = await client.once(call);
	if (answer !== undefined) expectStatus(call, answer, 201);
	return answer !== undefined;
};

/** POST, then PUT with everything. */
const pushInTwo = async (opts: PushBlobOpts): Promise<boolean> => {
	const upload = await Upload.open(opts);
	return upload !== undefined && (await upload.finish());
};

/** POST, then PATCH by PATCH, then PUT with the rest, each going on where the registry says that it stands. */
const pushInChunks = async (opts: PushBlobOpts): Promise<boolean> => {
	const upload = await Upload.open(opts);
	if (upload === undefined) return false;
	const chunk = 2 + randomBelow(opts.random, opts.content.size);
	while (opts.content.size - upload.offset > chunk / 2) {
		if (opts.random() < 0.05) return false;
		await upload.append(chunk);
	}
	if (opts.random() < 0.05) {
		await upload.cancel();
		return false;
	}
	return await upload.finish();
};

/** One upload and what was acknowledged of it. */
class Upload {
	readonly #opts: PushBlobOpts;
	readonly #path: string;
	readonly #bytes: Buffer;
	/** Acknowledged bytes. */
	offset = 0;

	private constructor(opts: PushBlobOpts, path: string) {
		this.#opts = opts;
		this.#path = path;
		this.#bytes = bytesOf(opts.content);
	}

	static async open(opts: PushBlobOpts): Promise<Upload | undefined> {
		const call = { method: "POST", path: uploadsOf(opts) };
		const answer = await opts.client.once(call);
		if (answer === undefined) return undefined;
		expectStatus(call, answer, 202);
		const path = answer.headers.location;
		if (path === undefined) throw new Violation(`${call.path}: 202 without a Location`);
		return new Upload(opts, path);
	}

	/** Appends up to `length` bytes, and finds out where the upload stands when no answer comes. */
	async append(length: number): Promise<void> {
		const { client, random } = this.#opts;
		const piece = this.#bytes.subarray(this.offset, this.offset + length);
		const call = { method: "PATCH", path: this.#path, headers: this.#range(piece), ...inPieces(piece, random) };
		const answer = await client.once(call);
		if (answer?.status === 202) {
			const reached = this.offset + piece.byteLength;
			if (endOf(answer) !== reached) throw this.#violation(`PATCH acknowledged ${endOf(answer)} instead of ${reached}`);
			this.offset = reached;
			return;
		}
		if (answer !== undefined) expectStatus(call, answer, 416);
		await this.#locate();
	}

	/** Sends the rest; false when the upload was not completed. */
	async finish(): Promise<boolean> {
		const { client, content, random } = this.#opts;
		let tries = 0;
		return await client.persist(`PUT ${this.#path}`, async () => {
			tries += 1;
			const rest = this.#bytes.subarray(this.offset);
			const path = `${this.#path}?digest=${content.digest}`;
			const call = { method: "PUT", path, headers: this.#range(rest), ...inPieces(rest, random) };
			const answer = await client.once(call);
			if (answer?.status === 201) return true;
			if (answer !== undefined) expectStatus(call, answer, 416, ...(tries > 1 ? [404] : []));
			// An upload that was being finished may be gone, with or without having become the blob.
			return (await this.#find()) ? undefined : false;
		});
	}

	async cancel(): Promise<void> {
		const call = { method: "DELETE", path: this.#path };
		const answer = await this.#opts.client.once(call);
		if (answer !== undefined) expectStatus(call, answer, 204, 416);
	}

	#range(piece: Uint8Array): { readonly "content-range"?: string } {
		if (piece.byteLength === 0) return {};
		return { "content-range": `${this.offset}-${this.offset + piece.byteLength - 1}` };
	}

	async #locate(): Promise<void> {
		if (!(await this.#find())) throw this.#violation("the upload is gone");
		// Another process may have to wait for the lease of a dead one.
		await sleep(50);
	}

	/** Asks where the upload stands; false when there is no such upload. */
	async #find(): Promise<boolean> {
		const call = { method: "GET", path: this.#path };
		const answer = await this.#opts.client.ask(call);
		expectStatus(call, answer, 204, 404);
		if (answer.status === 404) return false;
		const found = endOf(answer);
		// `0-0` is what clients expect of an upload without a byte.
		const offset = found === 1 ? 0 : found;
		if (offset < this.offset) throw this.#violation(`${this.offset} bytes were acknowledged, ${offset} are left`);
		this.offset = offset;
		return true;
	}

	#violation(what: string): Violation {
		return new Violation(`${this.#path}: ${what}`);
	}
}

/** Where the answer's Range ends. */
const endOf = ({ headers }: Answer): number => {
	const { range } = headers;
	const end = typeof range === "string" ? /^0-(\d+)$/.exec(range)?.[1] : undefined;
	return end === undefined ? -1 : Number(end) + 1;
};
