import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { controllerMetrics } from "#/app/metrics/controller-metrics.ts";

/** The samples as text, without comments and buckets. */
const samples = async (registry: Registry): Promise<string[]> =>
	(await registry.metrics())
		.split("\n")
		.filter((line) => line !== "" && !/^#|_bucket\{/.test(line))
		.toSorted();

const queue = 'name="project",controller="project"';

test("all counters of a controller are there before it has done anything", async () => {
	const registry = new Registry();
	controllerMetrics(registry)
		.controller("project", 4)
		.queue.read(() => ({ depths: new Map(), unfinishedMs: 0, longestMs: 0 }));
	assert.deepEqual(await samples(registry), [
		'controller_runtime_active_workers{controller="project"} 0',
		'controller_runtime_max_concurrent_reconciles{controller="project"} 4',
		'controller_runtime_reconcile_errors_total{controller="project"} 0',
		'controller_runtime_reconcile_panics_total{controller="project"} 0',
		'controller_runtime_reconcile_time_seconds_count{controller="project"} 0',
		'controller_runtime_reconcile_time_seconds_sum{controller="project"} 0',
		'controller_runtime_reconcile_timeouts_total{controller="project"} 0',
		'controller_runtime_reconcile_total{controller="project",result="error"} 0',
		'controller_runtime_reconcile_total{controller="project",result="requeue"} 0',
		'controller_runtime_reconcile_total{controller="project",result="requeue_after"} 0',
		'controller_runtime_reconcile_total{controller="project",result="success"} 0',
		'controller_runtime_terminal_reconcile_errors_total{controller="project"} 0',
		`workqueue_adds_total{${queue}} 0`,
		`workqueue_depth{${queue},priority="0"} 0`,
		`workqueue_longest_running_processor_seconds{${queue}} 0`,
		`workqueue_queue_duration_seconds_count{${queue}} 0`,
		`workqueue_queue_duration_seconds_sum{${queue}} 0`,
		`workqueue_retries_total{${queue}} 0`,
		`workqueue_unfinished_work_seconds{${queue}} 0`,
		`workqueue_work_duration_seconds_count{${queue}} 0`,
		`workqueue_work_duration_seconds_sum{${queue}} 0`,
	]);
});

test("what a controller and its queue do is counted, in seconds", async () => {
	const registry = new Registry();
	const meter = controllerMetrics(registry).controller("project", 4);
	meter.queue.read(() => ({ depths: new Map([[-100, 7]]), unfinishedMs: 2500, longestMs: 1500 }));
	meter.queue.added();
	meter.queue.retried();
	meter.queue.taken(250);
	meter.queue.worked(500);
	for (const fault of ["panic", "timeout", "terminal", undefined] as const) {
		meter.began();
		meter.ended("error", 1500, fault);
	}
	meter.began();
	meter.ended("success", 500, undefined);
	meter.began();
	const lines = await samples(registry);
	for (const line of [
		'controller_runtime_active_workers{controller="project"} 1',
		'controller_runtime_reconcile_errors_total{controller="project"} 4',
		'controller_runtime_reconcile_panics_total{controller="project"} 1',
		'controller_runtime_reconcile_time_seconds_sum{controller="project"} 6.5',
		'controller_runtime_reconcile_timeouts_total{controller="project"} 1',
		'controller_runtime_reconcile_total{controller="project",result="error"} 4',
		'controller_runtime_reconcile_total{controller="project",result="success"} 1',
		'controller_runtime_terminal_reconcile_errors_total{controller="project"} 1',
		`workqueue_adds_total{${queue}} 1`,
		`workqueue_depth{${queue},priority="-100"} 7`,
		`workqueue_longest_running_processor_seconds{${queue}} 1.5`,
		`workqueue_queue_duration_seconds_sum{${queue}} 0.25`,
		`workqueue_retries_total{${queue}} 1`,
		`workqueue_unfinished_work_seconds{${queue}} 2.5`,
		`workqueue_work_duration_seconds_sum{${queue}} 0.5`,
	]) {
		assert.ok(lines.includes(line), `${line} is not among\n${lines.join("\n")}`);
	}
});
