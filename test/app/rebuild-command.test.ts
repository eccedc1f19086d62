import assert from "node:assert/strict";
import { globSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { HttpClient } from "../support/http-client.ts";
import { limaniCommand } from "../support/limani-command.ts";
import { ADMIN_AUTHORIZATION, startLimani } from "../support/limani-process.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const keysIn = (dataDir: string): readonly unknown[] => {
	const db = new DatabaseSync(join(dataDir, "metadata.db"), { readOnly: true });
	try {
		return db
			.prepare("SELECT kid FROM signing_keys")
			.all()
			.map(({ kid }) => kid);
	} finally {
		db.close();
	}
};

test("a rebuilt registry signs with a new key, whatever keys its database had", async (t) => {
	const dataDir = temporaryDirectory(t);
	const bytes = Buffer.from("kept");
	{
		await using limani = await startLimani({ dataDir });
		using client = new HttpClient(limani.url, ADMIN_AUTHORIZATION);
		const path = `/v2/team/r/blobs/uploads/?digest=${digestOf(bytes)}`;
		assert.equal((await client.call({ method: "POST", path, body: [bytes] }))?.status, 201);
		// Its last act is to write the journal.
		await limani.stop("SIGTERM");
	}
	for (const file of globSync(join(dataDir, "metadata.db*"))) rmSync(file);
	const replaced = await limaniCommand(dataDir, "replace-keys");
	assert.equal(replaced.code, 0, replaced.output);
	const before = keysIn(dataDir);
	assert.equal(before.length, 1);

	const rebuilt = await limaniCommand(dataDir, "rebuild");
	assert.equal(rebuilt.code, 0, rebuilt.output);
	assert.match(rebuilt.output, /1 repositories, 0 manifests, 1 blobs/);
	const after = keysIn(dataDir);
	assert.equal(after.length, 1);
	assert.notDeepEqual(after, before);
	await using limani = await startLimani({ dataDir });
	using client = new HttpClient(limani.url, ADMIN_AUTHORIZATION);
	const answer = await client.call({ method: "GET", path: `/v2/team/r/blobs/${digestOf(bytes)}` });
	assert.equal(answer?.body.toString(), "kept");
});
