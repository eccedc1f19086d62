import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry as MetricsRegistry } from "prom-client";
import type { MetadataMeters } from "./metered-executor.ts";
import type { StoreMeters } from "./metered-store.ts";
import type { UploadMeters } from "./metered-uploads.ts";

/** A process's metrics: its own (memory, CPU, event loop), and those of each seam. */
export interface Meters {
	readonly registry: MetricsRegistry;
	readonly stores: StoreMeters;
	readonly metadata: MetadataMeters;
	readonly uploads: UploadMeters;
}

const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30];

/** Makes the metrics of this process. */
export const createMeters = (): Meters => {
	const registry = new MetricsRegistry();
	const registers = [registry];
	collectDefaultMetrics({ register: registry });
	return {
		registry,
		stores: {
			seconds: new Histogram({
				name: "limani_storage_duration_seconds",
				help: "Time of calls to blob stores; reading and writing bytes is not in it.",
				labelNames: ["driver", "operation"],
				buckets: BUCKETS,
				registers,
			}),
			failures: new Counter({
				name: "limani_storage_failures_total",
				help: "Failed calls to blob stores.",
				labelNames: ["driver", "operation", "code"],
				registers,
			}),
		},
		metadata: {
			seconds: new Histogram({
				name: "limani_metadata_duration_seconds",
				help: "Time of metadata's commands and queries.",
				labelNames: ["operation"],
				buckets: BUCKETS,
				registers,
			}),
			failures: new Counter({
				name: "limani_metadata_failures_total",
				help: "Failed commands and queries of metadata.",
				labelNames: ["operation", "code"],
				registers,
			}),
		},
		uploads: createUploadMeters(registers),
	};
};

const createUploadMeters = (registers: MetricsRegistry[]): UploadMeters => ({
	requests: new Gauge({ name: "limani_upload_requests", help: "Requests that bring bytes of blobs.", registers }),
	bytes: new Counter({ name: "limani_upload_bytes_total", help: "Bytes of blobs that came, kept or not.", registers }),
	outcomes: new Counter({
		name: "limani_uploads_total",
		help: "Uploads begun, mounted in place of one, finished, cancelled.",
		labelNames: ["outcome"],
		registers,
	}),
});
