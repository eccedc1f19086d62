import type { StoreStanding } from "#/control/control.ts";
import type { DataPlaneDeps } from "#/dataplane/data-plane.ts";
import type { ProcessParts } from "./process-parts.ts";

/** What a data plane knows of the stores of its process: their names, and how they stand. */
export const storesToTell = (parts: ProcessParts): Pick<DataPlaneDeps, "stores" | "standings"> => ({
	stores: new Set(parts.stores.keys()),
	standings: (signal) => standingsOf(parts, signal),
});

/** How the stores stand that are configured, and those that are used although they are not. */
const standingsOf = async (
	{ stores, awayStores, metadata }: ProcessParts,
	signal: AbortSignal,
): Promise<readonly StoreStanding[]> => {
	const used = new Set(await metadata.usages.stores(signal));
	const away = new Map(awayStores().map(({ name, message }) => [name, message]));
	return [...new Set([...stores.keys(), ...used])].sort().map((name) => {
		const why = stores.has(name) ? away.get(name) : `store ${name}: it is not configured any more`;
		return { name, used: used.has(name), ...(why === undefined ? {} : { away: why }) };
	});
};
