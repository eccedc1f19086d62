import type { HistoryEntry, HistoryPage, HistoryRequest } from "#/metadata/history.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { digestOf, intOf, maybeInt, maybeText, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { findRepository } from "#/metadata/sql/repositories/repository-rows.ts";
import { undoWindow } from "./deleted-rows.ts";

/** Where a place is that a tag had: there, among what can be restored until a time, or gone. */
const PLACE_COLUMNS = `h.name AS tag, h.move, h.digest, h.started_at, h.started_by, h.ended_at, h.ended_by,
	(SELECT 1 FROM manifests m WHERE m.repository_id = h.repository_id AND m.digest = h.digest) AS here,
	(SELECT d.restorable_until FROM deleted_manifests d
		WHERE d.repository_id = h.repository_id AND d.digest = h.digest) AS restorable_until`;

/** What {@link tagHistory} takes. */
export type TagHistoryInput = HistoryRequest & { readonly tag: string };

/** Where a tag pointed, the last first: see `History.ofTag`. */
export function* tagHistory(input: TagHistoryInput, context: StepContext): Step<HistoryPage | undefined> {
	const { repository: name, tag, after, limit } = input;
	const repository = yield* findRepository(name);
	if (repository === undefined) return undefined;
	const window = yield* undoWindow(repository.projectId);
	const rows = yield* all(
		`SELECT ${PLACE_COLUMNS} FROM tag_history h WHERE h.repository_id = ? AND h.name = ? AND h.move < ?
		ORDER BY h.move DESC LIMIT ?`,
		repository.id,
		tag,
		after === undefined ? Number.MAX_SAFE_INTEGER : numberIn(after),
		limit,
	);
	const entries = rows.map((row) => toEntry(row, window, context.now));
	const last = rows.length < limit ? undefined : rows.at(-1);
	return last === undefined ? { entries } : { entries, next: String(intOf(last, "move")) };
}

/** What was deleted and can come back: see `History.deleted`. Pages begin with manifests, in the order of digests. */
export function* listDeleted(request: HistoryRequest, context: StepContext): Step<HistoryPage | undefined> {
	const repository = yield* findRepository(request.repository);
	if (repository === undefined) return undefined;
	return request.after?.startsWith(TAGS) === true
		? yield* deletedTags(repository, request, context)
		: yield* deletedManifests(repository, request, context);
}

/** What a position among the tags begins with; none among the manifests does. */
const TAGS = "tags ";

function* deletedManifests(
	{ id }: RepositoryFacts,
	{ after, limit }: HistoryRequest,
	{ now }: StepContext,
): Step<HistoryPage> {
	const rows = yield* all(
		`SELECT digest, pushed_at, pushed_by, deleted_at, deleted_by, restorable_until FROM deleted_manifests
		WHERE repository_id = ? AND digest > ? ORDER BY digest LIMIT ?`,
		id,
		after ?? "",
		limit,
	);
	const entries = rows
		.filter((row) => intOf(row, "restorable_until") > now)
		.map((row) => ({
			digest: digestOf(row, "digest"),
			startedAt: intOf(row, "pushed_at"),
			startedBy: textOf(row, "pushed_by"),
			endedAt: intOf(row, "deleted_at"),
			endedBy: textOf(row, "deleted_by"),
			restorableUntil: intOf(row, "restorable_until"),
		}));
	const last = rows.length < limit ? undefined : rows.at(-1);
	return { entries, next: last === undefined ? `${TAGS}0 ` : textOf(last, "digest") };
}

/** Looks at so many rows of the history as the page may have entries, and shows those that are a tag's last. */
function* deletedTags(
	{ id, projectId }: RepositoryFacts,
	{ after = "", limit }: HistoryRequest,
	{ now }: StepContext,
): Step<HistoryPage> {
	const window = yield* undoWindow(projectId);
	const [move = "0", tag = ""] = after.slice(TAGS.length).split(" ");
	const rows = yield* all(
		`SELECT ${PLACE_COLUMNS}, (SELECT MAX(l.move) FROM tag_history l
			WHERE l.repository_id = h.repository_id AND l.name = h.name) AS last_move
		FROM tag_history h WHERE h.repository_id = ? AND (h.name, h.move) > (?, ?) ORDER BY h.name, h.move LIMIT ?`,
		id,
		tag,
		numberIn(move),
		limit,
	);
	const entries = rows
		.filter((row) => row.move === row.last_move)
		.map((row) => toEntry(row, window, now))
		.filter(({ restorableUntil }) => restorableUntil !== undefined);
	const last = rows.length < limit ? undefined : rows.at(-1);
	return last === undefined ? { entries } : { entries, next: `${TAGS}${intOf(last, "move")} ${textOf(last, "tag")}` };
}

function toEntry(row: Row, window: number, now: number): HistoryEntry {
	const endedAt = maybeInt(row, "ended_at");
	const endedBy = maybeText(row, "ended_by");
	const restorableUntil = endedAt === undefined ? undefined : restorable(row, endedAt + window);
	return {
		tag: textOf(row, "tag"),
		digest: digestOf(row, "digest"),
		startedAt: intOf(row, "started_at"),
		startedBy: textOf(row, "started_by"),
		...(endedAt === undefined ? {} : { endedAt }),
		...(endedBy === undefined ? {} : { endedBy }),
		...(restorableUntil === undefined || restorableUntil <= now ? {} : { restorableUntil }),
	};
}

/** A place can be restored until the window of the tag and that of its manifest are over; undefined: it is gone. */
function restorable(row: Row, end: number): number | undefined {
	if (row.here === 1) return end;
	const until = maybeInt(row, "restorable_until");
	return until === undefined ? undefined : Math.min(until, end);
}

/** A whole number in a position; one that was not given out means the beginning. */
const numberIn = (text: string): number => (/^[0-9]{1,15}$/.test(text) ? Number(text) : 0);
