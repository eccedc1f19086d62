import { setTimeout as sleep } from "node:timers/promises";
import { type CrashRunOpts, pause } from "./crash-run.ts";
import type { PrivatePostgres } from "./postgres.ts";
import { childrenOf, signal } from "./process-lives.ts";
import { pick, randomBelow } from "./seeded-random.ts";

/** Kills the registry, one of its workers, or its database, which then is started again. */
export const hurtWithPostgres =
	(postgres: PrivatePostgres): NonNullable<CrashRunOpts["injure"]> =>
	async (limani, random) => {
		const choice = pick(random, ["limani", "limani", "worker", "pause", "crash", "kill"]);
		const workers = childrenOf(limani);
		const worker = workers[randomBelow(random, workers.length)];
		const { pid } = limani.child;
		if (choice === "worker" && worker !== undefined) signal(worker, "SIGKILL");
		else if (choice === "pause" && pid !== undefined) await pause(worker ?? pid, random);
		else if (choice === "crash" || choice === "kill") {
			await postgres[choice]();
			await sleep(randomBelow(random, 800));
			if (random() < 0.3) await limani.stop("SIGKILL");
			await postgres.start();
		} else await limani.stop("SIGKILL");
	};
