// kill -9 of the registry and of PostgreSQL at random instants. See sqlite.test.ts for SEED and DURATION.
import { type TestContext, test } from "node:test";
import { crashRun } from "../../support/crash-run.ts";
import { DURATION, SEED } from "../../support/crash-settings.ts";
import { hurtWithPostgres } from "../../support/hurt-with-postgres.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const postgres = privatePostgres();

for (const workers of [1, 2]) {
	const what = workers === 1 ? "one process" : `a cluster of ${workers}`;
	test(`every acknowledged push to ${what} survives its death and that of PostgreSQL`, (t) => run(t, workers));
}

const run = async (t: TestContext, workers: number): Promise<void> => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	t.diagnostic(`SEED=${SEED} DURATION=${DURATION}`);
	const dataDir = temporaryDirectory(t);
	const config = { workers, database: { postgres: { url } } };
	await using settled = await crashRun({
		seed: SEED,
		seconds: DURATION,
		dataDir,
		config,
		injure: hurtWithPostgres(postgres),
	});
	t.diagnostic(JSON.stringify(settled.figures));
};
