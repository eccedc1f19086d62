import { HttpClient } from "../load/http-client.ts";
import { Bodies, type PushStyle, pushBlob } from "../load/push.ts";
import { percentiles, type Row } from "../row.ts";

const MIB = 1024 * 1024;

const row = (name: string, title: string, size: number, count: number, style: PushStyle): Row => {
	let bodies: Bodies | undefined;
	return {
		name,
		title,
		unit: size < 16 * MIB ? "blob" : "GB",
		// Before anything is measured, every directory was in use once.
		seeds: ["small"],
		applies: ({ kind }) => kind !== "nginx",
		measure: async ({ port, authorization }) => {
			bodies ??= new Bodies(size);
			using client = new HttpClient(port, authorization);
			const latencies: number[] = [];
			for (let index = 0; index < count; index++) {
				const body = bodies.next();
				const start = performance.now();
				await pushBlob(client, "team/pushed", body, style);
				latencies.push(performance.now() - start);
			}
			const seconds = latencies.reduce((sum, latency) => sum + latency, 0) / 1000;
			const amount = size < 16 * MIB ? count : (count * size) / 1e9;
			return { amount, seconds, ...percentiles(latencies) };
		},
		targets: [
			{ against: "docker-registry", ratio: 1.5 },
			{ against: "others", ratio: 1 },
		],
	};
};

/** Blobs on their way in, from one client, each new to the registry. */
export const pushRows: readonly Row[] = [
	row("push-1m-monolithic", "Push blob of 1 MiB: POST, PUT", MIB, 40, "monolithic"),
	row("push-1m-chunked", "Push blob of 1 MiB: POST, PATCH, PUT", MIB, 40, "chunked"),
	row("push-256m-monolithic", "Push blob of 256 MiB: POST, PUT", 256 * MIB, 1, "monolithic"),
	row("push-256m-chunked", "Push blob of 256 MiB: POST, 4 PATCHes, PUT", 256 * MIB, 1, "chunked"),
];
