import type { Blobs } from "#/metadata/blobs.ts";
import { isRefused } from "#/metadata/refusal.ts";
import type { Upload } from "#/metadata/uploads.ts";
import { algorithmOf, type Digest } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { discard } from "#/registry/discard.ts";
import { answer, rangeError, refusalError } from "#/registry/errors.ts";
import { blobKey } from "#/registry/object-keys.ts";
import type { Body, StartOutcome, UploadService, UploadStatus } from "#/registry/registry.ts";
import { storeNamed } from "#/registry/store-named.ts";
import { keepLease, type OpenUploadDeps, openUpload } from "./open-upload.ts";
import { OpenWriters } from "./open-writers.ts";
import { relocate } from "./relocate.ts";
import { type HeldUpload, UploadSession } from "./upload-session.ts";
import { type Slot, UploadSlots } from "./upload-slots.ts";

/** What the service works with. */
export interface UploadServiceDeps
	extends Omit<OpenUploadDeps, "writers" | "lostHolders" | "afterMs" | "defer" | "relocate"> {
	readonly blobs: Blobs;
	/** A new upload id, see `new-id.ts`. */
	readonly newId: () => string;
}

type StartRequest = Parameters<UploadService["start"]>[0];
type AppendRequest = Parameters<UploadService["append"]>[0];
type FinishRequest = Parameters<UploadService["finish"]>[0];

/** Uploads over metadata (rows, leases, intents) and stores (bytes). One per process. */
export class RegistryUploads implements UploadService {
	readonly #deps: UploadServiceDeps & OpenUploadDeps;
	readonly #slots: UploadSlots;
	readonly #writers: OpenWriters;
	readonly #deferred = new Set<Promise<void>>();

	constructor(deps: UploadServiceDeps) {
		const { limits, report } = deps;
		this.#slots = new UploadSlots(limits.concurrentUploads);
		this.#writers = new OpenWriters({ max: limits.openWriters, idleMs: limits.idleWriterMs, report });
		const defer = (work: Promise<void>): void => {
			this.#deferred.add(work);
			void work.finally(() => this.#deferred.delete(work));
		};
		this.#deps = {
			...deps,
			writers: this.#writers,
			lostHolders: new Set(),
			afterMs: limits.afterMs,
			defer,
			relocate: (upload, blob) => relocate(deps, upload, blob),
		};
	}

	start(request: StartRequest, body: Body, signal: AbortSignal): Promise<StartOutcome> {
		return answer(async () => {
			const { mount, digest } = request;
			if (mount !== undefined && (await this.#mount(request, mount.digest, mount.candidates))) {
				return { kind: "blob", digest: mount.digest };
			}
			if (digest !== undefined) {
				using _slot = this.#slots.take();
				await this.#takeWhole(request, digest, { body, signal });
				return { kind: "blob", digest };
			}
			const { id } = await this.#create(request, undefined);
			return { kind: "upload", upload: { id, offset: 0 } };
		});
	}

	status(repository: string, id: string, signal: AbortSignal): Promise<UploadStatus> {
		return answer(async () => {
			const upload = await this.#deps.uploads.find(repository, id, signal);
			if (upload === undefined) throw uploadUnknown(id);
			return { id, offset: upload.offset };
		});
	}

	append({ repository, id, range }: AppendRequest, body: Body, signal: AbortSignal): Promise<UploadStatus> {
		return answer(async () => {
			using _slot = this.#slots.take();
			using _turn = await this.#enter(repository, id);
			const held = await openUpload(this.#deps, { repository, id, expectedOffset: range?.start });
			return await this.#within(new UploadSession(this.#deps, held), async (session) => {
				const end = await session.take(body, lengthOf(range), signal);
				const status = await session.acknowledge();
				if (end.broken) throw brokenOff(end.cause, status);
				return status;
			});
		});
	}

