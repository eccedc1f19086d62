import { Counter, Gauge, type Registry as MetricsRegistry } from "prom-client";
import type { RetentionMeter } from "#/features/retention/index.ts";
import type { PolicyMeter } from "#/jobs/policy-meter.ts";

/** The metrics of retention. */
export const retentionMetrics = (registry: MetricsRegistry): RetentionMeter & PolicyMeter => {
	const registers = [registry];
	const counter = (name: string, help: string) => new Counter({ name, help, registers });
	const runs = new Counter({
		name: "limani_retention_runs_total",
		help: "Runs of retention policies, by how they ended.",
		labelNames: ["outcome"],
		registers,
	});
	for (const outcome of ["Succeeded", "Failed", "Stopped", "Interrupted"]) runs.inc({ outcome }, 0);
	const seconds = counter("limani_retention_run_seconds_total", "What those runs took together.");
	const running = new Gauge({ name: "limani_retention_running", help: "Runs under way.", registers });
	const removed = counter("limani_retention_removed_total", "Artifacts that retention policies removed.");
	const bytes = counter("limani_retention_removed_bytes_total", "Bytes of those, each blob as often as it was named.");
	return {
		began: () => running.inc(),
		ended: (_feature, outcome, tookMs) => {
			running.dec();
			runs.inc({ outcome });
			seconds.inc(tookMs / 1_000);
		},
		removed: (artifacts, size) => {
			removed.inc(artifacts);
			bytes.inc(size);
		},
	};
};
