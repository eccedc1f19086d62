import type { RecordOf } from "#/metadata/records.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { dropTag, findTags, moveTag } from "#/metadata/sql/manifests/tag-rows.ts";
import { reviewManifests } from "#/metadata/sql/objects/reviews.ts";
import { findRestored, restoredRepository } from "./restore-repository.ts";

/** Moves a tag, unless its history knows this move or a later one. */
export function* moveRestoredTag(record: RecordOf<"tag-moved">, row: JournalRecord, context: StepContext): Step<void> {
	const { id } = yield* restoredRepository(record, row, context);
	const { at } = row;
	const known = yield* first(
		"SELECT move FROM tag_history WHERE repository_id = ? AND name = ? ORDER BY move DESC LIMIT 1",
		id,
		record.tag,
	);
	if (known !== undefined && intOf(known, "move") >= record.move) return;
	const left = (yield* findTags(id, [record.tag], context)).get(record.tag);
	const { tag: name, digest, move, actor } = record;
	yield* moveTag({ repositoryId: id, name, digest, move, actor, at });
	yield* countRestored(id, move, at);
	if (left !== undefined) yield* reviewManifests(id, [left.digest], "tag-moved", context);
}

/** Takes a tag away, unless it was moved since. */
export function* removeRestoredTag(record: RecordOf<"tag-removed">, at: number, context: StepContext): Step<void> {
	const repository = yield* findRestored(record.repository);
	// The snapshot was taken when its project had been emptied.
	if (repository === undefined) return;
	const { id } = repository;
	const present = (yield* findTags(id, [record.tag], context)).get(record.tag);
	if (present === undefined || present.move !== record.move) return;
	yield* dropTag({ repositoryId: id, name: record.tag, actor: record.actor, at, until: record.until });
	yield* countRestored(id, record.move, at);
	yield* reviewManifests(id, [record.digest], "tag-removed", context);
}

/** Counts go on behind the last known move. */
function* countRestored(repositoryId: number, move: number, at: number): Step<void> {
	yield* all("UPDATE repositories SET moves = ? WHERE id = ? AND moves < ?", move, repositoryId, move);
	yield* all("UPDATE repositories SET moved_at = ? WHERE id = ? AND moved_at < ?", at, repositoryId, at);
}
