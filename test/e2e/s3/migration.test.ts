// A registry whose files go to a bucket on a real server while clients push and pull, killed in the middle.
import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { MIB, noise } from "../../conformance/blob-store/bench.ts";
import { eventually } from "../../support/eventually.ts";
import { limaniCommand } from "../../support/limani-command.ts";
import { ADMIN_AUTHORIZATION, spawnLimani, startLimani } from "../../support/limani-process.ts";
import { privateS3, s3Bucket, s3Keys } from "../../support/s3.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const minio = privateS3("minio");
const TIMEOUT = 300_000;

type Stores = { readonly default: object };

/** The ways that the store of one registry is configured. */
const openWays = async (prefix: string): Promise<Record<"files" | "both" | "other" | "bucket" | "empty", Stores>> => {
	const at = { bucket: s3Bucket, endpoint: await minio.endpoint(), pathStyle: true, ...s3Keys };
	const s3 = { ...at, prefix };
	return {
		files: { default: { filesystem: {} } },
		both: { default: { filesystem: { migrateTo: { s3 } } } },
		other: { default: { filesystem: { migrateTo: { s3: { ...at, prefix: `other-${prefix}` } } } } },
		bucket: { default: { s3 } },
		empty: { default: { s3: { ...at, prefix: `empty-${prefix}` } } },
	};
};

/** So that whoever comes after a killed process need not wait. */
const housekeeping = { jobLease: "1s" };

const configOf = (stores: Stores) => ({ stores, housekeeping });

const call = (url: string, path: string, init: RequestInit = {}): Promise<Response> =>
	fetch(new URL(path, url), { ...init, headers: { authorization: ADMIN_AUTHORIZATION, ...init.headers } });

const push = async (url: string, bytes: Buffer<ArrayBuffer>): Promise<void> => {
	const path = `/v2/team/r/blobs/uploads/?digest=${digestOf(bytes)}`;
	const response = await call(url, path, { method: "POST", body: bytes });
	assert.equal(response.status, 201, await response.text());
};

const pull = async (url: string, digest: string): Promise<void> => {
	const response = await call(url, `/v2/team/r/blobs/${digest}`);
	assert.equal(response.status, 200);
	assert.equal(digestOf(Buffer.from(await response.arrayBuffer())), digest);
};

/** Starts it, and gives what it says when it ends at that. */
const refusal = async (dataDir: string, stores: Stores): Promise<string> => {
	await using limani = await spawnLimani({ dataDir, config: configOf(stores) });
	await assert.rejects(() => limani.ready(), /ended at its start/);
	return limani.output();
};

const metricOf = async (url: string, name: string): Promise<number> => {
	const text = await (await call(url, "/metrics")).text();
	return Number(new RegExp(`^${name}\\{.*\\} (\\d+)$`, "m").exec(text)?.[1] ?? Number.NaN);
};

test("files go to a bucket while clients push and pull, over the death of the process, and are not needed any more", {
	skip: minio.skip,
	timeout: TIMEOUT,
}, async (t) => {
	const ways = await openWays("moved/");
	const dataDir = temporaryDirectory(t);
	const digests: string[] = [];
	const pushed = async (url: string, bytes: Buffer<ArrayBuffer>): Promise<void> => {
		await push(url, bytes);
		digests.push(digestOf(bytes));
	};
	const slow = noise(6 * MIB, 77);
	let location = "";
	{
		await using limani = await startLimani({ dataDir, config: configOf(ways.files) });
		for (let i = 0; i < 60; i++) await pushed(limani.url, noise(100_000 + i));
		await pushed(limani.url, noise(12 * MIB));
		const begun = await call(limani.url, "/v2/team/r/blobs/uploads/", { method: "POST" });
		location = begun.headers.get("location") ?? "";
		const headers = { "content-type": "application/octet-stream" };
		const body = slow.subarray(0, 3 * MIB);
		const patched = await call(limani.url, location, { method: "PATCH", body, headers });
		assert.equal(patched.status, 202, await patched.text());
		location = patched.headers.get("location") ?? "";
		await limani.stop();
	}
	{
		await using limani = await startLimani({ dataDir, config: configOf(ways.both) });
		await pushed(limani.url, noise(50_001));
		await eventually(async () => {
			assert.ok((await metricOf(limani.url, "limani_storage_migration_copied_total")) > 0);
		});
		await limani.stop("SIGKILL");
	}
	assert.match(await refusal(dataDir, ways.files), /has begun, so these files lack what was pushed since/);
	assert.match(await refusal(dataDir, ways.other), /is not where it went: name the first target/);
	assert.match(await refusal(dataDir, ways.bucket), /is not Completed: configure filesystem with migrateTo/);
	// Not every object that is still in the files alone.
	const half = await limaniCommand(dataDir, "verify");
	assert.match(
		half.output,
		/^unavailable: store default: .* is not Completed: configure filesystem with migrateTo.*\n$/,
	);
	assert.equal(half.code, 1);
	assert.match(await refusal(dataDir, ways.empty), /it has nothing, though the database knows objects of it/);
	{
		await using limani = await startLimani({ dataDir, config: configOf(ways.both) });
		for (let i = 0; i < 20; i++) {
			await pushed(limani.url, noise(60_000 + i));
			await pull(limani.url, digests[(i * 13) % digests.length] ?? "");
		}
		const joint = location.includes("?") ? "&" : "?";
		const finished = await call(limani.url, `${location}${joint}digest=${digestOf(slow)}`, {
			method: "PUT",
			body: slow.subarray(3 * MIB),
			headers: { "content-type": "application/octet-stream" },
		});
		assert.equal(finished.status, 201, await finished.text());
		digests.push(digestOf(slow));
		await eventually(async () => {
			assert.equal(await metricOf(limani.url, "limani_storage_migration_completed"), 1);
		});
		for (const digest of digests) await pull(limani.url, digest);
		const { code, output } = await limaniCommand(dataDir, "verify", "--full");
		assert.equal(code, 0, output);
		await limani.stop();
	}
	assert.match(await refusal(dataDir, ways.files), /in place of filesystem/);
	await using limani = await startLimani({ dataDir, config: configOf(ways.bucket) });
	for (const digest of digests) await pull(limani.url, digest);
	await pushed(limani.url, noise(70_001));
	const { code, output } = await limaniCommand(dataDir, "verify", "--full");
	assert.equal(code, 0, output);
	assert.match(output, new RegExp(`, ${digests.length} read, .* 0 findings`));
});
