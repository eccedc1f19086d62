import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry as MetricsRegistry } from "prom-client";
import { accessLog } from "#/http/access-log.ts";
import { createRequestIds } from "#/http/request-ids.ts";
import { requestMetrics } from "#/http/request-metrics.ts";
import type { RequestRecord } from "#/http/request-observer.ts";
import { JsonLines } from "#/lib/json-lines.ts";
import { OciError } from "#/oci/error.ts";
import { type Face, openFace } from "../support/v2-face.ts";

/** Real records: those of a face's requests. */
const recordsOf = async (ask: (face: Face) => Promise<unknown>): Promise<readonly RequestRecord[]> => {
	await using face = await openFace();
	await ask(face);
	return [...face.records];
};

describe("the access log", () => {
	const linesOf = (
		records: readonly RequestRecord[],
		now: () => number = () => 0,
	): readonly Record<string, unknown>[] => {
		let text = "";
		const lines = new JsonLines((written) => {
			text += written;
		});
		const log = accessLog(lines, now);
		for (const record of records) log.observe(record);
		lines.flush();
		return text
			.trimEnd()
			.split("\n")
			.map((line) => JSON.parse(line));
	};

	it("tells of each request in one line, and shows no credentials, query or header", async () => {
		const records = await recordsOf((face) =>
			face.fetch("/v2/p/app/manifests/none?token=secret", {
				headers: { authorization: "Bearer secret", "user-agent": `skopeo/1 ${"x".repeat(300)}` },
			}),
		);
		const [line = {}, ...others] = linesOf(records, () => Date.UTC(2026, 10, 22, 12));
		assert.deepEqual(others, []);
		const { ms, address, ...rest } = line;
		assert.ok(typeof ms === "number" && ms > 0);
		assert.ok(address === undefined || address === "127.0.0.1");
		assert.deepEqual(rest, {
			timestamp: "2026-11-22T12:00:00.000Z",
			level: "info",
			message: "request",
			request: "test-1",
			method: "GET",
			route: "manifest",
			repository: "p/app",
			status: 404,
			actor: "user:root",
			agent: `skopeo/1 ${"x".repeat(191)}`,
			error: "NAME_UNKNOWN: no such repository",
		});
		assert.equal(JSON.stringify(line).includes("secret"), false);
	});

	it("tells of the cause where the registry failed", async () => {
		const [record] = await recordsOf((face) => face.fetch("/v2/"));
		assert.ok(record !== undefined);
		const error = new OciError("UNKNOWN", { cause: new Error("the disk is gone") });
		const [line = {}] = linesOf([{ ...record, status: 500, error }]);
		assert.equal(line.level, "error");
		assert.match(String(line.error), /the registry failed[\s\S]*cause: Error: the disk is gone\n\s+at /);
	});

	it("tells of failures even where it tells of nothing else", async () => {
		const [record] = await recordsOf((face) => face.fetch("/v2/"));
		assert.ok(record !== undefined);
		const written: string[] = [];
		const lines = new JsonLines((text) => written.push(text));
		const log = accessLog(lines, () => 0, "failures");
		for (const status of [200, 404, 499, 500, 503, 507]) log.observe({ ...record, status });
		lines.flush();
		assert.deepEqual(
			written
				.join("")
				.trimEnd()
				.split("\n")
				.map((line) => JSON.parse(line).status),
			[500, 503, 507],
		);
	});

	it("writes each millisecond's own time", async () => {
		const [record] = await recordsOf((face) => face.fetch("/v2/"));
		assert.ok(record !== undefined);
		const times = [0, 0, 1, 1_000, 0];
		const stamps = linesOf([record, record, record, record, record], () => times.shift() ?? -1).map(
			({ timestamp }) => timestamp,
		);
		assert.deepEqual(stamps, [
			"1970-01-01T00:00:00.000Z",
			"1970-01-01T00:00:00.000Z",
			"1970-01-01T00:00:00.001Z",
			"1970-01-01T00:00:01.000Z",
			"1970-01-01T00:00:00.000Z",
		]);
	});
});

describe("the request metrics", () => {
	it("count and time requests under labels that no client can multiply", async () => {
		const records = await recordsOf(async (face) => {
			for (const path of ["p/a/tags/list", "p/b/tags/list", "p/App/tags/list", "p/a/manifests/x", "what/ever"]) {
				await face.fetch(`/v2/${path}`);
				await face.fetch(`/v2/${path}`, { method: "PURGE" });
			}
		});
		const metrics = new MetricsRegistry();
		const observer = requestMetrics(metrics);
		for (const record of records) observer.observe(record);
		const [counted] = await metrics.getMetricsAsJSON();
		const values = (counted?.values ?? []).map(({ labels, value }) => ({ ...labels, value }));
		assert.deepEqual(
			values.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
			[
				{ method: "GET", route: "invalid", status: "400", value: 1 },
				{ method: "GET", route: "manifest", status: "404", value: 1 },
				{ method: "GET", route: "tags", status: "404", value: 2 },
				{ method: "GET", route: "unknown", status: "404", value: 1 },
				{ method: "other", route: "invalid", status: "400", value: 1 },
				{ method: "other", route: "manifest", status: "405", value: 1 },
				{ method: "other", route: "tags", status: "405", value: 2 },
				{ method: "other", route: "unknown", status: "404", value: 1 },
			],
		);
		const text = await metrics.metrics();
		assert.match(text, /^limani_http_request_duration_seconds_count\{method="GET",route="tags"\} 2$/m);
		assert.doesNotMatch(text, /p\/a/);
	});
});

describe("request ids", () => {
	it("are unique where the client gives none", async () => {
		const [record] = await recordsOf((face) => face.fetch("/v2/"));
		assert.ok(record !== undefined);
		const ids = [createRequestIds(), createRequestIds()].flatMap((idOf) => [
			idOf(record.request),
			idOf(record.request),
		]);
		assert.equal(new Set(ids).size, 4);
		for (const id of ids) assert.match(id, /^[0-9a-f]{12}-\w+$/);
	});
});
