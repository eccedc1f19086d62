// What the crash tests rest on: their checks find what they are for.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type CrashRunOpts, crashRun, type SettledRegistry } from "../../support/crash-run.ts";
import { SEED } from "../../support/crash-settings.ts";
import { limaniCommand } from "../../support/limani-command.ts";
import { ADMIN_AUTHORIZATION } from "../../support/limani-process.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** Nothing is hurt: what these tests find they did themselves. */
const peace: Pick<CrashRunOpts, "injure"> = { injure: async () => {} };

/** The files of a store's finished blobs; journal and snapshots are left out. */
const blobsIn = (root: string): readonly string[] =>
	readdirSync(root, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && /\/[0-9a-f]{2}$/.test(entry.parentPath))
		.map(({ parentPath, name }) => join(parentPath, name));

/** Deletes a tag behind its client's back; gives the path. */
const deleteSomeTag = async ({ ledgers, limani }: SettledRegistry): Promise<string> => {
	for (const { name, tags } of ledgers) {
		const [tag] = [...tags].find(([, { value }]) => value !== undefined) ?? [];
		if (tag === undefined) continue;
		const path = `/v2/${name}/manifests/${tag}`;
		const headers = { authorization: ADMIN_AUTHORIZATION };
		assert.equal((await fetch(`${limani.url}${path}`, { method: "DELETE", headers })).status, 202);
		return path;
	}
	return assert.fail("no client has a tag");
};

test("a tag that went, a blob that is lost, one that changed and a stray file are found", async (t) => {
	const dataDir = temporaryDirectory(t);
	await using settled = await crashRun({ seed: SEED, seconds: 3, dataDir, ...peace });
	const tag = await deleteSomeTag(settled);
	await assert.rejects(settled.check(settled.limani.url), { name: "Violation", message: new RegExp(tag) });

	const root = join(dataDir, "stores/default/data");
	const [lost, changed] = blobsIn(root);
	assert.ok(lost !== undefined && changed !== undefined);
	rmSync(lost);
	const bytes = readFileSync(changed);
	bytes[0] = (bytes[0] ?? 0) ^ 1;
	writeFileSync(changed, bytes);
	mkdirSync(join(root, "00"), { recursive: true });
	writeFileSync(join(root, "00", "stray"), "nobody knows me");

	const { code, output } = await limaniCommand(dataDir, "verify", "--full");
	assert.equal(code, 1);
	for (const kind of ["missing", "digest", "unknown"]) assert.match(output, new RegExp(`^${kind}: default/`, "m"));
	assert.match(output, /^unknown: default\/00\/stray, got 15$/m);
});
