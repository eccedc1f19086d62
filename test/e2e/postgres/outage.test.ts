import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { ask, bearerOf, pushBlob } from "../../support/ha/ask.ts";
import { ADMIN_AUTHORIZATION, startLimani } from "../../support/limani-process.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { imageOf } from "../../support/registry.ts";

const postgres = privatePostgres();

test("with PostgreSQL gone a pull by digest goes on and one by tag waits; once it is back, nothing is old", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await using limani = await startLimani({ config: { database: { postgres: { url } } } });
	const call = (path: string, authorization: string, init: RequestInit = {}): Promise<Response> =>
		fetch(`${limani.url}${path}`, { ...init, headers: { authorization, "content-type": OCI_MANIFEST } });
	const push = async (...contents: readonly [string, ...string[]]): Promise<string> => {
		for (const body of contents) {
			const path = `/v2/team/app/blobs/uploads/?digest=${digestOf(Buffer.from(body))}`;
			assert.equal((await call(path, ADMIN_AUTHORIZATION, { method: "POST", body })).status, 201);
		}
		const manifest = imageOf(...contents);
		const put = await call("/v2/team/app/manifests/v1", ADMIN_AUTHORIZATION, { method: "PUT", body: manifest });
		assert.equal(put.status, 201);
		return manifest;
	};
	const first = await push("config", "layer");
	const manifestPath = `/v2/team/app/manifests/${digestOf(Buffer.from(first))}`;
	const layerPath = `/v2/team/app/blobs/${digestOf(Buffer.from("layer"))}`;
	const unpulledPath = `/v2/team/app/blobs/${digestOf(Buffer.from("config"))}`;
	const query = "service=limani&scope=repository:team/app:pull";
	const { token } = JSON.parse(await (await call(`/token?${query}`, ADMIN_AUTHORIZATION)).text());
	const bearer = `Bearer ${token}`;
	const pull = async (): Promise<void> => {
		for (const [path, content] of [
			[manifestPath, first],
			[layerPath, "layer"],
		] as const) {
			const got = await call(path, bearer);
			assert.deepEqual([got.status, await got.text()], [200, content]);
			assert.equal((await call(path, bearer, { method: "HEAD" })).status, 200);
		}
	};
	const waits = async (path: string, method = "GET"): Promise<void> => {
		const answer = await call(path, bearer, { method });
		await answer.arrayBuffer();
		assert.equal(answer.status, 503, `${method} ${path}`);
		assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
	};
	await pull();
	await postgres.crash();
	await pull();
	for (const method of ["GET", "HEAD"]) await waits("/v2/team/app/manifests/v1", method);
	await waits(unpulledPath);
	// What projects say is believed for 5 seconds; a token needs none of it.
	await sleep(5_500);
	await pull();
	await waits("/v2/team/app/tags/list");
	await postgres.start();
	await untilReady(limani.url);
	const second = await push("config", "another layer");
	const moved = await call("/v2/team/app/manifests/v1", bearer);
	assert.equal(await moved.text(), second);
	assert.equal((await call(manifestPath, ADMIN_AUTHORIZATION, { method: "DELETE" })).status, 202);
	assert.equal((await call(manifestPath, bearer)).status, 404);
	await postgres.crash();
	await waits(manifestPath);
	await postgres.start();
});

test("what was pulled longer ago than limits.linkProofAge waits for PostgreSQL too", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await using limani = await startLimani({
		config: { database: { postgres: { url } }, limits: { linkProofAge: "2s" } },
	});
	const blob = Buffer.from("pulled once");
	await pushBlob(limani.url, "team/app", blob);
	const authorization = await bearerOf(limani.url, "team/app");
	const pull = () => ask(limani.url, { method: "GET", path: `/v2/team/app/blobs/${digestOf(blob)}` }, authorization);
	assert.equal((await pull()).status, 200);
	await postgres.crash();
	t.after(() => postgres.start());
	await sleep(2_500);
	assert.equal((await pull()).status, 503);
});

const untilReady = async (url: string): Promise<void> => {
	const deadline = performance.now() + 30_000;
	while (!(await fetch(`${url}/readyz`).then(({ ok }) => ok))) {
		assert.ok(performance.now() < deadline, "the registry is not ready again");
		await sleep(100);
	}
};
