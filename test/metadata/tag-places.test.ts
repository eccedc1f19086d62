import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { migrate, type RunInTransaction } from "#/metadata/sql/engine/migrate.ts";
import { migrations } from "#/metadata/sql/schema/migrations.ts";
import { sqliteDialect } from "#/metadata/sqlite/dialect.ts";
import { PreparedStatements } from "#/metadata/sqlite/prepared-statements.ts";

test("places of tags from before they were forgotten are kept through the window of their project", async () => {
	const db = new DatabaseSync(":memory:");
	const statements = new PreparedStatements(db);
	const run: RunInTransaction = (step) => statements.runSteps(step({ dialect: sqliteDialect, now: 1 }));
	await migrate(migrations.slice(0, 4), run);
	db.exec(`INSERT INTO projects (id, uid, name, owner, visibility, store, sparse_indexes, members, generation, revision,
		created_at, undo_window) VALUES (1, 'u', 'a', 'o', 'Private', 'default', 0, '[]', 1, 1, 0, 500);
	INSERT INTO repositories (id, name, project_id, store, catalog_group, moves, moved_at, created_at)
		VALUES (7, 'a/x', 1, 'default', 'a/', 0, 0, 0)`);
	const place = db.prepare("INSERT INTO tag_history VALUES (?, 'v', ?, 'sha256:0', ?, 'ann', ?, NULL)");
	place.run(7, 1, 10, 20);
	place.run(7, 2, 20, 30);
	place.run(7, 3, 30, null);
	assert.deepEqual(await migrate(migrations.slice(0, 5), run), { from: 4, to: 5 });
	const rows = statements.run({ sql: "SELECT move, kept_until FROM tag_history ORDER BY move", params: [] });
	assert.deepEqual(
		rows.map((row) => [row.move, row.kept_until]),
		[
			[1, 520],
			[2, 530],
			[3, null],
		],
	);
	db.close();
});
