import { Counter, Gauge, type Registry as MetricsRegistry } from "prom-client";
import type { GcMeter } from "#/features/gc/index.ts";

/** The metrics of the collector. */
export const gcMetrics = (registry: MetricsRegistry): GcMeter => {
	const registers = [registry];
	const labelNames = ["kind"] as const;
	const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers });
	const reviewed = counter(
		"limani_gc_reviewed_total",
		"Links and blobs that the collector looked at, and rows of deleted projects that it took away.",
	);
	const collected = counter("limani_gc_collected_total", "Those that it took away, because nobody used them.");
	const bytes = new Counter({
		name: "limani_gc_reclaimed_bytes_total",
		help: "Bytes of blobs whose objects were given over to be deleted.",
		registers,
	});
	const suspended = new Gauge({
		name: "limani_gc_suspended",
		help: "1 while nothing is collected because the database's clock jumped.",
		registers,
	});
	for (const kind of ["project", "link", "blob"]) for (const each of [reviewed, collected]) each.inc({ kind }, 0);
	return {
		collected: (kind, batch) => {
			reviewed.inc({ kind }, batch.reviewed);
			collected.inc({ kind }, batch.collected);
			if (kind === "blob") bytes.inc(batch.bytes);
		},
		planned: (plan) => suspended.set(plan === "suspended" ? 1 : 0),
	};
};
