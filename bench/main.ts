// Limani against its peers on this machine, over loopback: `npm run bench -- --help`, and docs/benchmark.md.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ADMIN_AUTHORIZATION } from "../test/support/limani-process.ts";
import { runLifecycle } from "./lifecycle/run.ts";
import { Puller } from "./load/pull.ts";
import { measureRow, untilQuiet } from "./measure-row.ts";
import { type BenchOptions, readOptions } from "./options.ts";
import { formatRow, formatVerdict, type RowReport, reportOf } from "./report.ts";
import type { Row, Tools } from "./row.ts";
import { imageRows } from "./rows/images.ts";
import { largeRows } from "./rows/large.ts";
import { listingRows } from "./rows/listings.ts";
import { pushRows } from "./rows/pushes.ts";
import { measureSlow, type SlowResult } from "./rows/slow.ts";
import { smallRows } from "./rows/small.ts";
import { makeSeeds, pushSeeds, type Seeded, type SeedName, writeSeeds } from "./seed/seed.ts";
import type { Server } from "./servers/server.ts";
import { requireProgram, startServers } from "./servers/start.ts";
import { toText, writeResults } from "./write-results.ts";

const ALL_ROWS: readonly Row[] = [...smallRows, ...largeRows, ...pushRows, ...imageRows, ...listingRows];

const [first, ...others] = process.argv.slice(2);
const options = first === "lifecycle" ? undefined : readOptions(process.argv.slice(2));
if (first === "lifecycle") await runLifecycle(others);
if (options !== undefined) {
	const folder = mkdtempSync(join(tmpdir(), "limani-bench-"));
	try {
		await bench(options, folder);
	} finally {
		say("removing what was written");
		rmSync(folder, { recursive: true, force: true });
	}
}

async function bench(opts: BenchOptions, folder: string): Promise<void> {
	const rows = opts.only === undefined ? ALL_ROWS : ALL_ROWS.filter(({ name }) => opts.only?.includes(name));
	const slow = opts.only === undefined ? opts.full : opts.only.includes("slow");
	const wrk = requireProgram("wrk");
	const names = new Set<SeedName>([...rows.flatMap(({ seeds }) => seeds), ...(slow ? (["large"] as const) : [])]);
	say(`seeding: ${[...names].join(", ")}`);
	const seeded = makeSeeds(names);
	const places = { registryRoot: join(folder, "registry"), staticRoot: join(folder, "static") };
	writeSeeds(seeded, places);
	await using servers = await startServers({
		...places,
		folder,
		peers: opts.peers,
		catalog: seeded.catalog,
		profileTo: opts.profileTo,
	});
	await seedLimani(servers.limani, seeded);
	using puller = new Puller();
	const tools: Tools = { puller, wrk, seconds: opts.full ? 3 : 1, seeded };
	const reports: RowReport[] = [];
	for (const row of rows) {
		const report = reportOf(await measureRow(row, servers.all, opts.rounds, tools));
		reports.push(report);
		say(formatRow(report));
	}
	const slowResult = slow ? await measureSlow(servers.limani, tools) : undefined;
	if (slowResult !== undefined) say(formatSlow(slowResult));
	conclude(opts, servers.all, { reports, slow: slowResult });
}

async function seedLimani(limani: Server, seeded: Seeded): Promise<void> {
	const start = performance.now();
	await pushSeeds(seeded, limani, ADMIN_AUTHORIZATION);
	say(`pushed Limani's seeds in ${((performance.now() - start) / 1000).toFixed(0)} s`);
	await untilQuiet(limani, 60_000);
}

interface Results {
	readonly reports: readonly RowReport[];
	readonly slow: SlowResult | undefined;
}

function conclude(opts: BenchOptions, servers: readonly Server[], { reports, slow }: Results): void {
	const verdicts = reports.flatMap((report) => report.verdicts);
	const missed = verdicts.filter(({ met }) => !met);
	say(`\n${verdicts.length - missed.length} of ${verdicts.length} targets met`);
	for (const verdict of missed) say(`MISSED ${formatVerdict(verdict)}`);
	const text = toText({
		rounds: opts.rounds,
		servers: servers.map(({ name, remark }) => ({ name, remark })),
		rows: reports,
		slow,
	});
	if (opts.json) {
		console.log(text);
		return;
	}
	say(`written to ${writeResults(text)}`);
}

function formatSlow({ connections, baseMiB, peakMiB, limitMiB, gigabytes }: SlowResult): string {
	const verdict = peakMiB <= limitMiB ? "within" : "MISSED, beyond";
	return `\nslow: ${connections} slow pulls of 256 MiB took ${gigabytes.toFixed(2)} GB: ${baseMiB.toFixed(0)} MiB before, at most ${peakMiB.toFixed(0)} MiB, ${verdict} ${limitMiB.toFixed(0)} MiB`;
}

/** Progress and tables go where they do not mix with JSON. */
function say(text: string): void {
	console.error(text);
}
