// kill -9 of the registry and of PostgreSQL at random instants. See sqlite.test.ts for SEED and DURATION.
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { childrenOf, crashRun, signal } from "../../support/crash-run.ts";
import { DURATION, SEED } from "../../support/crash-settings.ts";
import type { LimaniProcess } from "../../support/limani-process.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { pick, type Random, randomBelow } from "../../support/seeded-random.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const postgres = privatePostgres();

const hurt = async (limani: LimaniProcess, random: Random): Promise<void> => {
	const choice = pick(random, ["limani", "limani", "worker", "crash", "kill"]);
	const workers = childrenOf(limani);
	const worker = workers[randomBelow(random, workers.length)];
	if (choice === "worker" && worker !== undefined) signal(worker, "SIGKILL");
	else if (choice === "crash" || choice === "kill") {
		await postgres[choice]();
		await sleep(randomBelow(random, 800));
		if (random() < 0.3) await limani.stop("SIGKILL");
		await postgres.start();
	} else await limani.stop("SIGKILL");
};

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
	await using settled = await crashRun({ seed: SEED, seconds: DURATION, dataDir, config, injure: hurt });
	t.diagnostic(JSON.stringify(settled.figures));
};
