import { setTimeout as sleep } from "node:timers/promises";
import type { Measured, Row, Tools } from "./row.ts";
import type { Server } from "./servers/server.ts";
import { cpuSeconds, peakMiB, resetPeak } from "./servers/usage.ts";

/** One measurement with what it cost the server. */
interface Round extends Measured {
	/** Of all processes and threads of the server, seconds. */
	readonly cpu: number;
}

/** All measurements of one server in one row; index by index they were taken one after the other in one round. */
export interface ServerRounds {
	readonly server: string;
	readonly kind: Server["kind"];
	readonly rounds: readonly Round[];
	readonly peakMiB: number;
}

/** A measured row. */
export interface RowResult {
	readonly row: Row;
	readonly servers: readonly ServerRounds[];
}

/** Measures a row: in every round each server in turn, so that what disturbs the machine disturbs all of them. */
export const measureRow = async (
	row: Row,
	servers: readonly Server[],
	rounds: number,
	tools: Tools,
): Promise<RowResult> => {
	const measured = servers.filter((server) => row.applies(server)).map((server) => ({ server, rounds: [] as Round[] }));
	for (const { server } of measured) {
		await row.measure(server, tools);
		resetPeak(server.pid);
	}
	for (let round = 0; round < rounds; round++) {
		for (const { server, rounds: done } of measured) {
			await untilQuiet(server);
			const before = cpuSeconds(server.pid);
			const result = await row.measure(server, tools);
			done.push({ ...result, cpu: cpuSeconds(server.pid) - before });
		}
	}
	return {
		row,
		servers: measured.map(({ server, rounds: done }) => ({
			server: server.name,
			kind: server.kind,
			rounds: done,
			peakMiB: peakMiB(server.pid),
		})),
	};
};

const QUIET_MS = 100;

/** Waits until the server has done what it does after it answered, such as collecting garbage. */
export const untilQuiet = async ({ pid }: Server, longestMs = 2_000): Promise<void> => {
	const deadline = performance.now() + longestMs;
	while (performance.now() < deadline) {
		const before = cpuSeconds(pid);
		await sleep(QUIET_MS);
		if (cpuSeconds(pid) - before < 0.02) return;
	}
};
