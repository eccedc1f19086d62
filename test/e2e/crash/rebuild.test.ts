// The database is lost, the stores are not: `limani rebuild` gives the same registry.
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { crashRun, type SettledRegistry } from "../../support/crash-run.ts";
import { SEED } from "../../support/crash-settings.ts";
import { limaniCommand } from "../../support/limani-command.ts";
import { startLimani, writeConfig } from "../../support/limani-process.ts";
import { photograph } from "../../support/photograph.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const postgres = privatePostgres();

/** Longer than it takes the journal to have everything, in milliseconds. */
const JOURNALED_MS = 3_000;

type Config = Readonly<Record<string, unknown>>;

const populate = (t: TestContext, dataDir: string, config: Config): Promise<SettledRegistry> => {
	t.diagnostic(`SEED=${SEED}`);
	return crashRun({ seed: SEED, seconds: 4, dataDir, config });
};

/** Starts again what was rebuilt, and compares it with what it was and with what its clients were told. */
const compare = async (
	settled: SettledRegistry,
	before: Awaited<ReturnType<typeof photograph>>,
	opts: { readonly dataDir: string; readonly config: Config },
): Promise<void> => {
	await using limani = await startLimani(opts);
	assert.deepEqual(await photograph(limani.url), before);
	await settled.check(limani.url);
	const verified = await limaniCommand(opts.dataDir, "verify", "--full");
	assert.equal(verified.code, 0, verified.output);
};

const loseSqlite = (dataDir: string): void => {
	for (const name of readdirSync(dataDir)) if (name.startsWith("metadata.db")) rmSync(join(dataDir, name));
};

for (const [what, housekeeping] of [
	["the whole journal", {}],
	["snapshots and the end of the journal", { snapshotSegments: 2 }],
] as const) {
	test(`after the loss of the SQLite file, ${what} give the same registry`, async (t) => {
		const dataDir = temporaryDirectory(t);
		const config = { housekeeping };
		await using settled = await populate(t, dataDir, config);
		const before = await photograph(settled.limani.url);
		assert.ok(Object.keys(before).length > 1);
		await sleep(JOURNALED_MS);
		await settled.limani.stop("SIGKILL");

		const refused = await limaniCommand(dataDir, "rebuild");
		assert.equal(refused.code, 1);
		assert.match(refused.output, /needs an empty database/);
		loseSqlite(dataDir);
		const rebuilt = await limaniCommand(dataDir, "rebuild");
		t.diagnostic(rebuilt.output.trim().replaceAll("\n", "; "));
		assert.equal(rebuilt.code, 0, rebuilt.output);
		await compare(settled, before, { dataDir, config });
	});
}

test("after the loss of the PostgreSQL database, rebuild into a new one gives the same registry", async (t) => {
	const [first, second] = [await postgres.database(t), await postgres.database(t)];
	if (first === undefined || second === undefined) return;
	const dataDir = temporaryDirectory(t);
	await using settled = await populate(t, dataDir, { database: { postgres: { url: first } } });
	const before = await photograph(settled.limani.url);
	await settled.limani.stop();

	const config = { database: { postgres: { url: second } } };
	writeConfig({ dataDir, config });
	const rebuilt = await limaniCommand(dataDir, "rebuild");
	t.diagnostic(rebuilt.output.trim().replaceAll("\n", "; "));
	assert.equal(rebuilt.code, 0, rebuilt.output);
	await compare(settled, before, { dataDir, config });
});
