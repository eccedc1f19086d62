// See sqlite.test.ts for SEED and DURATION.
import { join } from "node:path";
import { test } from "node:test";
import { startLimani } from "../../support/limani-process.ts";
import { assertHistoryEnd, checkOneTag, HISTORY_SQL } from "../../support/linear-suite.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const postgres = privatePostgres();

test("a tag in PostgreSQL, read and moved through three registries, does one thing at a time", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const root = temporaryDirectory(t);
	const shared = { database: { postgres: { url } }, stores: { default: { filesystem: { root } } } };
	await using first = await startLimani({ config: shared });
	const config = { ...shared, auth: { masterKeyFile: join(first.dataDir, "master.key") } };
	await using second = await startLimani({ config });
	await using third = await startLimani({ config });
	const value = await checkOneTag(t, [first.url, second.url, third.url]);
	const { rows } = await query(url, HISTORY_SQL);
	assertHistoryEnd(rows, value);
});
