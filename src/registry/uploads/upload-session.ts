import { setTimeout as sleep } from "node:timers/promises";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { Objects } from "#/metadata/objects.ts";
import { isRefused } from "#/metadata/refusal.ts";
import type { Upload, Uploads } from "#/metadata/uploads.ts";
import { algorithmOf, type Digest } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { type Condemned, discard, discardUnknown } from "#/registry/discard.ts";
import { rangeError, refusalError } from "#/registry/errors.ts";
import type { Body, UploadStatus } from "#/registry/registry.ts";
import type { Report } from "#/registry/report.ts";
import type { BlobStore, BlobWriter } from "#/storage/blob-store.ts";
import { type LeaseKeeper, LeaseLostError } from "./lease-keeper.ts";
import { closeWriter, type OpenWriters } from "./open-writers.ts";
import { type BodyEnd, takeBody } from "./take-body.ts";

/** Pauses before each further try to complete an upload, in milliseconds: a database that fails over is back within them. */
const RETRY_MS = [100, 500, 2_000];

/** What a session works with. */
export interface UploadSessionDeps {
	readonly uploads: Uploads;
	readonly objects: Objects;
	readonly writers: OpenWriters;
	readonly report: Report;
	/** How long cleaning up may take, in milliseconds. */
	readonly afterMs: number;
	/** Takes work that the answer need not wait for; a drain waits for it. */
	readonly defer: (work: Promise<void>) => void;
	/** Makes a blob where the upload's repository is by now. */
	readonly relocate: (
		upload: Upload,
		blob: { readonly digest: Digest; readonly size: number; readonly actor: string },
	) => Promise<void>;
}

/** An upload in the hands of one request: its lease, its writer, and where the bytes go. */
export interface HeldUpload {
	readonly upload: Upload;
	readonly store: BlobStore;
	readonly writer: BlobWriter;
	readonly keeper: LeaseKeeper;
	/** What a failure leaves: the upload as it was before the request, or nothing. */
	readonly onFailure: "roll-back" | "abandon";
}

/**
 * One request within an upload. It ends in exactly one way: bytes acknowledged, everything as it was before, a blob,
 * or no upload any more; so what is stored is at any time either resumable or condemned.
 */
export class UploadSession {
	readonly #deps: UploadSessionDeps;
	readonly #held: HeldUpload;
	/** Not the request's: what came is kept, and a blob is made, also when the client has gone. */
	readonly #signal = new AbortController().signal;
	/** From "asked" on, metadata may already have ended the lease on our terms, though no answer came. */
	#state: "held" | "asked" | "over" = "held";

	constructor(deps: UploadSessionDeps, held: HeldUpload) {
		this.#deps = deps;
		this.#held = held;
	}

	/** Appends the body; see {@link takeBody}. */
	take(body: Body, expected: number | undefined, signal: AbortSignal): Promise<BodyEnd> {
		const { writer, keeper } = this.#held;
		return takeBody(body, expected, { writer, keeper, signal });
	}

