import { parseArgs } from "node:util";
import { toText, writeResults } from "../write-results.ts";
import { type CollectionResult, measureCollection } from "./collection.ts";
import type { Foreground, Latency } from "./foreground.ts";
import { type IdleReplicationResult, measureIdleReplication } from "./idle-replication.ts";
import { type MigrationResult, measureMigration } from "./migration.ts";
import { measureReplication, type ReplicationResult } from "./replication.ts";
import { measureRetention, type RetentionResult } from "./retention.ts";

const HELP = `npm run bench:lifecycle -- [OPTIONS]
  --blobs N,N       how many blobs to collect, default 10000,100000
  --tags N          how many tags retention looks at, default 100000; 0: leave it out
  --agreeing N      how many tags agree already where replication has nothing to do, default 100000; 0: leave it out
  --images N,N      how many small and large images are replicated, default 1000,5; 0,0: leave it out
  --migrated N,N    how many tags a registry has that moves from SQLite to PostgreSQL, default 30000,300000; 0: leave it out
  --million         a million of them, too: half an hour and more
  --seconds N       bound of each collection, default 900; what was done by then counts
  --quiet N         seconds of clients without a collector beforehand, default 15`;

/** As fast as it can. */
const UNLIMITED = 1_000_000;
/** Of those tags that agree. */
const REPOSITORIES = 100;

const say = (text: string): void => {
	console.error(text);
};

/** Runs the benchmark of what a registry does with its content as it gets old. */
export const runLifecycle = async (args: readonly string[]): Promise<void> => {
	const { values } = parseArgs({
		args: [...args],
		options: {
			blobs: { type: "string", default: "10000,100000" },
			tags: { type: "string", default: "100000" },
			agreeing: { type: "string", default: "100000" },
			images: { type: "string", default: "1000,5" },
			migrated: { type: "string", default: "30000,300000" },
			million: { type: "boolean", default: false },
			seconds: { type: "string", default: "900" },
			quiet: { type: "string", default: "15" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		console.log(HELP);
		return;
	}
	const sizes = [...values.blobs.split(",").map(Number), ...(values.million ? [1_000_000] : [])];
	const bounds = { quietSeconds: Number(values.quiet), atMost: Number(values.seconds) };
	const collections: CollectionResult[] = [];
	for (const blobs of sizes.filter((each) => each > 0)) {
		for (const rate of [undefined, UNLIMITED]) {
			const result = await measureCollection({ blobs, rate, ...bounds });
			collections.push(result);
			say(format(result));
		}
	}
	const retentions: RetentionResult[] = [];
	const tags = Number(values.tags);
	for (const repositories of tags === 0 ? [] : [100, 1]) {
		for (const result of await measureRetention(repositories, tags / repositories)) {
			retentions.push(result);
			say(formatRetention(result));
		}
	}
	const [small = 0, large = 0] = values.images.split(",").map(Number);
	const replication = small + large === 0 ? undefined : await measureReplication({ small, large });
	if (replication !== undefined) say(formatReplication(replication));
	const agreeing = Number(values.agreeing);
	const idle = agreeing === 0 ? [] : await measureIdleReplication(REPOSITORIES, agreeing / REPOSITORIES);
	for (const result of idle) say(formatIdle(result));
	const migrations: MigrationResult[] = [];
	for (const count of values.migrated.split(",").map(Number)) {
		if (count === 0) continue;
		const result = await measureMigration(count);
		migrations.push(result);
		say(formatMigration(result));
	}
	say(`\nwritten to ${writeResults(toText({ collections, retentions, replication, idle, migrations }), "lifecycle")}`);
};

const format = (result: CollectionResult): string => {
	const rate = result.rate === "default" ? "the default rate" : "no limit";
	const lines = [
		`\n${result.blobs} blobs at ${rate}: ${result.gone} gone in ${result.seconds.toFixed(0)} s, ${result.perSecond.toFixed(0)} a second`,
		`  condemned ${result.condemnedPerSecond.toFixed(0)} a second, CPU ${result.cpuMsPerBlob.toFixed(2)} ms a blob, peak ${result.peakMiB.toFixed(0)} MiB`,
		`  clients without it: ${formatClients(result.without)}`,
		`  clients beside it:  ${formatClients(result.beside)}`,
	];
	return lines.join("\n");
};

const formatRetention = (result: RetentionResult): string =>
	`\n${result.tags} tags in ${result.repositories} repositories, ${result.name}: ${result.looked} looked at, ${result.removed} to go, ${result.seconds.toFixed(1)} s, ${result.growthMiB.toFixed(0)} MiB more`;

const formatReplication = ({ small, large, limani, skopeo, limaniAgain, skopeoAgain }: ReplicationResult): string =>
	[
		`\n${small} small and ${large} large images: Limani ${limani.toFixed(1)} s, skopeo sync ${skopeo.toFixed(1)} s`,
		`  once more, with nothing to do: Limani ${limaniAgain.toFixed(1)} s, skopeo sync ${skopeoAgain.toFixed(1)} s`,
	].join("\n");

const formatIdle = (result: IdleReplicationResult): string =>
	[
		`\n${result.tags} tags in ${result.repositories} repositories agree, ${result.name}: ${result.seconds.toFixed(1)} s`,
		`  CPU ${result.cpu.toFixed(1)} s and ${result.cpuThere.toFixed(1)} s there, peak ${result.peakMiB.toFixed(0)} MiB and ${result.peakThereMiB.toFixed(0)} MiB there`,
	].join("\n");

const formatMigration = (result: MigrationResult): string =>
	[
		`\n${result.tags} tags go from SQLite to PostgreSQL: ${result.rows} rows in ${result.seconds.toFixed(1)} s, writes held for ${result.heldMs} ms`,
		`  CPU ${result.cpu.toFixed(1)} s, peak ${result.peakMiB.toFixed(0)} MiB`,
		`  clients without it: ${formatClients(result.without)}`,
		`  clients beside it:  ${formatClients(result.beside)}`,
	].join("\n");

const formatClients = ({ push, pull }: Foreground): string =>
	`push p50 ${ms(push, "p50")} p99 ${ms(push, "p99")}, pull p50 ${ms(pull, "p50")} p99 ${ms(pull, "p99")}`;

const ms = (latency: Latency, which: "p50" | "p99"): string => `${latency[which].toFixed(1)} ms`;
