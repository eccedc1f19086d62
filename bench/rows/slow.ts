import type { Tools } from "../row.ts";
import type { Server } from "../servers/server.ts";
import { peakMiB, resetPeak, residentMiB } from "../servers/usage.ts";

const CONNECTIONS = 1000;
const SECONDS = 20;

/** What a thousand slow clients cost. */
export interface SlowResult {
	readonly connections: number;
	/** Memory before, at most meanwhile, and what it may be: 64 MiB and 128 KiB a connection more. MiB. */
	readonly baseMiB: number;
	readonly peakMiB: number;
	readonly limitMiB: number;
	/** What all clients together took, 10^9 bytes. */
	readonly gigabytes: number;
}

/** 1,000 clients pull 256 MiB each at 128 KiB a second for 20 seconds. */
export const measureSlow = async (server: Server, { puller, seeded }: Tools): Promise<SlowResult> => {
	const { port, authorization, pid } = server;
	const path = `/v2/${seeded.large?.repository}/blobs/${seeded.large?.blobs[0]?.digest}`;
	resetPeak(pid);
	const baseMiB = residentMiB(pid);
	const { bytes } = await puller.pull({
		port,
		authorization,
		connections: Array.from({ length: CONNECTIONS }, () => [path]),
		slowly: { bytes: 64 * 1024, everyMs: 500, forMs: SECONDS * 1000 },
	});
	return {
		connections: CONNECTIONS,
		baseMiB,
		peakMiB: peakMiB(pid),
		limitMiB: baseMiB + 64 + (CONNECTIONS * 128) / 1024,
		gigabytes: bytes / 1e9,
	};
};
