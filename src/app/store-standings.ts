import type { StoreMigration, StoreStanding } from "#/control/control.ts";
import type { DataPlaneDeps } from "#/dataplane/data-plane.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { OpenedMigration } from "./named-stores.ts";
import type { ProcessParts } from "./process-parts.ts";

/** What says how they stand. */
type StandingsDeps = Pick<ProcessParts, "stores" | "migrations" | "awayStores" | "metadata">;

/** What a data plane knows of the stores of its process: their names, and how they stand. */
export const storesToTell = (parts: StandingsDeps): Pick<DataPlaneDeps, "stores" | "standings"> => ({
	stores: new Set(parts.stores.keys()),
	standings: (signal) => standingsOf(parts, signal),
});

/** How the stores stand that are configured, and those that are used although they are not. */
const standingsOf = async (
	{ stores, migrations, awayStores, metadata }: StandingsDeps,
	signal: AbortSignal,
): Promise<readonly StoreStanding[]> => {
	const used = new Set(await metadata.usages.stores(signal));
	const away = new Map(awayStores().map(({ name, message }) => [name, message]));
	const migrating = new Map(
		await Promise.all(migrations.map(async (one) => [one.name, await migrationOf(one)] as const)),
	);
	return [...new Set([...stores.keys(), ...used])].sort().map((name) => {
		const why = stores.has(name) ? away.get(name) : `store ${name}: it is not configured any more`;
		const migration = migrating.get(name);
		return {
			name,
			used: used.has(name),
			...(why === undefined ? {} : { away: why }),
			...(migration === undefined ? {} : { migration }),
		};
	});
};

const NONE = { done: 0, all: 0 };

const migrationOf = async ({ notes, to, trouble }: OpenedMigration): Promise<StoreMigration> => {
	const why = trouble();
	const heldUp = why === undefined ? {} : { message: why };
	// From its plan on, the target may have what the files lack.
	const begun: StoreMigration = { to, stage: "Copying", objects: NONE, bytes: NONE, ...heldUp };
	try {
		const progress = await notes.progress();
		if (progress !== undefined) return { ...begun, ...progress };
		return (await notes.plan()) === undefined ? { ...begun, stage: "Pending" } : begun;
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		return { ...begun, message: error.message };
	}
};
