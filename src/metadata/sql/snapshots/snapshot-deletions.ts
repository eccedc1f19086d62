import { DELETED_COLUMNS, toDeleted } from "#/metadata/sql/deletions/deleted-rows.ts";
import { textOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Step } from "#/metadata/sql/engine/statement.ts";
import { fitting } from "./snapshot-manifests.ts";
import { type PageRequest, type SnapshotPage, toJournal, toPage } from "./snapshot-page.ts";

/** A page of a store's deleted manifests that can be restored: each is put, then removed. */
export function* deletionPage({ store, after = [0, ""], limit }: PageRequest): Step<SnapshotPage> {
	const sizes = yield* all(
		`SELECT d.size FROM deleted_manifests d CROSS JOIN repositories r
		WHERE (d.repository_id, d.digest) > (?, ?) AND r.id = d.repository_id AND r.store = ? ORDER BY d.repository_id, d.digest LIMIT ?`,
		...after,
		store,
		limit,
	);
	const count = fitting(sizes);
	if (count === 0) return { records: [], next: undefined };
	const rows = yield* all(
		`SELECT d.repository_id, r.name AS repository, ${DELETED_COLUMNS} FROM deleted_manifests d CROSS JOIN repositories r
		WHERE (d.repository_id, d.digest) > (?, ?) AND r.id = d.repository_id AND r.store = ? ORDER BY d.repository_id, d.digest LIMIT ?`,
		...after,
		store,
		count,
	);
	return toPage(rows, count, ["repository_id", "digest"], (row) => {
		const repository = textOf(row, "repository");
		const { pushed, deleted, digest, payload, blobs, children, ...content } = toDeleted(row);
		const put = toJournal(store, pushed.at, {
			...content,
			kind: "manifest-put",
			repository,
			digest,
			blobs: [...blobs],
			children: [...children],
			payload: Buffer.from(payload).toString("base64"),
			actor: pushed.by,
		});
		const { at, by: actor, until, tags } = deleted;
		const ended = tags.map(({ tag, move }) => ({ tag, move }));
		return [put, toJournal(store, at, { kind: "manifest-removed", repository, digest, until, tags: ended, actor })];
	});
}
