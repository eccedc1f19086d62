import type { RecordOf, RegistryRecord } from "#/metadata/records.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { linkBlob, unlinkBlob } from "#/metadata/sql/blobs/blob-rows.ts";
import { dropDeleted } from "#/metadata/sql/deletions/deleted-rows.ts";
import type { Step, StepContext } from "#/metadata/sql/engine/statement.ts";
import { deleteManifest, hasManifest, insertManifest } from "#/metadata/sql/manifests/manifest-rows.ts";
import { reviewManifests } from "#/metadata/sql/objects/reviews.ts";
import { publishRepository } from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage, sumOf } from "#/metadata/sql/usage/add-usage.ts";
import { condemnRestored, restoreObject } from "./restore-object.ts";
import {
	createRestored,
	dropRestored,
	findRestored,
	isFromElsewhere,
	restoredRepository,
} from "./restore-repository.ts";
import { moveRestoredTag, removeRestoredTag } from "./restore-tag.ts";
import { restoreUses } from "./snapshot-uses.ts";

type ContentRecord = Exclude<
	RegistryRecord,
	RecordOf<
		| "project-put"
		| "project-removed"
		| "project-released"
		| "project-emptied"
		| "user-put"
		| "user-removed"
		| "robot-put"
		| "robot-removed"
	>
>;

/** Applies a record of what repositories and stores hold. */
export function* restoreContent(record: ContentRecord, row: JournalRecord, context: StepContext): Step<void> {
	if ("repository" in record && record.kind !== "repository-created") {
		if (yield* isFromElsewhere(record.repository, row.store)) return;
	}
	switch (record.kind) {
		case "repository-created":
			return yield* createRestored(record, row, context);
		case "repository-arrived":
			return;
		case "repository-removed":
			return yield* dropRestored(record);
		case "object-live":
			return yield* restoreObject(record, row, context);
		case "object-condemned":
			return yield* condemnRestored(record, row, context);
		case "blob-linked":
			return yield* linkRestored(record, row, context);
		case "blob-unlinked": {
			const repository = yield* findRestored(record.repository);
			// The snapshot was taken when the repository had been dropped, or its project emptied.
			if (repository === undefined) return;
			const { blobBytes } = yield* unlinkBlob(repository, record.digest, context.now);
			return yield* addUsage(repository, { blobBytes });
		}
		case "manifest-put":
			return yield* putRestored(record, row, context);
		case "manifest-removed":
			return yield* removeRestored(record, row.at, context);
		case "manifest-used":
			return yield* restoreUses(record);
		case "tag-moved":
			return yield* moveRestoredTag(record, row, context);
		case "tag-removed":
			return yield* removeRestoredTag(record, row.at, context);
	}
}

function* linkRestored(record: RecordOf<"blob-linked">, row: JournalRecord, context: StepContext): Step<void> {
	const repository = yield* restoredRepository(record, row, context);
	const { at } = row;
	const { digest, size, actor } = record;
	const { blobBytes } = yield* linkBlob(repository, { digest, size, actor, at }, context);
	yield* addUsage(repository, { blobBytes });
}

/** Its blobs and children are not asked for: they may stand further down. */
function* putRestored(record: RecordOf<"manifest-put">, row: JournalRecord, context: StepContext): Step<void> {
	const repository = yield* restoredRepository(record, row, context);
	const { at } = row;
	if (yield* hasManifest(repository.id, record.digest)) return;
	const { artifactType, annotations, config, subject, pushed } = record;
	const manifest = {
		digest: record.digest,
		mediaType: record.mediaType,
		artifactType,
		annotations,
		config,
		subject,
		payload: new Uint8Array(Buffer.from(record.payload, "base64")),
		blobs: record.blobs,
		children: record.children,
		actor: pushed?.by ?? record.actor,
		at: pushed?.at ?? at,
	};
	const change = yield* insertManifest(repository, manifest, context);
	const dropped = yield* dropDeleted(repository, record.digest, context);
	yield* reviewManifests(repository.id, [record.digest], "manifest-put", context);
	yield* addUsage(repository, sumOf(change, dropped));
	yield* publishRepository(repository, at, context);
}

/** Its tags have records of their own, which know whether they were moved since. */
function* removeRestored(record: RecordOf<"manifest-removed">, at: number, context: StepContext): Step<void> {
	const { repository: name, digest, until, tags = [], actor: by } = record;
	const repository = yield* findRestored(name);
	if (repository === undefined) return;
	const grave = until === undefined || until <= context.now ? undefined : { at, by, until, tags };
	yield* addUsage(repository, (yield* deleteManifest(repository, digest, grave, context)) ?? {});
}