	finish(request: FinishRequest, body: Body, signal: AbortSignal): Promise<{ readonly digest: Digest }> {
		return answer(async () => {
			const { repository, id, digest, range, actor } = request;
			using _slot = this.#slots.take();
			using _turn = await this.#enter(repository, id);
			const algorithm = algorithmOf(digest);
			const held = await openUpload(this.#deps, { repository, id, expectedOffset: range?.start, algorithm });
			return await this.#within(new UploadSession(this.#deps, held), async (session) => {
				const end = await session.take(body, lengthOf(range), signal);
				if (end.broken) throw brokenOff(end.cause, await session.acknowledge());
				await session.makeBlob(digest, actor);
				return { digest };
			});
		});
	}

	cancel(repository: string, id: string): Promise<void> {
		return answer(async () => {
			const { uploads, holder, limits, stores } = this.#deps;
			using _slot = this.#slots.take();
			using _turn = await this.#enter(repository, id);
			// Whoever appends now must not find the bytes gone under its hands, nor leave some after they went.
			const lease = await uploads.acquire({
				repository,
				id,
				holder,
				expectedOffset: undefined,
				leaseMs: limits.leaseMs,
			});
			if (isRefused(lease)) throw refusalError(lease.refused);
			const outcome = await uploads.cancel(repository, id, lease.epoch);
			if (isRefused(outcome)) throw refusalError(outcome.refused);
			const writer = this.#writers.take(id);
			const { store: name, key, state } = outcome;
			const condemned = { name, store: storeNamed(stores, name), key, state, writer };
			await discard(this.#deps, condemned, AbortSignal.timeout(limits.afterMs));
		});
	}

	async drain(signal: AbortSignal): Promise<void> {
		const aborted = Promise.withResolvers<never>();
		const abort = (): void => aborted.reject(signal.reason);
		signal.addEventListener("abort", abort, { once: true });
		try {
			signal.throwIfAborted();
			await Promise.race([this.#settled(), aborted.promise]);
		} finally {
			signal.removeEventListener("abort", abort);
			await this.#writers.closeAll();
		}
	}

	async #settled(): Promise<void> {
		await this.#slots.idle();
		await Promise.all(this.#deferred);
	}

	/** @throws OciError RANGE_INVALID while another request of this process is at the upload */
	async #enter(repository: string, id: string): Promise<Slot> {
		const turn = this.#slots.enter(id);
		if (turn !== undefined) return turn;
		const upload = await this.#deps.uploads.find(repository, id);
		if (upload === undefined) throw uploadUnknown(id);
		throw rangeError("another request is appending to this upload", upload.offset);
	}

	async #within<T>(session: UploadSession, work: (session: UploadSession) => Promise<T>): Promise<T> {
		try {
			return await work(session);
		} catch (error) {
			throw await session.fail(error);
		}
	}

	/** Whether the blob is in the repository now, linked from the first candidate that has it. */
	async #mount({ repository, actor }: StartRequest, digest: Digest, candidates: readonly string[]): Promise<boolean> {
		for (const from of candidates) {
			const outcome = await this.#deps.blobs.mount(repository, digest, from, actor);
			if (!isRefused(outcome)) {
				if (outcome.mounted) return true;
			} else if (outcome.refused.reason === "guarded") {
				throw refusalError(outcome.refused);
			}
		}
		return false;
	}

	/** Writes row and intent before the first byte. With a digest, the upload is this request's alone. */
	async #create({ repository, actor, algorithm, size }: StartRequest, digest: Digest | undefined): Promise<Upload> {
		const id = this.#deps.newId();
		const outcome = await this.#deps.uploads.create({
			id,
			repository,
			key: blobKey(id, digest),
			algorithm: digest === undefined ? (algorithm ?? "sha256") : algorithmOf(digest),
			actor,
			holder: this.#deps.holder,
			hold: digest !== undefined,
			leaseMs: this.#deps.limits.leaseMs,
			maxOpen: this.#deps.limits.openPerProject,
			announced: digest === undefined || size === undefined ? undefined : { digest, size },
		});
		if (isRefused(outcome)) throw refusalError(outcome.refused);
		return outcome.upload;
	}

	/** A monolithic push: nothing of it is kept unless all of it is, since its client knows no upload. */
	async #takeWhole(
		request: StartRequest,
		digest: Digest,
		{ body, signal }: { readonly body: Body; readonly signal: AbortSignal },
	): Promise<void> {
		const since = this.#deps.clock.monotonic();
		const upload = await this.#create(request, digest);
		const { size, actor } = request;
		const { store, writer } = await this.#write(upload, size);
		const keeper = keepLease(this.#deps, upload, since);
		const held: HeldUpload = { upload, store, writer, keeper, onFailure: "abandon" };
		await this.#within(new UploadSession(this.#deps, held), async (session) => {
			const end = await session.take(body, size, signal);
			if (end.broken) throw brokenOff(end.cause, undefined);
			await session.makeBlob(digest, actor);
		});
	}

	async #write(upload: Upload, size: number | undefined): Promise<Pick<HeldUpload, "store" | "writer">> {
		const { repository, id, algorithm, key } = upload;
		try {
			const store = storeNamed(this.#deps.stores, upload.store);
			const opts = size === undefined ? { algorithm } : { algorithm, size };
			return { store, writer: await store.write(key, opts, new AbortController().signal) };
		} catch (error) {
			await this.#deps.uploads.cancel(repository, id).catch((failure: unknown) => {
				this.#deps.report({ event: "upload.abandon-failed", level: "warn", error: failure, fields: { upload: id } });
			});
			throw error;
		}
	}
}

const lengthOf = (range: { readonly start: number; readonly end: number } | undefined): number | undefined => {
	if (range === undefined) return undefined;
	if (range.end >= range.start) return range.end - range.start + 1;
	throw new OciError("RANGE_INVALID", { message: "the range ends before it starts" });
};

const uploadUnknown = (id: string): OciError => new OciError("BLOB_UPLOAD_UNKNOWN", { detail: { id } });

/** A body's own failure says best what is wrong with it: too slow, too large … */
const brokenOff = (cause: unknown, status: UploadStatus | undefined): OciError =>
	cause instanceof OciError
		? cause
		: new OciError("BLOB_UPLOAD_INVALID", {
				message: "the body broke off",
				...(status === undefined ? {} : { detail: { offset: status.offset } }),
				cause,
			});
