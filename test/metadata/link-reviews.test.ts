import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { migrate, type RunInTransaction } from "#/metadata/sql/engine/migrate.ts";
import { migrations } from "#/metadata/sql/schema/migrations.ts";
import { sqliteDialect } from "#/metadata/sqlite/dialect.ts";
import { PreparedStatements } from "#/metadata/sqlite/prepared-statements.ts";

const DAY = 86_400_000;

test("links from before the schema had reviews of them are reviewed as their blobs would have been", async () => {
	const db = new DatabaseSync(":memory:");
	const statements = new PreparedStatements(db);
	const run: RunInTransaction = (step) => statements.runSteps(step({ dialect: sqliteDialect, now: 1 }));
	await migrate(migrations.slice(0, 2), run);
	const link = db.prepare("INSERT INTO repository_blobs VALUES (?, ?, 'default', 1, ?, 'ann')");
	link.run(1, "sha256:touched-since", 1_000);
	link.run(2, "sha256:touched-since", 2_000);
	link.run(1, "sha256:not-queued", 3_000);
	db.prepare("INSERT INTO gc_blob_queue VALUES ('default', 'sha256:touched-since', ?, 0, 'blob-linked')").run(9 * DAY);
	assert.deepEqual(await migrate(migrations.slice(0, 3), run), { from: 2, to: 3 });
	const rows = statements.run({
		sql: "SELECT repository_id, digest, review_after FROM gc_link_queue ORDER BY digest, repository_id",
		params: [],
	});
	assert.deepEqual(
		rows.map((row) => ({ ...row })),
		[
			{ repository_id: 1, digest: "sha256:not-queued", review_after: 3_000 + DAY },
			{ repository_id: 1, digest: "sha256:touched-since", review_after: 9 * DAY },
			{ repository_id: 2, digest: "sha256:touched-since", review_after: 9 * DAY },
		],
	);
	db.close();
});
