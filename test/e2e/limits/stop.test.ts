// SIGTERM: load balancers are told first, what is under way is finished, and what does not end in time is cut off.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { ADMIN_AUTHORIZATION, type LimaniProcess, startLimani } from "../../support/limani-process.ts";
import { RawConnection } from "../../support/raw-http.ts";

const authorization = ADMIN_AUTHORIZATION;

const portOf = ({ address }: LimaniProcess): number => Number(address.split(":")[1]);

/** An upload of which ten bytes of twenty have come. */
const halfWay = async (limani: LimaniProcess): Promise<{ connection: RawConnection; location: string }> => {
	const { headers } = await fetch(`${limani.url}/v2/team/app/blobs/uploads/`, {
		method: "POST",
		headers: { authorization },
	});
	const location = headers.get("location") ?? "";
	const connection = await RawConnection.open(portOf(limani));
	connection.request("PATCH", location, { authorization, "content-length": 20 });
	connection.send("1234567890");
	await sleep(200);
	return { connection, location };
};

for (const workers of [1, 2]) {
	describe(`told to stop, a registry of ${workers} worker${workers > 1 ? "s" : ""}`, () => {
		it("finishes an upload in flight, answers it, and ends with 0", async () => {
			await using limani = await startLimani({ config: { workers, limits: { drain: "20s" } } });
			const { connection, location } = await halfWay(limani);
			using upload = connection;
			const stopped = limani.stop("SIGTERM");
			await sleep(300);
			await assert.rejects(RawConnection.open(portOf(limani)));
			upload.send("1234567890");
			const { status, headers } = await upload.response();
			assert.equal(status, 202);
			assert.equal(headers.location, location);
			assert.equal(headers.range, "0-19");
			assert.equal(headers.connection, "close");
			await stopped;
			assert.equal(limani.child.exitCode, 0, limani.output());
		});

		it("says so to load balancers first, and goes on serving meanwhile", async () => {
			const config = { workers, limits: { stopDelay: "2s", drain: "5s" } };
			await using limani = await startLimani({ config });
			const stopped = limani.stop("SIGTERM");
			await sleep(300);
			const ready = await fetch(`${limani.url}/readyz`);
			assert.equal(ready.status, 503);
			assert.match(await ready.text(), /stopping/);
			assert.equal((await fetch(`${limani.url}/livez`)).status, 200);
			const blob = Buffer.from("pushed late");
			const pushed = await fetch(`${limani.url}/v2/team/app/blobs/uploads/?digest=${digestOf(blob)}`, {
				method: "POST",
				headers: { authorization },
				body: blob,
			});
			assert.equal(pushed.status, 201);
			assert.equal(pushed.headers.get("connection"), "close");
			await stopped;
			assert.equal(limani.child.exitCode, 0, limani.output());
		});

		it("cuts off what does not end in time, keeps what came of it, and ends with 0", async () => {
			const config = { workers, limits: { drain: "500ms", uploadLease: "1s" } };
			await using first = await startLimani({ config });
			const { connection, location } = await halfWay(first);
			using upload = connection;
			const since = performance.now();
			await first.stop("SIGTERM");
			assert.ok(performance.now() - since < 15_000);
			assert.equal(first.child.exitCode, 0, first.output());
			await upload.closed;
			await using second = await startLimani({ config, dataDir: first.dataDir });
			const { headers } = await fetch(`${second.url}${location}`, { headers: { authorization } });
			assert.equal(headers.get("range"), "0-9");
		});
	});
}
