import { setTimeout as sleep } from "node:timers/promises";
import { manifestOf, pushBlob, putManifest } from "../../test/support/ha/ask.ts";
import { PullLoad } from "../../test/support/ha/pull-load.ts";
import type { HaReplicas } from "../../test/support/ha/world.ts";
import type { PostgresServer } from "../servers/postgres.ts";

/** What clients notice of something that happens once. */
export interface Blow {
	/** From the blow to the end of the last pull that failed, milliseconds; 0: none did. */
	readonly lastFailure: number;
	readonly failed: number;
	readonly pulls: number;
	/** Until each replica that runs has acknowledged a push, milliseconds from the blow or the return of what was away. */
	readonly pushes: number;
}

/** Hurts replicas, or what they stand on, and calls `back` when that is over. */
type Hurt = (world: HaReplicas, back: () => void) => Promise<void>;

/** Pulls steadily through the balancer while something happens, sees when all is well again, and heals the rest. */
export const measureBlow = async (world: HaReplicas, hurt: Hurt): Promise<Blow> => {
	using pulls = await PullLoad.open({ url: world.balancer.url, seed: 1, restMs: 20 });
	pulls.start();
	await sleep(2_000);
	let from = performance.now();
	const blow = from;
	await hurt(world, () => {
		from = performance.now();
	});
	const running = world.replicas.filter(({ isRunning }) => isRunning);
	await Promise.all(running.map(({ url }) => untilPushed(url)));
	const pushes = performance.now() - from;
	await sleep(3_000);
	await pulls.stop();
	for (const replica of world.replicas) if (!replica.isRunning) await replica.start();
	const last = pulls.failed.at(-1);
	const lastFailure = last === undefined ? 0 : last.at + last.ms - blow;
	return { lastFailure, failed: pulls.failed.length, pulls: pulls.pulls, pushes };
};

const untilPushed = async (url: string): Promise<void> => {
	const config = Buffer.from("failover");
	for (;;) {
		try {
			await pushBlob(url, "team/failover", config);
			const note = `${url} ${performance.now()}`;
			const answer = await putManifest(url, "/v2/team/failover/manifests/v1", manifestOf(config, note));
			if (answer.status === 201) return;
		} catch {
			// It is not there yet, or refuses.
		}
		await sleep(50);
	}
};

/** What happens, by what it is called. */
export const hurtsWith = (postgres: PostgresServer): Readonly<Record<string, Hurt>> => ({
	"a replica is killed": async ({ replicas: [first] }, back) => {
		await first.kill();
		back();
	},
	"a replica is cut off the database without a word": async ({ replicas }, back) => {
		const [, second] = replicas;
		await second?.network.cutDatabase();
		await sleep(10_000);
		await second?.network.heal();
		back();
	},
	"PostgreSQL crashes and is back two seconds later": async (_, back) => {
		await postgres.crash();
		await sleep(2_000);
		await postgres.start();
		back();
	},
});
