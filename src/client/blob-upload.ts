import { algorithmOf, parseDigest } from "#/oci/digest.ts";
import type { Answer } from "./answer.ts";
import { BlobSource } from "./blob-source.ts";
import { hasBlob } from "./blobs.ts";
import { cancelUpload } from "./cancel-upload.ts";
import { parseUploadRange } from "./content-range.ts";
import { toError } from "./read-failure.ts";
import { RemoteError } from "./remote-error.ts";
import type { RemoteRegistry } from "./remote-registry.ts";
import type { Retry } from "./retry.ts";
import { sameRegistry } from "./same-registry.ts";
import type { Session } from "./session.ts";
import { TransientError } from "./transient-error.ts";
import type { WireRequest } from "./wire.ts";

/** Settings of uploads. */
export interface UploadOpts {
	/**
	 * A larger blob is sent in pieces of so many bytes, so that a break costs no more than one of them. Infinity: never,
	 * for registries that do not take pieces. @defaultValue 33554432
	 */
	readonly chunkBytes?: number | undefined;
}

/** What a {@link BlobUpload} is about. */
export interface BlobUploadTask {
	readonly session: Session;
	readonly repository: string;
	readonly blob: Parameters<RemoteRegistry["putBlob"]>[1];
	readonly opts: UploadOpts;
}

const CHUNK_BYTES = 32 * 1024 * 1024;
/** From the beginning, because the registry lost what it had. */
const MAX_RESTARTS = 5;

/** One upload of one blob: in one request where it is small, in pieces else, gone on with after breaks. */
export class BlobUpload {
	readonly #task: BlobUploadTask;
	readonly #retry: Retry;
	/** Where the registry wants the next request of this upload; undefined: it is to be begun. */
	#location: URL | undefined;
	#offset = 0;
	/** So that an upload that goes back again and again comes to an end. */
	#furthest = 0;
	#chunkBytes: number;
	#restarts = 0;
	#isResumed = false;

	/** @param begun the registry's answer that began an upload already, if it did */
	constructor(task: BlobUploadTask, begun: Answer | undefined) {
		this.#task = task;
		this.#retry = task.session.newRetry();
		this.#chunkBytes = task.opts.chunkBytes ?? CHUNK_BYTES;
		if (begun !== undefined) this.#follow(begun);
	}

