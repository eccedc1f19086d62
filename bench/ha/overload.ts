import type { HaReplicas } from "../../test/support/ha/world.ts";
import { runWrk, type WrkResult } from "../load/wrk.ts";
import { type Fleet, pushContent } from "./fleet.ts";

/** What one replica did before, while and after ten times as many clients asked as it can answer at its best. */
export interface Overload {
	readonly before: WrkResult;
	readonly during: WrkResult;
	/** The five seconds right after. */
	readonly after: WrkResult;
	/** Its memory at the end of each, MiB. */
	readonly memory: readonly number[];
}

const CLIENTS = 32;

/** Asks one replica by tag, which takes a query each time. */
export const measureOverload = async (
	{ replicas: [replica] }: HaReplicas,
	fleet: Fleet,
	seconds: number,
): Promise<Overload> => {
	const memory: number[] = [];
	const paths = await pushContent(fleet);
	const pull = async (connections: number, of: number): Promise<WrkResult> => {
		const result = await runWrk({
			program: "wrk",
			port: replica.port,
			authorization: fleet.authorization,
			paths: [paths["manifest-tag"]],
			seconds: of,
			connections,
			mayFail: true,
		});
		memory.push(replica.residentMiB());
		return result;
	};
	const before = await pull(CLIENTS, 8);
	const during = await pull(CLIENTS * 10, seconds);
	const after = await pull(CLIENTS, 5);
	return { before, during, after, memory };
};
