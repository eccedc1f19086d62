// SEED repeats the choices of a run; DURATION is how many seconds the clients of each test run.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { startLimani } from "../../support/limani-process.ts";
import { assertHistoryEnd, checkOneTag, HISTORY_SQL } from "../../support/linear-suite.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("a tag in SQLite, read and moved through three workers, does one thing at a time", async (t) => {
	const dataDir = temporaryDirectory(t);
	await using limani = await startLimani({ dataDir, config: { workers: 3 } });
	const value = await checkOneTag(t, [limani.url]);
	await limani.stop();
	using db = new DatabaseSync(join(dataDir, "metadata.db"), { readOnly: true });
	assertHistoryEnd(db.prepare(HISTORY_SQL).all(), value);
});
