import { setTimeout as sleep } from "node:timers/promises";
import { manifestOf, pushBlob, putManifest } from "../../test/support/ha/ask.ts";
import { PullLoad } from "../../test/support/ha/pull-load.ts";
import type { HaReplicas } from "../../test/support/ha/world.ts";
import type { HaServers } from "./servers.ts";

/** How long clients notice something, milliseconds. */
export interface Failover {
	readonly what: string;
	/** From the blow to the last pull that failed; 0: none did. */
	readonly lastFailure: number;
	readonly failed: number;
	readonly pulls: number;
	/** From the blow, or the return of what was away, to the first push that was acknowledged everywhere. */
	readonly pushes: number;
}

/** Pulls steadily through the balancer while something happens, and sees when all is well again. */
export const measureFailover = async (
	world: HaReplicas,
	what: string,
	hurt: (world: HaReplicas, back: () => void) => Promise<void>,
): Promise<Failover> => {
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
	const last = pulls.failed.at(-1);
	const lastFailure = last === undefined ? 0 : last.at + last.ms - blow;
	return { what, lastFailure, failed: pulls.failed.length, pulls: pulls.pulls, pushes };
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
export const blows = (servers: HaServers) =>
	({
		"a replica is killed": async ({ replicas: [first] }: HaReplicas, back: () => void) => {
			await first.kill();
			back();
		},
		"a replica is cut off the database without a word": async ({ replicas }: HaReplicas, back: () => void) => {
			const [, second] = replicas;
			await second?.network.cutDatabase();
			await sleep(10_000);
			await second?.network.heal();
			back();
		},
		"PostgreSQL crashes and is back two seconds later": async (_: HaReplicas, back: () => void) => {
			await servers.crash();
			await sleep(2_000);
			await servers.start();
			back();
		},
	}) as const;
