import { setImmediate as turn } from "node:timers/promises";
import pg from "pg";
import type { Timing } from "#/lib/timing.ts";

/** Whether what failed was the server's answer, and not the lack of one. */
export const isAnswer = (error: unknown): boolean => error instanceof pg.DatabaseError;

/** Whether the server says anything, if only a refusal, to somebody who comes anew, within so many milliseconds. */
export const probeServer = async (
	settings: pg.ClientConfig,
	timing: Pick<Timing, "sleep">,
	ms: number,
): Promise<boolean> => {
	const client = new pg.Client({ ...settings, connectionTimeoutMillis: ms, query_timeout: ms });
	client.on("error", () => {});
	let hasAnswered = false;
	const asking = client
		.connect()
		.then(() => client.query("SELECT 1"))
		.then(() => true, isAnswer)
		.then((answered) => {
			hasAnswered = answered;
		});
	const over = new AbortController();
	await Promise.race([asking, timing.sleep(ms, over.signal).catch(() => undefined)]);
	over.abort();
	// A process that stood still sees its alarms before what has arrived meanwhile.
	await turn();
	client.end().catch(() => undefined);
	return hasAnswered;
};
