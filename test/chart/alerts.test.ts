import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { collectDefaultMetrics, Registry as MetricsRegistry } from "prom-client";
import { parse } from "yaml";
import { z } from "zod";
import { controllerMetrics } from "#/app/metrics/controller-metrics.ts";
import { restMetrics } from "#/app/operator/rest-metrics.ts";
import { type LimaniProcess, startLimani } from "../support/limani-process.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const alerts = z
	.record(
		z.string(),
		z.array(
			z.strictObject({
				alert: z.string().regex(/^Limani[A-Za-z]+$/),
				expr: z.string(),
				for: z.string().regex(/^\d+[mhd]$/),
				severity: z.enum(["critical", "warning"]),
				summary: z.string().regex(/\.$/),
				description: z.string(),
			}),
		),
	)
	.parse(parse(read("charts/limani/files/alerts.yaml")));
const all = Object.values(alerts).flat();

const dashboard = z
	.looseObject({
		panels: z.array(
			z.looseObject({ title: z.string(), targets: z.array(z.object({ expr: z.string() }).loose()).default([]) }),
		),
	})
	.parse(JSON.parse(read("charts/limani/files/dashboard.json")));

/** The metrics that an expression of PromQL reads: what is followed by a selector, or stands in a function's place. */
const metricsIn = (expr: string): readonly string[] =>
	Array.from(
		expr.replaceAll(/"[^"]*"/g, '""').matchAll(/\b[a-z][a-z0-9]*_[a-z0-9_]*[a-z0-9]\b(?!\s*\()/g),
		([name]) => name,
	);

/** The families' names: of a histogram, without what its series end with. */
const familyOf = (metric: string): string => metric.replace(/_(bucket|sum|count)$/, "");

const namesIn = (text: string): readonly string[] =>
	Array.from(text.matchAll(/^# TYPE (\S+) /gm), ([, name = ""]) => name);

suite("Alerts and dashboard", () => {
	let limani: LimaniProcess;
	const known = new Set<string>();
	before(async () => {
		limani = await startLimani();
		for (const name of namesIn(await (await fetch(`${limani.url}/metrics`)).text())) known.add(name);
		const registry = new MetricsRegistry();
		controllerMetrics(registry);
		restMetrics(registry);
		collectDefaultMetrics({ register: registry });
		for (const name of namesIn(await registry.metrics())) known.add(name);
		// That of the lease is made where it is held.
		for (const [, name = ""] of read("src/app/operator/leadership.ts").matchAll(/name: "(\w+)"/g)) known.add(name);
	});
	after(() => limani[Symbol.asyncDispose]());

	test("each alert has its runbook, and each runbook its alert", () => {
		const headings = Array.from(read("docs/runbooks.md").matchAll(/^## (.+)$/gm), ([, heading]) => heading);
		assert.deepEqual(
			all.map(({ alert }) => alert),
			headings,
		);
	});

	for (const { alert, expr } of all) {
		test(`${alert} reads metrics that exist`, () => {
			const read = metricsIn(expr);
			assert.ok(read.length > 0);
			for (const metric of read) assert.ok(known.has(familyOf(metric)), metric);
		});
	}

	test("every panel of the dashboard reads metrics that exist", () => {
		const panels = dashboard.panels.filter(({ targets }) => targets.length > 0);
		assert.ok(panels.length > 10);
		for (const { title, targets } of panels) {
			for (const { expr } of targets) {
				const read = metricsIn(expr);
				assert.ok(read.length > 0, title);
				for (const metric of read) assert.ok(known.has(familyOf(metric)), `${title}: ${metric}`);
			}
		}
	});

	test("a metric that does not exist would be noticed", () => {
		assert.deepEqual(metricsIn('sum by (a) (rate(limani_nothing_total{code=~"x_y"}[5m])) / limani_more'), [
			"limani_nothing_total",
			"limani_more",
		]);
		assert.ok(!known.has("limani_nothing_total"));
	});
});
