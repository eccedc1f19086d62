import { parseArgs } from "node:util";
import { openHaReplicas } from "../../test/support/ha/world.ts";
import { toText, writeResults } from "../write-results.ts";
import { blows, type Failover, measureFailover } from "./failover.ts";
import { measureOverload, type Overload } from "./overload.ts";
import { startHaServers } from "./servers.ts";
import { measurePulls, measurePushes, pushContent, type Throughput } from "./throughput.ts";

const HELP = `npm run bench:ha -- [OPTIONS]
  --seconds N    how long each row is measured, default 8
  --overload N   seconds of overload, default 60
Throughput at one, two and three replicas over PostgreSQL and MinIO, what clients notice when something fails, and ten
times as many clients as one replica needs. PostgreSQL, MinIO (.ci/parts) and wrk are needed.`;

/** Measures replicas, and writes down what came of it. */
export const runHa = async (args: readonly string[]): Promise<void> => {
	const { values } = parseArgs({
		args: [...args],
		options: {
			seconds: { type: "string", default: "8" },
			overload: { type: "string", default: "60" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		console.log(HELP);
		return;
	}
	await using servers = await startHaServers();
	const log = { requests: false };
	const throughput: { readonly replicas: number; readonly rows: readonly Throughput[] }[] = [];
	const failovers: Failover[] = [];
	let overload: Overload | undefined;
	for (const replicas of [1, 2, 3]) {
		await using world = await openHaReplicas(await servers.ground(), { replicas, loopback: true, config: { log } });
		const content = await pushContent(world.replicas[0].url);
		const seconds = Number(values.seconds);
		const rows = [...(await measurePulls(world, content, seconds)), await measurePushes(world, seconds)];
		throughput.push({ replicas, rows });
		for (const row of rows) console.log(formatRow(replicas, row));
		if (replicas === 1) {
			overload = await measureOverload(world, content, Number(values.overload));
			console.log(formatOverload(overload));
		}
		if (replicas < 3) continue;
		for (const [what, hurt] of Object.entries(blows(servers)).toReversed()) {
			const result = await measureFailover(world, what, hurt);
			failovers.push(result);
			console.log(formatFailover(result));
		}
	}
	console.log(`\nwritten to ${writeResults(toText({ throughput, failovers, overload }), "ha")}`);
};

const formatRow = (replicas: number, { row, perSecond, p50, p99, cpu, queries }: Throughput): string =>
	`${replicas} replicas  ${row.padEnd(16)} ${perSecond.toFixed(0).padStart(6)} /s  p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms  ${cpu.toFixed(2)} ms CPU  ${queries.toFixed(2)} queries`;

const formatOverload = ({ before, during, after, memory }: Overload): string =>
	[before, during, after]
		.map(({ requests, seconds, p50, p99, failed }, n) => {
			const when = ["before", "overload", "right after"][n] ?? "";
			const good = ((requests - failed) / seconds).toFixed(0);
			return `${when}: ${good} /s, p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} ms, ${failed} of ${requests} failed, ${memory[n]?.toFixed(0)} MiB`;
		})
		.join("\n");

const formatFailover = ({ what, lastFailure, failed, pulls, pushes }: Failover): string =>
	`${what}: ${failed} of ${pulls} pulls failed, the last ${Math.round(lastFailure)} ms after it; pushes are taken everywhere ${Math.round(pushes)} ms later`;
