import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type LimaniProcess, startLimani } from "../../test/support/limani-process.ts";
import { startPostgres } from "../servers/postgres.ts";
import { cpuSeconds, peakMiB } from "../servers/usage.ts";
import { fillTags } from "./fill-tags.ts";
import { type Foreground, runForeground } from "./foreground.ts";

/** What the move of a registry's database from SQLite to PostgreSQL took, while clients pushed and pulled. */
export interface MigrationResult {
	readonly tags: number;
	/** That went over, with those that were changed meanwhile. */
	readonly rows: number;
	/** From the start of the process to the move. */
	readonly seconds: number;
	/** For which writes waited, milliseconds. */
	readonly heldMs: number;
	/** Of the registry until the move, its start and its clients included, seconds. */
	readonly cpu: number;
	readonly peakMiB: number;
	/** Clients as long as it goes on. */
	readonly beside: Foreground;
	/** Clients of the same registry before. */
	readonly without: Foreground;
}

const REPOSITORIES = 100;
const QUIET_MS = 5_000;
const AT_MOST_S = 1_800;

const movedSchema = z.object({ rows: z.number(), heldMs: z.number() });

/** Moves the metadata of a registry that has so many tags, each on a manifest of its own. */
export const measureMigration = async (tags: number): Promise<MigrationResult> => {
	const dataDir = mkdtempSync(join(tmpdir(), "limani-lifecycle-"));
	try {
		await (await start(dataDir, {})).stop();
		fillTags({ directory: dataDir, project: "team", repositories: REPOSITORIES, tags: tags / REPOSITORIES });
		const without = await quiet(dataDir);
		return { tags, without, ...(await move(dataDir)) };
	} finally {
		rmSync(dataDir, { recursive: true, force: true });
	}
};

const start = (dataDir: string, sqlite: object): Promise<LimaniProcess> =>
	startLimani({ dataDir, config: { database: { sqlite }, log: { requests: false } } });

const quiet = async (dataDir: string): Promise<Foreground> => {
	await using limani = await start(dataDir, {});
	const clients = await runForeground(limani.url, AbortSignal.timeout(QUIET_MS));
	await limani.stop();
	return clients;
};

const move = async (dataDir: string): Promise<Omit<MigrationResult, "tags" | "without">> => {
	await using postgres = await startPostgres();
	const url = await postgres.database();
	const from = performance.now();
	await using limani = await start(dataDir, { migrateTo: { postgres: { url } } });
	const pid = limani.child.pid ?? 0;
	const over = new AbortController();
	const clients = runForeground(limani.url, over.signal);
	let moved = findMoved(limani);
	while (moved === undefined) {
		if (performance.now() - from > AT_MOST_S * 1000) throw new Error(`it did not move:\n${limani.output()}`);
		await Promise.race([sleep(50), clients]);
		moved = findMoved(limani);
	}
	const seconds = (performance.now() - from) / 1000;
	const [cpu, peak] = [cpuSeconds(pid), peakMiB(pid)];
	over.abort();
	const beside = await clients;
	await limani.stop();
	return { rows: moved.rows, heldMs: moved.heldMs, seconds, cpu, peakMiB: peak, beside };
};

/** What the log says of the move; undefined as long as it has not moved. */
const findMoved = (limani: LimaniProcess): z.output<typeof movedSchema> | undefined => {
	const line = limani
		.output()
		.split("\n")
		.find((each) => each.includes("migration.moved"));
	return line === undefined ? undefined : movedSchema.parse(JSON.parse(line));
};
