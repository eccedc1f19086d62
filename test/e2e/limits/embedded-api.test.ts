import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openTestApi } from "../../support/embedded-api.ts";
import { mountSmallDisk } from "../../support/small-disk.ts";

test("a full disk of the embedded API is told to whoever writes; reading goes on, and writing when there is room", async (t) => {
	const disk = mountSmallDisk(t, 8);
	if (disk === undefined) return;
	await using api = await openTestApi({ directory: join(disk.directory, "api"), log: () => undefined });
	const maps = "/api/v1/namespaces/default/configmaps";
	const put = (name: string) =>
		api.call("POST", maps, {
			apiVersion: "v1",
			kind: "ConfigMap",
			metadata: { name },
			data: { x: "x".repeat(100_000) },
		});
	await api.until("/api/v1/namespaces/default", ({ status }) => status === 200);
	assert.equal((await put("one")).status, 201);

	const filling = join(disk.directory, "filling");
	try {
		writeFileSync(filling, Buffer.alloc(disk.free() + 1));
	} catch {
		// What there was room for is written.
	}
	const refused = await put("two");
	assert.equal(refused.status, 500);
	assert.equal(refused.at("message"), "no room on the disk of this API");
	assert.equal((await api.call("GET", `${maps}/one`)).status, 200);
	assert.equal((await api.call("GET", `${maps}/two`)).status, 404);

	rmSync(filling);
	assert.equal((await put("two")).status, 201);
});
