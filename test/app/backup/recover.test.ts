import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import winston from "winston";
import { stringify } from "yaml";
import { openArchive } from "#/app/backup/open-archive.ts";
import { recover } from "#/app/backup/recover.ts";
import { restoreHeld } from "#/app/backup/restore-held.ts";
import { parseConfig } from "#/app/config/load.ts";
import { openOwnedDatabase } from "#/app/database.ts";
import { openProcessParts, type ProcessParts } from "#/app/process-parts.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { idSource } from "#/registry/new-id.ts";
import { backupsOf, holdings, openQuickHarness } from "../../support/backup-bench.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-ports.ts";
import { forever, pushImage } from "../../support/registry.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

interface Target extends ProcessParts {
	/** Where probes look. */
	readonly operations: string;
	/** What was backed up. */
	readonly expected: Awaited<ReturnType<typeof holdings>>;
}

/** A registry that is to begin with what an archive has, and has not begun. */
const openTarget = async (t: TestContext): Promise<Target> => {
	const root = temporaryDirectory(t);
	const archive = { filesystem: { root: join(root, "archive") } };
	const operations = `127.0.0.1:${await freePort()}`;
	const document = {
		dataDir: join(root, "data"),
		stores: {
			default: { filesystem: { root: join(root, "default") } },
			other: { filesystem: { root: join(root, "other") } },
		},
		operations: { listen: operations },
		recovery: { archive },
	};
	const config = parseConfig(stringify(document), "the test's", {});
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	await using opened = await openArchive({ config, newId: idSource() }, { archive }, true);
	await backupsOf(harness, opened.archive).backUp(forever);
	await harness.drain();
	const expected = await holdings(harness);
	const logger = winston.createLogger({ silent: true });
	const { executor } = await openOwnedDatabase(config, () => undefined);
	const parts = await openProcessParts(config, logger, executor);
	return { ...parts, operations, expected };
};

const ask = async (url: string): Promise<readonly [number, string]> => {
	const response = await fetch(url);
	return [response.status, await response.text()];
};

const isFree = async (address: string): Promise<boolean> => {
	const server = createServer().listen(Number(address.split(":")[1]), "127.0.0.1");
	const outcome = await Promise.race([
		once(server, "listening").then(() => true),
		once(server, "error").then(() => false),
	]);
	await new Promise((resolve) => server.close(resolve));
	return outcome;
};

test("probes are answered while a registry is restored, by those too who wait for another process, and never after", async (t) => {
	await using parts = await openTarget(t);
	const { metadata, operations } = parts;
	// Another process is at it.
	assert.ok(await metadata.outbox.lease("restore", "another", 600_000));
	const recovering = recover(parts, forever);
	await eventually(async () => assert.deepEqual(await ask(`http://${operations}/livez`), [200, "ok\n"]));
	const [status, words] = await ask(`http://${operations}/readyz`);
	assert.deepEqual([status, words], [503, "not ready: what the archive of backups has is being restored\n"]);
	assert.equal((await ask(`http://${operations}/metrics`))[0], 200);
	assert.equal((await ask(`http://${operations}/v2/`))[0], 404);
	assert.equal(await metadata.origins.restoration(), undefined);
	await metadata.outbox.lease("restore", "another", 0);
	await recovering;
	assert.ok((await metadata.origins.restoration())?.endedAt);
	assert.deepEqual(await holdings(parts), parts.expected);
	assert.ok(await isFree(operations), "the registry cannot listen where it should");
	const server = createServer().listen(Number(operations.split(":")[1]), "127.0.0.1");
	await once(server, "listening");
	await recover(parts, forever);
	server.close();
});

