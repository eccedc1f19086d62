import { Counter, Gauge, type Registry as MetricsRegistry } from "prom-client";
import type { ReplicationFigures, ReplicationMeter } from "#/features/replication/index.ts";
import type { PolicyMeter } from "#/jobs/policy-meter.ts";

/** Policies that have time series of their own; the others share one. */
const MAX_POLICIES = 500;
const OTHERS = "other";

/** The metrics of replication. A policy goes by its uid. */
export const replicationMetrics = (registry: MetricsRegistry): ReplicationMeter & PolicyMeter => {
	const registers = [registry];
	const counter = (name: string, help: string, label: "policy" | "outcome") =>
		new Counter({ name, help, labelNames: [label], registers });
	const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ["policy"], registers });
	const counters: readonly (readonly [Counter, keyof ReplicationFigures])[] = [
		[counter("limani_replication_copied_total", "Tags and referrers that were copied.", "policy"), "copied"],
		[counter("limani_replication_failed_total", "Those that could not be copied, in each run.", "policy"), "failed"],
		[counter("limani_replication_removed_total", "Copies that went because their source had.", "policy"), "removed"],
		[counter("limani_replication_copied_bytes_total", "Bytes of blobs that were sent.", "policy"), "bytes"],
	];
	const gauges: readonly (readonly [Gauge, keyof ReplicationFigures])[] = [
		[gauge("limani_replication_behind", "Tags that the target does not have yet, after the last run."), "behind"],
		[gauge("limani_replication_lag_seconds", "For how long the one that waited longest has."), "lagSeconds"],
	];
	const runs = counter("limani_replication_runs_total", "Runs of replication policies, by how they ended.", "outcome");
	const seconds = new Counter({
		name: "limani_replication_run_seconds_total",
		help: "What those runs took together.",
		registers,
	});
	const running = new Gauge({ name: "limani_replication_running", help: "Runs under way.", registers });
	const known = new Set<string>();
	return {
		ran: (uid, figures) => {
			if (known.size < MAX_POLICIES) known.add(uid);
			const policy = known.has(uid) ? uid : OTHERS;
			for (const [each, figure] of counters) each.inc({ policy }, figures[figure]);
			for (const [each, figure] of gauges) each.set({ policy }, figures[figure]);
		},
		began: () => running.inc(),
		ended: (_feature, outcome, tookMs) => {
			running.dec();
			runs.inc({ outcome });
			seconds.inc(tookMs / 1_000);
		},
	};
};
