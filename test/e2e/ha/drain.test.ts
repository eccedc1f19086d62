// A replica that is told to end, with an upload and a download under way: what is over within the drain is finished,
// however much longer than the stop delay it takes; what is not is cut off at the bound, and goes on elsewhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import { REGISTRY_STOP_MS } from "#/lib/registry-stop-ms.ts";
import { digestOf } from "#/oci/digest.ts";
import { eventually } from "../../support/eventually.ts";
import { ask, pushBlob } from "../../support/ha/ask.ts";
import type { Replica } from "../../support/ha/replica.ts";
import { SEED } from "../../support/ha/settings.ts";
import { openHaWorld } from "../../support/ha/world.ts";
import { ADMIN_AUTHORIZATION } from "../../support/limani-process.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { RawConnection } from "../../support/raw-http.ts";
import { privateS3 } from "../../support/s3.ts";
import { randomBytes, seededRandom } from "../../support/seeded-random.ts";

const postgres = privatePostgres();
const s3 = privateS3("minio");
const random = seededRandom(SEED);

const STOP_DELAY_MS = 1_000;
/** What takes longer is cut off at one replica, and at the other nothing here does. */
const SHORT_DRAIN_MS = 2_000;
const LONG_DRAIN_MS = 120_000;

const authorization = ADMIN_AUTHORIZATION;
/** More than lies between two processes of one machine. */
const LARGE = 32 * 1024 * 1024;

test(`an end waits for what is under way for as long as the drain, and no longer (SEED=${SEED})`, {
	skip: s3.skip,
}, async (t) => {
	const drains = [LONG_DRAIN_MS, SHORT_DRAIN_MS, LONG_DRAIN_MS];
	const config = (index: number) => ({
		limits: { stopDelay: `${STOP_DELAY_MS}ms`, drain: `${drains[index]}ms`, uploadLease: "1500ms" },
	});
	await using world = await openHaWorld(t, { postgres, s3, config });
	if (world === undefined) return;
	const [patient, hasty, other] = world.replicas;
	assert.ok(hasty !== undefined && other !== undefined);
	const large = randomBytes(random, LARGE);
	await pushBlob(other.url, "team/large", large);

	await t.test(
		"what takes longer than the stop delay is finished, and nobody waits for the rest of the drain",
		async () => {
			const upload = randomBytes(random, 3_000_000);
			const half = upload.byteLength / 2;
			using pushing = await RawConnection.open(patient.port, patient.host);
			const path = `/v2/team/slow/blobs/uploads/?digest=${digestOf(upload)}`;
			pushing.request("POST", path, { authorization, "content-length": upload.byteLength });
			pushing.send(upload.subarray(0, half));
			using pulling = await pullSlowly(patient, large);
			const ended = patient.terminate();
			await eventually(() => assert.rejects(RawConnection.open(patient.port, patient.host)));
			assert.ok(patient.isRunning, "it did not wait");
			pushing.send(upload.subarray(half));
			assert.equal((await pushing.response({ withinMs: 60_000 })).status, 201);
			pulling.socket.resume();
			const pulled = await pulling.response({ withinMs: 60_000 });
			assert.equal(pulled.status, 200);
			assert.equal(Buffer.compare(pulled.body, large), 0);
			const took = await ended;
			t.diagnostic(`it ended after ${Math.round(took)} ms`);
			assert.ok(took > STOP_DELAY_MS && took < LONG_DRAIN_MS, `it ended after ${took} ms`);
			const got = await ask(other.url, { method: "GET", path: `/v2/team/slow/blobs/${digestOf(upload)}` });
			assert.equal(Buffer.compare(got.body, upload), 0);
		},
	);

	await t.test(
		"what takes longer than the drain is cut off then, and the upload goes on at another replica",
		async () => {
			const upload = randomBytes(random, 9_000_000);
			const half = upload.byteLength / 2;
			const begun = await ask(hasty.url, { method: "POST", path: "/v2/team/cut/blobs/uploads/" });
			const location = begun.headers.location ?? assert.fail("no Location");
			using pushing = await RawConnection.open(hasty.port, hasty.host);
			pushing.request("PATCH", location, { authorization, "content-length": upload.byteLength });
			pushing.send(upload.subarray(0, half));
			using pulling = await pullSlowly(hasty, large);
			const took = await hasty.terminate();
			t.diagnostic(`it was cut off after ${Math.round(took)} ms`);
			const bound = STOP_DELAY_MS + SHORT_DRAIN_MS;
			assert.ok(took >= bound - 100, `it was cut off after ${took} ms already`);
			assert.ok(took < bound + REGISTRY_STOP_MS, `it was cut off after ${took} ms only`);
			await pushing.closed;
			pulling.socket.resume();
			await assert.rejects(pulling.response({ withinMs: 60_000 }), /the connection ended/);

			const kept = await eventually(async () => {
				const { status, headers } = await ask(other.url, { method: "GET", path: location });
				assert.equal(status, 204);
				const [, last] = /^0-(\d+)$/.exec(headers.range ?? "") ?? assert.fail(`Range: ${headers.range}`);
				return Number(last) + 1;
			});
			assert.ok(kept > 1 && kept <= half, `${kept} of ${half} bytes were kept`);
			t.diagnostic(`${kept} of ${half} bytes were kept`);
			const put = { method: "PUT", path: `${location}?digest=${digestOf(upload)}`, body: [upload.subarray(kept)] };
			await eventually(async () => assert.equal((await ask(other.url, put)).status, 201));
			const got = await ask(other.url, { method: "GET", path: `/v2/team/cut/blobs/${digestOf(upload)}` });
			assert.equal(Buffer.compare(got.body, upload), 0);
		},
	);
});

/** A pull of which the beginning was read, and nothing more is until its socket is resumed. */
const pullSlowly = async ({ host, port }: Replica, blob: Buffer): Promise<RawConnection> => {
	const pulling = await RawConnection.open(port, host);
	pulling.request("GET", `/v2/team/large/blobs/${digestOf(blob)}`, { authorization });
	pulling.socket.once("data", () => pulling.socket.pause());
	await eventually(() => assert.ok(pulling.received.byteLength > 0, "nothing comes"));
	assert.match(pulling.received.toString("latin1", 0, 20), /^HTTP\/1\.1 200/);
	return pulling;
};
