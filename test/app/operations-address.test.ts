import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort } from "../support/free-ports.ts";
import { startLimani } from "../support/limani-process.ts";

test("metrics are where operators look, and not where clients connect, once they have an address of their own", async () => {
	const operations = `127.0.0.1:${await freePort()}`;
	await using limani = await startLimani({ config: { operations: { listen: operations } } });
	for (const path of ["livez", "readyz", "metrics"]) {
		assert.equal((await fetch(`http://${operations}/${path}`)).status, 200, path);
	}
	const metrics = await (await fetch(`http://${operations}/metrics`)).text();
	assert.ok(metrics.includes("# TYPE limani_http_requests_total counter"));
	assert.equal((await fetch(`${limani.url}/metrics`)).status, 404);
	assert.equal((await fetch(`${limani.url}/readyz`)).status, 200);
	assert.equal((await fetch(`http://${operations}/v2/`)).status, 404);
	await limani.stop();
	assert.equal(limani.child.exitCode, 0, limani.output());
});
