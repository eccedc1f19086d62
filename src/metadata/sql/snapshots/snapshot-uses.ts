import type { RecordOf } from "#/metadata/records.ts";
import { digestOf, maybeInt, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Step } from "#/metadata/sql/engine/statement.ts";
import { noteUses } from "#/metadata/sql/manifests/use-rows.ts";
import { findRestored } from "./restore-repository.ts";
import { type PageRequest, type SnapshotPage, toJournal, toPage } from "./snapshot-page.ts";

/** A page of when a store's manifests were pulled and pushed again. No record between two snapshots tells of that. */
export function* usePage({ store, after = [0, ""], limit }: PageRequest): Step<SnapshotPage> {
	const rows = yield* all(
		`SELECT u.repository_id, u.digest, u.pulled_at, u.pushed_at, r.name
		FROM manifest_uses u CROSS JOIN repositories r
		WHERE (u.repository_id, u.digest) > (?, ?) AND r.id = u.repository_id AND r.store = ?
		ORDER BY u.repository_id, u.digest LIMIT ?`,
		...after,
		store,
		limit,
	);
	return toPage(rows, limit, ["repository_id", "digest"], (row) => [
		toJournal(store, 0, {
			kind: "manifest-used",
			repository: textOf(row, "name"),
			digest: digestOf(row, "digest"),
			pulledAt: maybeInt(row, "pulled_at"),
			pushedAt: maybeInt(row, "pushed_at"),
			actor: "snapshot",
		}),
	]);
}

/** Notes when a manifest was pulled and pushed again, unless that is known to have been later. */
export function* restoreUses({ repository: name, digest, pulledAt, pushedAt }: RecordOf<"manifest-used">): Step<void> {
	const repository = yield* findRestored(name);
	if (repository !== undefined) yield* noteUses(repository.id, { digest, pulledAt, pushedAt });
}
