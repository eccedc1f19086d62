// One machine: the database and the blobs are files, and so is the archive, which is sealed.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { PushLoad } from "../../support/backup-load.ts";
import {
	type BackupSite,
	dieInBackup,
	dieInLaterBackup,
	loseAndRestore,
	startBackedUp,
	writeTarget,
} from "../../support/backup-suite.ts";
import { limaniCommand } from "../../support/limani-command.ts";
import { writeConfig } from "../../support/limani-process.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const openSite = (t: TestContext): BackupSite & { readonly place: string } => {
	const root = temporaryDirectory(t);
	const place = join(root, "archive");
	const keyFile = join(root, "archive.key");
	writeFileSync(keyFile, randomBytes(32), { mode: 0o600 });
	return {
		root,
		place,
		archive: { archive: { filesystem: { root: place } }, keyFile },
		parts: async () => ({}),
		async breakBlob(name) {
			const files = globSync("stores/default/data/??/*.sha256-*", { cwd: join(root, name) });
			const file = files[0] ?? assert.fail(`${name} has no blob`);
			const bytes = readFileSync(join(root, name, file));
			bytes[0] = (bytes[0] ?? 0) ^ 1;
			writeFileSync(join(root, name, file), bytes);
			return file.replace(/^.*(?=\/[0-9a-f]{2}\/)\//, "");
		},
	};
};

test("a registry on files is backed up under load, killed, and made again as of any instant", (t) =>
	loseAndRestore(t, openSite(t)));

test("a registry on files that dies in a backup leaves none, and the next one is whole", async (t) => {
	const site = openSite(t);
	await dieInBackup(t, site, async () => globSync(join(site.place, "**/stores/default/blobs/*/*/*")).length > 0);
});

test("a registry on files that dies in a later backup keeps the earlier one, and the next one is whole", async (t) => {
	const site = openSite(t);
	await dieInLaterBackup(t, site, async () => globSync(join(site.place, "**/stores/default/snapshots/*")).length);
});

test("an archive that was hurt, or is opened with another key, is refused in words that say where", async (t) => {
	const site = openSite(t);
	await using registry = await startBackedUp(site);
	await new PushLoad(registry.limani.url).push("team/app", "v", 1);
	const backup = await registry.backUp();
	assert.equal(backup.code, 0, backup.output);
	await registry.limani.stop();
	const dataDir = await writeTarget(site, "again");
	const file = (part: string): string => globSync(join(site.place, "**", part)).find((path) => /-|\./.test(path)) ?? "";
	const key = join(site.root, "archive.key");
	const hurts: readonly (readonly [string, (bytes: Buffer) => Buffer | undefined, RegExp])[] = [
		[
			file("backups/*"),
			(bytes) => bytes.fill(bytes.at(60) === 0 ? 1 : 0, 60, 61),
			/backups\/\S+ in the archive was changed/,
		],
		[
			file("stores/default/snapshots/*"),
			(bytes) => bytes.subarray(0, -1),
			/snapshots\/\S+ in the archive was changed, or is cut short/,
		],
		[
			file("stores/default/blobs/*/*/*"),
			() => undefined,
			/the blob sha256:\S+ of the store default is missing in the archive/,
		],
		[key, () => randomBytes(32), /sealed with another key than the one given/],
	];
	for (const [path, harm, expected] of hurts) {
		const bytes = readFileSync(path);
		const harmed = harm(Buffer.from(bytes));
		rmSync(path);
		if (harmed !== undefined) writeFileSync(path, harmed, { mode: 0o600 });
		const refused = await limaniCommand(dataDir, "restore", "--archive");
		assert.equal(refused.code, 1, path);
		assert.match(refused.output, expected);
		writeFileSync(path, bytes, { mode: 0o600 });
	}
	const blob = file("stores/default/blobs/*/*/*");
	const bytes = readFileSync(blob);
	writeFileSync(blob, Buffer.from(bytes).fill(0, 30, 40));
	const cut = await limaniCommand(dataDir, "restore", "--archive");
	assert.equal(cut.code, 1);
	assert.match(cut.output, /blobs\/\S+ in the archive was changed, or is cut short/);
	writeConfig({ dataDir });
	const started = await limaniCommand(dataDir, "registry");
	assert.equal(started.code, 1);
	assert.match(started.output, /a restore of .* began here and did not end/);
	writeFileSync(blob, bytes);
	await writeTarget(site, "again");
	const restored = await limaniCommand(dataDir, "restore", "--archive");
	assert.equal(restored.code, 0, restored.output);
});
