import type { Puller } from "./load/pull.ts";
import type { Seeded, SeedName } from "./seed/seed.ts";
import type { Server } from "./servers/server.ts";

/** What rows measure with. */
export interface Tools {
	readonly puller: Puller;
	/** The program. */
	readonly wrk: string;
	/** How long a measurement with wrk takes, seconds. */
	readonly seconds: number;
	readonly seeded: Seeded;
}

/** One measurement. */
export interface Measured {
	/** How much was done, in the row's unit. */
	readonly amount: number;
	readonly seconds: number;
	/** Milliseconds for one request, blob or image. */
	readonly p50: number;
	readonly p99: number;
}

/** What is counted: requests, 10^9 bytes, blobs, images, listings. */
export type Unit = "req" | "GB" | "blob" | "image" | "listing";

/** How Limani's rate should be to that of others. */
export interface Target {
	/** `docker-registry`: each of 2.8; `others`: each registry. */
	readonly against: "docker-registry" | "nginx" | "others";
	readonly ratio: number;
}

/** One line of the benchmark: the same work for every server that can do it. */
export interface Row {
	readonly name: string;
	readonly title: string;
	readonly unit: Unit;
	readonly seeds: readonly SeedName[];
	/** What it says of itself where servers do not do quite the same. */
	readonly remark?: string;
	readonly applies: (server: Server) => boolean;
	readonly measure: (server: Server, tools: Tools) => Promise<Measured>;
	readonly targets: readonly Target[];
}

/** Median and 99th percentile of latencies. */
export const percentiles = (latencies: readonly number[]): { readonly p50: number; readonly p99: number } => {
	const sorted = latencies.toSorted((a, b) => a - b);
	const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
	return { p50: at(0.5), p99: at(0.99) };
};
