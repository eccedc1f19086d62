import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { type ReplicatingLimani, startReplicatingLimani } from "../../test/support/replication-bench.ts";
import { cpuSeconds, peakMiB, resetPeak } from "../servers/usage.ts";
import { fillTags } from "./fill-tags.ts";

/** What a run of a replication policy took of which everything was copied before. */
export interface IdleReplicationResult {
	readonly name: string;
	readonly repositories: number;
	readonly tags: number;
	readonly seconds: number;
	/** Of the registry that has the policy, with what else it did meanwhile, seconds. */
	readonly cpu: number;
	/** Of the other one. */
	readonly cpuThere: number;
	/** The most memory that the one and the other held meanwhile, MiB. */
	readonly peakMiB: number;
	readonly peakThereMiB: number;
}

const POLICY = "bench";
const AT_MOST_S = 900;

/** Two registries that have the same tags, and a policy that pushes from the one to the other: what its runs take. */
export const measureIdleReplication = async (
	repositories: number,
	tags: number,
): Promise<readonly IdleReplicationResult[]> => {
	await using source = await startReplicatingLimani();
	await using target = await startReplicatingLimani();
	for (const each of [source, target]) {
		await each.limani.stop();
		fillTags({ directory: each.limani.dataDir, project: "team", repositories, tags });
		await each.restart();
	}
	const measure = async (name: string, begin: () => Promise<unknown>): Promise<IdleReplicationResult> => ({
		name,
		repositories,
		tags: repositories * tags,
		...(await measureRun({ source, target, inSync: repositories * tags }, begin)),
	});
	const policy = { direction: "Push", remote: target.remote, onEvent: true };
	return [
		await measure("the first run, which finds that all is there", () => source.applyPolicy(POLICY, policy)),
		await measure("a full run with nothing to do", () => source.agree(POLICY)),
		await measure("an event's run, all repositories changed and nothing to do", async () => touchAll(source)),
	];
};

interface Pair {
	readonly source: ReplicatingLimani;
	readonly target: ReplicatingLimani;
	/** How many tags are to agree. */
	readonly inSync: number;
}

/** Waits for the run that `begin` leads to. */
const measureRun = async ({ source, target, inSync }: Pair, begin: () => Promise<unknown>) => {
	const pids = [source, target].map(({ limani }) => limani.child.pid ?? 0);
	const last = (await source.report(POLICY))?.runs[0]?.id;
	for (const pid of pids) resetPeak(pid);
	const before = pids.map(cpuSeconds);
	await begin();
	const run = await nextRun(source, last);
	const [cpu = 0, cpuThere = 0] = pids.map((pid, i) => cpuSeconds(pid) - (before[i] ?? 0));
	const [peak = 0, peakThereMiB = 0] = pids.map(peakMiB);
	const report = await source.report(POLICY);
	const isIdle = run.outcome === "Succeeded" && run.copied === 0 && report?.inSync === inSync && report.behind === 0;
	if (!isIdle) throw new Error(`the run was not what was to be measured: ${JSON.stringify(report)}`);
	return { seconds: (run.finishedAt - run.startedAt) / 1000, cpu, cpuThere, peakMiB: peak, peakThereMiB };
};

/** The run after that of this id, once it is over. */
const nextRun = async (source: ReplicatingLimani, last: string | undefined) => {
	const until = performance.now() + AT_MOST_S * 1000;
	while (performance.now() < until) {
		const run = (await source.report(POLICY))?.runs[0];
		if (run !== undefined && run.id !== last && run.finishedAt !== undefined) {
			return { ...run, finishedAt: run.finishedAt };
		}
		await sleep(500);
	}
	throw new Error(`no run ended within ${AT_MOST_S} s`);
};

/** As if in each repository a tag had been moved, and moved back. Written past the registry. */
const touchAll = ({ limani }: ReplicatingLimani): void => {
	using database = new DatabaseSync(join(limani.dataDir, "metadata.db"), { timeout: 30_000 });
	database.prepare("UPDATE repositories SET moved_at = ?").run(Date.now());
};