	/** Makes everything taken durable and acknowledges it. @throws OciError DENIED; then the upload and its bytes are gone */
	async acknowledge(): Promise<UploadStatus> {
		const { upload, writer, keeper } = this.#held;
		const state = await keeper.during(() => writer.checkpoint(this.#signal));
		const { offset } = writer;
		this.#state = "asked";
		const { id, epoch } = upload;
		const released = await this.#deps.uploads.release({ id, epoch, offset, state });
		if (released === false) throw new LeaseLostError("not released");
		if (released !== true) throw refusalError(released.refused);
		this.#end();
		this.#deps.writers.park(id, writer);
		return { id, offset };
	}

	/** Makes the blob of everything taken. @throws OciError DIGEST_INVALID; then the upload and its bytes are gone */
	async makeBlob(digest: Digest, actor: string): Promise<void> {
		const { upload, writer, keeper } = this.#held;
		const actual = await keeper.during(() => writer.digest(algorithmOf(digest), this.#signal));
		if (actual !== digest) {
			await this.abandon();
			throw new OciError("DIGEST_INVALID", { detail: { expected: digest, actual } });
		}
		const size = writer.offset;
		await keeper.during(() => writer.commit(this.#signal));
		this.#state = "asked";
		const { id, epoch } = upload;
		const outcome = await keeper.during(() => this.#complete({ id, epoch, digest, size, actor }));
		if (isRefused(outcome)) {
			if (outcome.refused.reason === "upload-unknown") throw new LeaseLostError("not completed");
			if (outcome.refused.reason === "store-moved") {
				await keeper.during(() => this.#deps.relocate(upload, { digest, size, actor }));
				return await this.abandon();
			}
			await this.abandon();
			throw refusalError(outcome.refused);
		}
		this.#end();
		if (outcome.duplicate) this.#deps.defer(this.#discard());
	}

	/** Ends the upload and deletes its bytes, unless it has become a blob. */
	async abandon(): Promise<void> {
		const { upload, writer } = this.#held;
		this.#end();
		try {
			const outcome = await this.#deps.uploads.cancel(upload.repository, upload.id, upload.epoch);
			if (!isRefused(outcome)) return await this.#discard();
		} catch (error) {
			// Its time will end it.
			this.#deps.report({ event: "upload.abandon-failed", level: "warn", error, fields: { upload: upload.id } });
		}
		await closeWriter(writer, this.#deps.report);
	}

	/** Ends the session after a failure, unless it has ended; returns what the client should be told. */
	async fail(error: unknown): Promise<unknown> {
		const state = this.#state;
		const { onFailure, writer } = this.#held;
		if (error instanceof LeaseLostError) return await this.#leave();
		if (state !== "over" && (onFailure === "abandon" || isDenied(error))) await this.abandon();
		else if (state === "held") await this.#rollBack();
		// The bytes may be acknowledged or a blob by now, so they stay; the row tells the next request.
		else if (state === "asked") await closeWriter(writer, this.#deps.report);
		this.#end();
		return error;
	}

	/** Gives the lease back with nothing acknowledged since it was taken. */
	async #rollBack(): Promise<void> {
		this.#end();
		const { upload, writer } = this.#held;
		const { uploads, report, afterMs } = this.#deps;
		const { id, epoch, offset, state } = upload;
		try {
			// Without a checkpoint nobody could find these bytes again but by their intent.
			if (state === undefined) await writer.abort(AbortSignal.timeout(afterMs));
			else await closeWriter(writer, report);
			await uploads.release({ id, epoch, offset, state });
		} catch (error) {
			report({ event: "upload.roll-back-failed", level: "warn", error, fields: { upload: id } });
		}
	}

	/** Lets go of an upload that another holder has by now, or that is no more. */
	async #leave(): Promise<OciError> {
		this.#end();
		const { upload, writer } = this.#held;
		const { uploads, objects, report, afterMs } = this.#deps;
		await closeWriter(writer, report);
		const { repository, id } = upload;
		const now = await uploads.find(repository, id);
		if (now !== undefined) return rangeError("another request took the upload over", now.offset);
		await discardUnknown({ objects, report }, this.#condemned(), AbortSignal.timeout(afterMs));
		return new OciError("BLOB_UPLOAD_UNKNOWN", { detail: { id } });
	}

	/** Repeating is safe: the command gives its first answer again. */
	async #complete(done: Parameters<Uploads["complete"]>[0]): ReturnType<Uploads["complete"]> {
		for (const pause of RETRY_MS) {
			try {
				return await this.#deps.uploads.complete(done);
			} catch (error) {
				if (!(error instanceof MetadataError) || error.code !== "UNAVAILABLE") throw error;
				await sleep(pause);
			}
		}
		return await this.#deps.uploads.complete(done);
	}

	#discard(): Promise<void> {
		const { objects, report, afterMs } = this.#deps;
		const condemned = { ...this.#condemned(), writer: this.#held.writer };
		return discard({ objects, report }, condemned, AbortSignal.timeout(afterMs));
	}

	#condemned(): Condemned {
		const { upload, store } = this.#held;
		return { name: upload.store, store, key: upload.key, state: upload.state };
	}

	#end(): void {
		this.#state = "over";
		this.#held.keeper[Symbol.dispose]();
	}
}

/**
 * A guard has refused what came. What came before goes as well, and with it what that has of the quota: nobody goes on
 * after such an answer.
 */
const isDenied = (error: unknown): boolean => error instanceof OciError && error.code === "DENIED";
