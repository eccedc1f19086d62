// kill -9 at random instants, on SQLite and files. SEED repeats a run's choices, DURATION is a test's time in seconds.
import { type TestContext, test } from "node:test";
import { type CrashRunOpts, crashRun, pause } from "../../support/crash-run.ts";
import { DURATION, SEED } from "../../support/crash-settings.ts";
import { childrenOf, signal } from "../../support/process-lives.ts";
import { pick, randomBelow } from "../../support/seeded-random.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const run = async (t: TestContext, opts: Omit<CrashRunOpts, "seed" | "seconds" | "dataDir">): Promise<void> => {
	const dataDir = temporaryDirectory(t);
	t.diagnostic(`SEED=${SEED} DURATION=${DURATION}`);
	await using settled = await crashRun({ ...opts, seed: SEED, seconds: DURATION, dataDir });
	t.diagnostic(JSON.stringify(settled.figures));
};

test("every acknowledged push survives the death of the one process, and no unknown byte stays", (t) => run(t, {}));

test("every acknowledged push survives the death of workers and of the first process of a cluster", (t) =>
	run(t, {
		config: { workers: 2 },
		injure: async (limani, random) => {
			const workers = childrenOf(limani);
			const worker = workers[randomBelow(random, workers.length)];
			const choice = pick(random, ["first", "worker", "worker", "pause", "all"]);
			if (choice === "pause" && worker !== undefined) return await pause(worker, random);
			if (choice !== "first" && worker !== undefined) signal(worker, "SIGKILL");
			if (choice === "worker") return;
			if (choice === "all") for (const pid of workers) signal(pid, "SIGKILL");
			await limani.stop("SIGKILL");
		},
	}));