	/** Until the blob is there. @throws RemoteError; whatever `read` throws */
	async run(signal: AbortSignal): Promise<void> {
		const { session, repository, blob } = this.#task;
		await using source = new BlobSource(blob.read, signal);
		try {
			while (!(await this.#attempt(source, signal)));
		} catch (error) {
			if (this.#location !== undefined) await cancelUpload(session, repository, this.#location, signal);
			throw error;
		}
	}

	/** @returns whether the blob is there */
	async #attempt(source: BlobSource, signal: AbortSignal): Promise<boolean> {
		try {
			if (this.#isResumed && (await this.#findOut(signal))) return true;
			if (this.#location === undefined) await this.#begin(signal);
			return await this.#send(source, signal);
		} catch (failure) {
			await this.#retry.afterFailure(failure, signal);
			this.#isResumed = true;
			return false;
		}
	}

	async #begin(signal: AbortSignal): Promise<void> {
		const url = new URL(`/v2/${this.#task.repository}/blobs/uploads/`, this.#task.session.origin);
		const answer = await this.#call({ method: "POST", url }, signal);
		if (answer.status !== 202) throw await toError(answer);
		await answer.discard();
		this.#offset = 0;
		this.#follow(answer);
	}

	async #send(source: BlobSource, signal: AbortSignal): Promise<boolean> {
		const { size } = this.#task.blob;
		if (size <= this.#chunkBytes) return await this.#finish(source, signal);
		while (this.#offset < size) {
			if (!(await this.#sendChunk(source, signal))) return false;
		}
		return await this.#finish(source, signal);
	}

	/** @returns whether to go on; else from where {@link #attempt} begins */
	async #sendChunk(source: BlobSource, signal: AbortSignal): Promise<boolean> {
		const from = this.#offset;
		const length = Math.min(this.#chunkBytes, this.#task.blob.size - from);
		const headers = {
			"content-type": "application/octet-stream",
			"content-length": String(length),
			"content-range": `${from}-${from + length - 1}`,
		};
		const body = (): AsyncIterable<Uint8Array> => source.take(from, length);
		const answer = await this.#call({ method: "PATCH", url: this.#place(), headers, body }, signal);
		if (answer.status === 202 || answer.status === 204 || answer.status === 201) {
			await answer.discard();
			this.#offset = parseUploadRange(answer.header("range")) ?? from + length;
			if (this.#offset > this.#furthest) this.#retry.progress();
			this.#furthest = Math.max(this.#furthest, this.#offset);
			this.#follow(answer);
			return true;
		}
		const error = await toError(answer);
		if (answer.status === 416) throw new TransientError("FAILED", error.message);
		// Some registries take no pieces, or none of this size, and say so in many ways.
		if (answer.status !== 404) this.#chunkBytes = Number.POSITIVE_INFINITY;
		await this.#restart(error, signal);
		return false;
	}

	/** The last request, which has all that is not there yet. */
	async #finish(source: BlobSource, signal: AbortSignal): Promise<boolean> {
		const { digest, size } = this.#task.blob;
		const from = this.#offset;
		const url = new URL(this.#place());
		// The rest of the query may be signed, so it stays as it was written.
		url.search = `${url.search === "" ? "?" : `${url.search}&`}digest=${digest}`;
		const headers = { "content-type": "application/octet-stream", "content-length": String(size - from) };
		const body = size > from ? (): AsyncIterable<Uint8Array> => source.take(from, size - from) : new Uint8Array();
		const answer = await this.#call({ method: "PUT", url, headers, body }, signal);
		if (answer.status === 201 || answer.status === 204) {
			await answer.discard();
			const told = parseDigest(answer.header("docker-content-digest") ?? "");
			if (told === undefined || algorithmOf(told) !== algorithmOf(digest) || told === digest) return true;
			throw new RemoteError("INVALID", `${answer.what}: kept as ${told}, and not ${digest}`);
		}
		const error = await toError(answer);
		// What was cut off in its middle may have gone wrong there; what went through at once is what it is.
		if (answer.status !== 404 && !(this.#isResumed && answer.status === 400)) throw error;
		return await this.#restart(error, signal);
	}

	/** After a break: how far the upload got. @returns whether the blob is there */
	async #findOut(signal: AbortSignal): Promise<boolean> {
		const { blob } = this.#task;
		if (this.#location === undefined) return false;
		if (blob.size <= this.#chunkBytes) return await this.#sendAnew(this.#location, signal);
		const answer = await this.#call({ method: "GET", url: this.#location }, signal);
		await answer.discard();
		const offset = parseUploadRange(answer.header("range"));
		// Some say `0-0` of nothing as well as of one byte.
		if (answer.status < 300 && offset === 1) return await this.#sendAnew(this.#location, signal);
		if (answer.status < 300 && offset !== undefined && offset <= blob.size) {
			this.#offset = offset;
			this.#follow(answer);
			return false;
		}
		const what = new RemoteError("INVALID", `${answer.what} was answered by ${answer.status}`);
		return await this.#restart(what, signal);
	}

	/** Where there is little to lose. It may all be there, and only the answer have got lost. @returns whether it is */
	async #sendAnew(location: URL, signal: AbortSignal): Promise<boolean> {
		const { session, repository, blob } = this.#task;
		this.#location = undefined;
		if (await hasBlob(session, repository, blob.digest, signal)) return true;
		await cancelUpload(session, repository, location, signal);
		return false;
	}

	/** The upload is gone: either the blob is there, or it begins again. @throws the reason, when it went too often */
	async #restart(reason: RemoteError, signal: AbortSignal): Promise<boolean> {
		const { session, repository, blob } = this.#task;
		this.#location = undefined;
		if (await hasBlob(session, repository, blob.digest, signal)) return true;
		this.#restarts++;
		if (this.#restarts > MAX_RESTARTS) throw reason;
		return false;
	}

	#call(request: WireRequest, signal: AbortSignal): Promise<Answer> {
		const scopes = [`repository:${this.#task.repository}:pull,push`];
		return this.#task.session.sendOnce({ ...request, scopes }, signal);
	}

	/** Each answer says where the next request goes; one that does not leaves it as it is. */
	#follow(answer: Answer): void {
		const least = Number(answer.header("oci-chunk-min-length") ?? "0");
		if (least > this.#chunkBytes) this.#chunkBytes = least;
		const location = answer.header("location");
		if (location !== undefined) this.#location = sameRegistry(location, answer.asked.url);
		else this.#location ??= sameRegistry("", answer.asked.url);
	}

	#place(): URL {
		if (this.#location === undefined) throw new RemoteError("INVALID", "the upload has no place");
		return this.#location;
	}
}
