import type { Refused } from "#/metadata/refusal.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { linkBlob, placeBlob } from "#/metadata/sql/blobs/blob-rows.ts";
import { flagOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { condemnObject, settleObject } from "#/metadata/sql/objects/object-rows.ts";
import { lockRepository } from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import { addedBytes, guardQuota } from "#/metadata/sql/usage/quota-guard.ts";
import type { Digest } from "#/oci/digest.ts";
import { lockHeldUpload, type UploadRow } from "./upload-rows.ts";

/** What {@link completeUpload} takes. */
export interface CompleteInput {
	readonly id: string;
	readonly epoch: number;
	readonly digest: Digest;
	/** Bytes. */
	readonly size: number;
	readonly actor: string;
}

/** Turns the committed object into a blob of the repository and ends the upload: see `Uploads.complete`. */
export function* completeUpload(
	done: CompleteInput,
	context: StepContext,
): Step<{ readonly duplicate: boolean } | Refused> {
	const row = yield* lockHeldUpload(done.id, done.epoch, context);
	if (row === undefined) return yield* earlierAnswer(done);
	const repository = yield* lockRepository(row.upload.repository, context);
	if (repository === undefined) {
		return { refused: { reason: "repository-unknown", repository: row.upload.repository } };
	}
	if (repository.store !== row.upload.store) return { refused: { reason: "store-moved" } };
	const refused = yield* guardQuota(repository, yield* addedBytes(repository, done), context, done.id);
	if (refused !== undefined) return { refused };
	const duplicate = yield* placeObject(row, done, context);
	const { digest, size, actor } = done;
	const { changed, blobBytes } = yield* linkBlob(repository, { digest, size, actor, at: context.now }, context);
	if (changed) {
		yield* emit(context, row.upload.store, {
			kind: "blob-linked",
			repository: repository.name,
			digest,
			size,
			actor,
		});
	}
	yield* finish(repository, done, duplicate, context);
	yield* addUsage(repository, { blobBytes });
	return { duplicate };
}

/** The upload's object becomes the blob's, or is condemned when the store has the blob already. */
function* placeObject({ upload }: UploadRow, done: CompleteInput, context: StepContext): Step<boolean> {
	const { store, key } = upload;
	const { digest, size, actor } = done;
	const place = yield* placeBlob({ store, digest, key, size }, context.now);
	if (place !== key) {
		yield* condemnObject({ store, key, writerState: upload.state }, context);
		return true;
	}
	if (!(yield* settleObject({ store, key, size, digest }, context))) {
		throw new Error(`the object ${key} of upload ${upload.id} is not being written`);
	}
	yield* emit(context, store, { kind: "object-live", key, digest, size, actor });
	return false;
}

function* finish(
	repository: RepositoryFacts,
	done: CompleteInput,
	duplicate: boolean,
	context: StepContext,
): Step<void> {
	yield* all("DELETE FROM uploads WHERE id = ?", done.id);
	yield* all(
		"INSERT INTO finished_uploads (id, repository_id, digest, duplicate, finished_at) VALUES (?, ?, ?, ?, ?)",
		done.id,
		repository.id,
		done.digest,
		duplicate ? 1 : 0,
		context.now,
	);
}

/** What the first completion of this upload answered, as long as that is remembered. */
function* earlierAnswer(done: CompleteInput): Step<{ readonly duplicate: boolean } | Refused> {
	const row = yield* first("SELECT digest, duplicate FROM finished_uploads WHERE id = ?", done.id);
	if (row === undefined || textOf(row, "digest") !== done.digest) {
		return { refused: { reason: "upload-unknown", id: done.id } };
	}
	return { duplicate: flagOf(row, "duplicate") };
}
