// A disk without room: clients are told so, nothing is corrupted, and all goes on when there is room again.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { limaniCommand } from "../../support/limani-command.ts";
import { ADMIN_AUTHORIZATION, type LimaniProcess, startLimani } from "../../support/limani-process.ts";
import { randomBytes, seededRandom } from "../../support/seeded-random.ts";
import { mountSmallDisk } from "../../support/small-disk.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const MIB = 1024 * 1024;
const random = seededRandom(5);

const ask = (limani: LimaniProcess, method: string, path: string, body?: Buffer | string): Promise<Response> =>
	fetch(path.startsWith("/") ? `${limani.url}${path}` : `${limani.url}/v2/team/app/${path}`, {
		method,
		headers: { authorization: ADMIN_AUTHORIZATION, ...(method === "PUT" && { "content-type": OCI_MANIFEST }) },
		...(body !== undefined && { body }),
	});

const pushBlob = (limani: LimaniProcess, content: Buffer): Promise<Response> =>
	ask(limani, "POST", `blobs/uploads/?digest=${digestOf(content)}`, content);

const pushManifest = (limani: LimaniProcess, tag: string, blob: Buffer, note = ""): Promise<Response> => {
	const descriptor = { mediaType: "application/octet-stream", digest: digestOf(blob), size: blob.length };
	const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers: [], annotations: { note } };
	return ask(limani, "PUT", `manifests/${tag}`, JSON.stringify(manifest));
};

const assertFull = async (response: Response): Promise<void> => {
	const text = await response.text();
	assert.equal(response.status, 507, text);
	assert.equal(JSON.parse(text).errors[0].code, "STORAGE_FULL");
};

const assertPulled = async (limani: LimaniProcess, blob: Buffer): Promise<void> => {
	const response = await ask(limani, "GET", `blobs/${digestOf(blob)}`);
	// What was logged of a failure is written a little later.
	if (!response.ok) await sleep(300);
	assert.equal(response.status, 200, limani.output().slice(-5_000));
	assert.equal(Buffer.from(await response.arrayBuffer()).compare(blob), 0);
};

/** Every live object is whole and every stored byte is known. */
const assertSound = async (dataDir: string): Promise<void> => {
	const { code, output } = await limaniCommand(dataDir, "verify", "--full");
	assert.equal(code, 0, output);
};

describe("a full disk", () => {
	it("of a store is told with 507, and small pushes and pulls go on", async (test) => {
		const disk = mountSmallDisk(test, 24);
		if (disk === undefined) return;
		const dataDir = temporaryDirectory(test);
		const config = {
			stores: { default: { filesystem: { root: join(disk.directory, "store") } } },
			housekeeping: { sweepInterval: "200ms" },
		};
		await using limani = await startLimani({ dataDir, config });
		const small = randomBytes(random, 100_000);
		assert.equal((await pushBlob(limani, small)).status, 201);
		assert.equal((await pushManifest(limani, "one", small)).status, 201);
		const room = disk.free();

		const large = randomBytes(random, 40 * MIB);
		await assertFull(await pushBlob(limani, large));
		await assertPulled(limani, small);

		const { headers } = await ask(limani, "POST", "blobs/uploads/");
		const location = headers.get("location") ?? "";
		const first = large.subarray(0, 10 * MIB);
		assert.equal((await ask(limani, "PATCH", location, first)).status, 202);
		await assertFull(await ask(limani, "PATCH", location, large.subarray(first.length)));
		const { headers: position } = await ask(limani, "GET", location);
		assert.equal(position.get("range"), `0-${first.length - 1}`);
		const whole = large.subarray(0, first.length + 1000);
		const finished = await fetch(`${limani.url}${location}?digest=${digestOf(whole)}`, {
			method: "PUT",
			headers: { authorization: ADMIN_AUTHORIZATION, "content-range": `${first.length}-${whole.length - 1}` },
			body: whole.subarray(first.length),
		});
		assert.equal(finished.status, 201);
		await assertPulled(limani, whole);
		assert.equal((await ask(limani, "DELETE", `blobs/${digestOf(whole)}`)).status, 202);

		// What was refused leaves nothing on the disk.
		for (let i = 0; i < 50 && disk.free() < room - whole.length - MIB; i++) await sleep(100);
		assert.ok(disk.free() >= room - whole.length - MIB, `${room - disk.free()} bytes are gone`);
		assert.equal((await ask(limani, "GET", "/readyz")).status, 200);
		await limani.stop();
		await assertSound(dataDir);
	});

	it("of the database is told with 507, pulls go on, and pushes once there is room again", async (test) => {
		const disk = mountSmallDisk(test, 16);
		if (disk === undefined) return;
		const dataDir = temporaryDirectory(test);
		const config = { database: { sqlite: { directory: disk.directory } } };
		await using limani = await startLimani({ dataDir, config });
		const blob = randomBytes(random, 1_000);
		assert.equal((await pushBlob(limani, blob)).status, 201);
		assert.equal((await pushManifest(limani, "one", blob)).status, 201);
		const filler = join(disk.directory, "filler");
		writeFileSync(filler, Buffer.alloc(Math.max(0, disk.free() - MIB)));

		let accepted = 0;
		let refused: Response | undefined;
		for (let i = 0; i < 200 && refused === undefined; i++) {
			const response = await pushManifest(limani, `full-${i}`, blob, randomBytes(random, 100_000).toString("hex"));
			if (response.status === 201) accepted += 1;
			else refused = response;
		}
		assert.ok(refused !== undefined);
		await assertFull(refused);
		// For a small row there may be room still.
		const { status: other } = await pushBlob(limani, randomBytes(random, 1_000));
		assert.ok(other === 507 || other === 201, `${other}`);
		await assertPulled(limani, blob);
		assert.equal((await ask(limani, "GET", "manifests/one")).status, 200);
		if (accepted > 0) assert.equal((await ask(limani, "GET", `manifests/full-${accepted - 1}`)).status, 200);
		assert.equal((await ask(limani, "GET", `manifests/full-${accepted}`)).status, 404);

		rmSync(filler);
		let status = 0;
		for (let i = 0; i < 50 && status !== 201; i++) {
			status = (await pushManifest(limani, "after", blob)).status;
			if (status !== 201) await sleep(100);
		}
		assert.equal(status, 201);
		assert.equal((await pushBlob(limani, randomBytes(random, 1_000))).status, 201);
		await limani.stop();
		await assertSound(dataDir);
	});
});