test("a process whose restore another one took over writes nothing more of it, and waits with the others", async (t) => {
	await using parts = await openTarget(t);
	const { metadata, holder } = parts;
	const { snapshots, outbox } = metadata;
	const apply = snapshots.restore.bind(snapshots);
	const refused = Promise.withResolvers<boolean>();
	Object.assign(snapshots, {
		// It stands still just before it writes, for longer than its lease.
		async restore(...asked: Parameters<typeof apply>) {
			Object.assign(snapshots, { restore: apply });
			await outbox.lease("restore", holder, 0);
			assert.ok(await outbox.lease("restore", "another", 600_000));
			const isApplied = await apply(...asked);
			refused.resolve(!isApplied);
			return isApplied;
		},
	});
	const recovering = recover(parts, forever);
	assert.ok(await refused.promise, "records of a lease that is another's were written");
	assert.deepEqual(await metadata.projects.list({ limit: 9 }), []);
	await eventually(async () => assert.equal((await ask(`http://${parts.operations}/readyz`))[0], 503));
	await outbox.lease("restore", "another", 0);
	await recovering;
	assert.deepEqual(await holdings(parts), parts.expected);
});

test("a process that waits for another one's restore goes on waiting while the database is away", async (t) => {
	await using parts = await openTarget(t);
	const { metadata, operations } = parts;
	const { outbox, origins } = metadata;
	const { lease } = outbox;
	const { restoration } = origins;
	assert.ok(await outbox.lease("restore", "another", 600_000));
	let failures = 0;
	const away = async (): Promise<never> => {
		failures += 1;
		throw new MetadataError("UNAVAILABLE", "away");
	};
	const recovering = recover(parts, forever);
	await eventually(async () => assert.equal((await ask(`http://${operations}/livez`))[0], 200));
	Object.assign(outbox, { lease: away });
	Object.assign(origins, { restoration: away });
	await eventually(() => assert.ok(failures >= 3));
	assert.equal((await ask(`http://${operations}/readyz`))[0], 503);
	Object.assign(outbox, { lease });
	Object.assign(origins, { restoration });
	await outbox.lease("restore", "another", 0);
	await recovering;
	assert.deepEqual(await holdings(parts), parts.expected);
});

test("a restore that is told to end frees the address, and goes on at the next start", async (t) => {
	await using parts = await openTarget(t);
	const { metadata, operations } = parts;
	assert.ok(await metadata.outbox.lease("restore", "another", 600_000));
	const stop = new AbortController();
	const recovering = recover(parts, stop.signal);
	await eventually(async () => assert.equal((await ask(`http://${operations}/livez`))[0], 200));
	stop.abort(new Error("told to end"));
	await assert.rejects(recovering);
	assert.ok(await isFree(operations));
	await metadata.outbox.lease("restore", "another", 0);
	await recover(parts, forever);
	assert.ok((await metadata.origins.restoration())?.endedAt);
});

test("a command that stood still for longer than its lease says so, and goes on where nobody took over", async (t) => {
	await using parts = await openTarget(t);
	const { metadata, config, newId, holder } = parts;
	const { snapshots, outbox } = metadata;
	const apply = snapshots.restore.bind(snapshots);
	Object.assign(snapshots, {
		async restore(...asked: Parameters<typeof apply>) {
			Object.assign(snapshots, { restore: apply });
			await outbox.lease("restore", holder, 0);
			return await apply(...asked);
		},
	});
	await using opened = await openArchive({ config, newId }, config.recovery ?? assert.fail(), false);
	const told: string[] = [];
	const deps = {
		...parts,
		archive: opened.archive,
		leaseMs: 60_000,
		report: () => undefined,
		lost: (message: string) => assert.fail(message),
		again: (message: string) => void told.push(message),
	};
	const { wasDone } = await restoreHeld(deps, { backup: undefined, to: undefined });
	assert.equal(wasDone, false);
	assert.equal(told.length, 1);
	assert.match(told[0] ?? "", /the lease of the restore was lost: this process stood still for too long, or another/);
	assert.deepEqual(await holdings(parts), parts.expected);
	assert.ok(await outbox.lease("restore", "another", 1_000), "it is let go");
});
