import { Counter, Gauge, Histogram, type Registry as MetricsRegistry } from "prom-client";
import type { ControllerMeters, ReconcileFault } from "#/kube/controller/controller-meters.ts";
import type { QueueMeter, QueueState } from "#/kube/queue/queue-meter.ts";

const RESULTS = ["success", "error", "requeue", "requeue_after"] as const;
const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const QUEUE_BUCKETS = [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000];

/** The metrics of controllers and their queues under the names that controller-runtime and client-go give them. */
export const controllerMetrics = (registry: MetricsRegistry): ControllerMeters => {
	const reconciles = reconcileMetrics(registry);
	const queueOf = queueMetrics(registry);
	return {
		controller: (controller, workers) => {
			const labels = { controller };
			for (const result of RESULTS) reconciles.total.inc({ ...labels, result }, 0);
			reconciles.errors.inc(labels, 0);
			for (const counter of Object.values(reconciles.faults)) counter.inc(labels, 0);
			reconciles.seconds.zero(labels);
			reconciles.most.set(labels, workers);
			reconciles.active.set(labels, 0);
			return {
				queue: queueOf(controller),
				began: () => reconciles.active.inc(labels),
				ended: (result, ms, fault) => {
					reconciles.active.dec(labels);
					reconciles.seconds.observe(labels, ms / 1000);
					reconciles.total.inc({ ...labels, result });
					if (result === "error") reconciles.errors.inc(labels);
					if (fault !== undefined) reconciles.faults[fault].inc(labels);
				},
			};
		},
	};
};

const reconcileMetrics = (registry: MetricsRegistry) => {
	const registers = [registry];
	const labelNames = ["controller"] as const;
	const counter = (name: string, help: string) =>
		new Counter({ name: `controller_runtime_${name}_total`, help, labelNames, registers });
	const faults: Record<ReconcileFault, Counter<"controller">> = {
		terminal: counter("terminal_reconcile_errors", "Reconciles that failed for good."),
		panic: counter("reconcile_panics", "Reconciles that ended by a mistake in the program."),
		timeout: counter("reconcile_timeouts", "Reconciles that were aborted because they took too long."),
	};
	return {
		faults,
		errors: counter("reconcile_errors", "Reconciles that failed."),
		total: new Counter({
			name: "controller_runtime_reconcile_total",
			help: "Reconciles by their result.",
			labelNames: [...labelNames, "result"],
			registers,
		}),
		seconds: new Histogram({
			name: "controller_runtime_reconcile_time_seconds",
			help: "Time of reconciles.",
			labelNames,
			buckets: RECONCILE_BUCKETS,
			registers,
		}),
		most: new Gauge({
			name: "controller_runtime_max_concurrent_reconciles",
			help: "How many objects are reconciled at a time at most.",
			labelNames,
			registers,
		}),
		active: new Gauge({
			name: "controller_runtime_active_workers",
			help: "How many objects are being reconciled.",
			labelNames,
			registers,
		}),
	};
};

const queueMetrics = (registry: MetricsRegistry): ((controller: string) => QueueMeter) => {
	const registers = [registry];
	const labelNames = ["name", "controller"] as const;
	const counter = (name: string, help: string) =>
		new Counter({ name: `workqueue_${name}_total`, help, labelNames, registers });
	const histogram = (name: string, help: string) =>
		new Histogram({ name: `workqueue_${name}_seconds`, help, labelNames, buckets: QUEUE_BUCKETS, registers });
	const added = counter("adds", "Keys that joined the queue.");
	const retried = counter("retries", "Keys that are to join the queue later.");
	const waited = histogram("queue_duration", "How long keys waited in the queue.");
	const worked = histogram("work_duration", "How long keys were worked on.");
	const states = new Map<string, () => QueueState>();
	readStates(registry, states);
	return (controller) => {
		const labels = { name: controller, controller };
		for (const each of [added, retried]) each.inc(labels, 0);
		for (const each of [waited, worked]) each.zero(labels);
		return {
			added: () => added.inc(labels),
			retried: () => retried.inc(labels),
			taken: (ms) => waited.observe(labels, ms / 1000),
			worked: (ms) => worked.observe(labels, ms / 1000),
			read: (state) => {
				states.set(controller, state);
			},
		};
	};
};

/** Gauges of what the queues are like when somebody asks. */
const readStates = (registry: MetricsRegistry, states: ReadonlyMap<string, () => QueueState>): void => {
	const registers = [registry];
	const gauge = (name: string, help: string, measure: (state: QueueState) => number): void => {
		new Gauge({
			name: `workqueue_${name}_seconds`,
			help,
			labelNames: ["name", "controller"],
			registers,
			collect() {
				for (const [controller, read] of states) this.set({ name: controller, controller }, measure(read()));
			},
		});
	};
	gauge(
		"unfinished_work",
		"How long the keys now worked on have been so, in sum.",
		(state) => state.unfinishedMs / 1000,
	);
	gauge("longest_running_processor", "How long the longest of them has been.", (state) => state.longestMs / 1000);
	new Gauge({
		name: "workqueue_depth",
		help: "Keys that wait in the queue, by priority.",
		labelNames: ["name", "controller", "priority"],
		registers,
		collect() {
			this.reset();
			for (const [controller, read] of states) {
				const labels = { name: controller, controller };
				// The usual priority is there even when nothing waits.
				for (const [priority, depth] of new Map([[0, 0], ...read().depths])) this.set({ ...labels, priority }, depth);
			}
		},
	});
};
