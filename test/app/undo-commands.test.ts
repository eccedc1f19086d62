import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { HttpClient } from "../support/http-client.ts";
import { limaniCommand } from "../support/limani-command.ts";
import { ADMIN_AUTHORIZATION, startLimani } from "../support/limani-process.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test("what was deleted is told, and comes back while the registry is stopped", { timeout: 120_000 }, async (t) => {
	const dataDir = temporaryDirectory(t);
	const blob = Buffer.from("{}");
	const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf(blob), size: 2 };
	const mediaType = "application/vnd.oci.image.manifest.v1+json";
	const payload = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] }));
	const digest = digestOf(payload);
	{
		await using limani = await startLimani({ dataDir });
		using client = new HttpClient(limani.url, ADMIN_AUTHORIZATION);
		const path = `/v2/team/r/blobs/uploads/?digest=${digestOf(blob)}`;
		assert.equal((await client.call({ method: "POST", path, body: [blob] }))?.status, 201);
		const put = { method: "PUT", path: "/v2/team/r/manifests/v1", headers: { "Content-Type": mediaType } };
		assert.equal((await client.call({ ...put, body: [payload] }))?.status, 201);
		const gone = await client.call({ method: "DELETE", path: `/v2/team/r/manifests/${digest}` });
		assert.equal(gone?.status, 202);
		const unlinked = await client.call({ method: "DELETE", path: `/v2/team/r/blobs/${digestOf(blob)}` });
		assert.equal(unlinked?.status, 202);
		const told = await limaniCommand(dataDir, "history", "team/r");
		assert.equal(told.code, 0, told.output);
		assert.match(told.output, new RegExp(`^team/r@${digest} {2}since .* by .* {2}until .* {2}can be restored until `));
		const running = await limaniCommand(dataDir, "restore", "team/r:v1");
		assert.equal(running.code, 1, "the registry is at work on its database");
		await limani.stop("SIGTERM");
	}
	const refused = await limaniCommand(dataDir, "restore", "team/r:v2");
	assert.deepEqual(refused, { code: 1, output: "not restored: there was no tag v2 then\n" });
	const restored = await limaniCommand(dataDir, "restore", "team/r:v1");
	const expected = `restored: team/r@${digest}\nrestored: team/r:v1, at ${digest}\n`;
	assert.deepEqual(restored, { code: 0, output: expected });
	await using limani = await startLimani({ dataDir });
	using client = new HttpClient(limani.url, ADMIN_AUTHORIZATION);
	const manifest = await client.call({ method: "GET", path: "/v2/team/r/manifests/v1" });
	assert.deepEqual(manifest?.body, payload);
	assert.equal((await client.call({ method: "GET", path: `/v2/team/r/blobs/${digestOf(blob)}` }))?.status, 200);
	const history = await limaniCommand(dataDir, "history", "team/r:v1");
	assert.equal(history.output.trim().split("\n").length, 2, history.output);
});

test("all that was deleted from a repository comes back, or what was lately", { timeout: 120_000 }, async (t) => {
	const dataDir = temporaryDirectory(t);
	const mediaType = "application/vnd.oci.image.index.v1+json";
	const indexes = ["one", "two"].map((name) => {
		const payload = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [], annotations: { name } }));
		return { name, payload, digest: digestOf(payload) };
	});
	let between = "";
	{
		await using limani = await startLimani({ dataDir });
		using client = new HttpClient(limani.url, ADMIN_AUTHORIZATION);
		const call = async (method: string, reference: string, body: readonly Buffer[] = []) => {
			const headers = { "Content-Type": mediaType };
			const path = `/v2/team/r/manifests/${reference}`;
			return (await client.call({ method, path, headers, body: [...body] }))?.status;
		};
		for (const { name, payload } of indexes) assert.equal(await call("PUT", name, [payload]), 201);
		assert.equal(await call("PUT", "alias", [indexes[1]?.payload ?? Buffer.alloc(0)]), 201);
		assert.equal(await call("DELETE", "alias"), 202);
		assert.equal(await call("DELETE", indexes[0]?.digest ?? ""), 202);
		await sleep(20);
		between = new Date().toISOString();
		await sleep(20);
		assert.equal(await call("DELETE", indexes[1]?.digest ?? ""), 202);
		await limani.stop("SIGTERM");
	}
	const [one, two] = indexes;
	const lately = await limaniCommand(dataDir, "restore", "team/r", "--since", between);
	const second = `restored: team/r@${two?.digest}\nrestored: team/r:two, at ${two?.digest}\n`;
	assert.deepEqual(lately, { code: 0, output: second });
	const rest = await limaniCommand(dataDir, "restore", "team/r");
	const first = `restored: team/r@${one?.digest}\nrestored: team/r:one, at ${one?.digest}\n`;
	assert.deepEqual(rest, { code: 0, output: `${first}restored: team/r:alias, at ${two?.digest}\n` });
	const again = await limaniCommand(dataDir, "restore", "team/r");
	const nothing = "nothing to restore: nothing that can be was deleted from team/r\n";
	assert.deepEqual(again, { code: 0, output: nothing });
});

test("what cannot be meant is said", async (t) => {
	const dataDir = temporaryDirectory(t);
	for (const [args, says] of [
		[["restore", "registry.example.com:5080/team/r:v"], /without the registry's host/],
		[["restore"], /expected one REPOSITORY:TAG, REPOSITORY@DIGEST or REPOSITORY/],
		[["restore", "team/r:v", "--since", "2026-01-31T12:00:00Z"], /--since: expected REPOSITORY alone/],
		[["restore", "team/r:v", "--at", "yesterday"], /--at: got "yesterday"/],
		[["history", "team/r", "--control", "https://127.0.0.1:1"], /--token-file/],
	] as const) {
		const { code, output } = await limaniCommand(dataDir, ...args);
		assert.equal(code, 1);
		assert.match(output, says);
	}
});
