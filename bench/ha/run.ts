import { parseArgs } from "node:util";
import { openHaReplicas } from "../../test/support/ha/world.ts";
import { median } from "../median.ts";
import { toText, writeResults } from "../write-results.ts";
import { type Blow, hurtsWith, measureBlow } from "./failover.ts";
import { type Fleet, fleetOf } from "./fleet.ts";
import { measureOverload, type Overload } from "./overload.ts";
import { startPeers } from "./peers.ts";
import { type HaServers, startHaServers } from "./servers.ts";
import { measureThroughput, type Round, type Throughput } from "./throughput.ts";

const HELP = `npm run bench:ha -- [OPTIONS]
  --seconds N    how long each row is measured in each round, default 5
  --rounds N     rounds, and how often each thing happens, default 3
  --overload N   seconds of overload, default 180
Throughput when one, two and three replicas over PostgreSQL and MinIO are asked in turn, beside as many of distribution
3 over the same MinIO where that is there, ten times as many clients as one needs, and what clients notice when
something fails. PostgreSQL, MinIO (.ci/parts) and wrk are needed.`;

/** No line for each request, as the log is not what is measured, and one token for all of it. */
const CONFIG = { log: { requests: false }, auth: { tokenLifetime: "24h" } };

interface Opts {
	readonly seconds: number;
	readonly rounds: number;
	readonly overload: number;
}

interface Failover {
	readonly what: string;
	readonly blows: readonly Blow[];
}

/** Measures replicas, and writes down what came of it. */
export const runHa = async (args: readonly string[]): Promise<void> => {
	const { values } = parseArgs({
		args: [...args],
		options: {
			seconds: { type: "string", default: "5" },
			rounds: { type: "string", default: "3" },
			overload: { type: "string", default: "180" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		console.log(HELP);
		return;
	}
	const [seconds, rounds, overload] = [values.seconds, values.rounds, values.overload].map(Number);
	const opts = { seconds: seconds ?? 0, rounds: rounds ?? 0, overload: overload ?? 0 };
	if (!Object.values(opts).every((value) => Number.isInteger(value) && value > 0)) {
		throw new Error("--seconds, --rounds, --overload: expected whole numbers from 1 on");
	}
	await using servers = await startHaServers();
	const results = { ...(await measureLoad(servers, opts)), failovers: await measureFailovers(servers, opts) };
	console.log(`\nwritten to ${writeResults(toText(results), "ha")}`);
};

const measureLoad = async (
	servers: HaServers,
	opts: Opts,
): Promise<{ readonly throughput: readonly Throughput[]; readonly overload: Overload }> => {
	await using world = await openHaReplicas(await servers.ground(), { between: "nothing", config: CONFIG });
	const limani = await fleetOf(world);
	const throughput = await throughputBesidePeers(servers, limani, opts);
	for (const row of throughput) console.log(formatRow(row));
	const overload = await measureOverload(world, limani, opts.overload);
	console.log(formatOverload(overload));
	return { throughput, overload };
};

const throughputBesidePeers = async (servers: HaServers, limani: Fleet, opts: Opts): Promise<readonly Throughput[]> => {
	await using peers = await startPeers(servers, limani.nodes.length);
	return await measureThroughput([limani, ...peers.fleets], opts);
};

const measureFailovers = async (servers: HaServers, { rounds }: Opts): Promise<readonly Failover[]> => {
	await using world = await openHaReplicas(await servers.ground(), { between: "proxies", config: CONFIG });
	const failovers: Failover[] = [];
	for (const [what, hurt] of Object.entries(hurtsWith(servers.postgres))) {
		const blows = await inTurn(rounds, () => measureBlow(world, hurt));
		failovers.push({ what, blows });
		console.log(formatFailover({ what, blows }));
	}
	return failovers;
};

const inTurn = async <T>(times: number, work: () => Promise<T>): Promise<readonly T[]> => {
	const results: T[] = [];
	for (let i = 0; i < times; i++) results.push(await work());
	return results;
};

const formatRow = ({ row, fleet, asked, rounds }: Throughput): string => {
	const all = rounds.map(({ perSecond }) => perSecond);
	const middle = (of: keyof Round, digits: number): string =>
		median(rounds.flatMap((round) => round[of] ?? [])).toFixed(digits);
	const range = `${Math.min(...all).toFixed(0)}–${Math.max(...all).toFixed(0)}`;
	const queries = rounds[0]?.queries === undefined ? "" : `  ${middle("queries", 2)} queries`;
	return `${row.padEnd(16)} ${fleet} ${asked} asked  ${middle("perSecond", 0).padStart(6)} /s (${range})  p50 ${middle("p50", 1)} p99 ${middle("p99", 1)} ms  ${middle("cpu", 2)} ms CPU${queries}`;
};

const formatOverload = ({ before, during, after, memory }: Overload): string =>
	[before, during, after]
		.map(({ requests, seconds, p50, p99, failed }, n) => {
			const when = ["before", "overload", "right after"][n] ?? "";
			const good = ((requests - failed) / seconds).toFixed(0);
			return `${when}: ${good} /s, p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} ms, ${failed} of ${requests} failed, ${memory[n]?.toFixed(0)} MiB`;
		})
		.join("\n");

const formatFailover = ({ what, blows }: Failover): string =>
	[
		`${what}, ${blows.length} times`,
		...blows.map(
			({ failed, pulls, lastFailure, pushes }) =>
				`  ${failed} of ${pulls} pulls failed, the last ${Math.round(lastFailure)} ms after it; pushes are taken by all ${Math.round(pushes)} ms later`,
		),
	].join("\n");
