import { hash } from "node:crypto";
import type { BlobStore } from "#/storage/blob-store.ts";
import { isMark } from "#/storage/mark.ts";
import { COMPLETED_KEY, type MigrationMark, markBegun, readMigration } from "#/storage/migration-mark.ts";
import type { MigrationNotes } from "#/storage/migration-notes.ts";
import { claimStore, foreignStore } from "#/storage/owner.ts";
import { StoreError } from "#/storage/store-error.ts";

/** A migration that the configuration asks for. */
export interface WantedMigration {
	readonly registry: string;
	readonly store: string;
	/** Where it goes, in words for people that no other place has. */
	readonly to: string;
}

/** What {@link beginMigration} works with. */
export interface BeginDeps {
	readonly notes: MigrationNotes;
	readonly target: BlobStore;
}

/**
 * Makes sure that the target is this migration's: it is claimed, both places name one migration, and only then may a byte
 * go there. Safe to repeat after a crash at any step.
 *
 * @returns the migration; why it cannot be, in words for whoever configures it
 * @throws StoreError when one of the places cannot be asked
 */
export const beginMigration = async (
	deps: BeginDeps,
	wanted: WantedMigration,
	signal: AbortSignal,
): Promise<MigrationMark | StoreError> => {
	const { notes, target } = deps;
	const { registry, store, to } = wanted;
	const plan = await notes.plan();
	const found = await readMigration(target, signal);
	if (plan !== undefined) return plan.id === found?.id ? found : notItsTarget(wanted, plan.to);
	if (found !== undefined && (found.registry !== registry || found.store !== store || found.completed)) {
		return refusal(wanted, `${to} is where another migration went: give this one a bucket or prefix of its own`);
	}
	if (found === undefined) {
		const other = await claimStore(target, { registry, store }, signal);
		if (other !== undefined) return foreignStore(store, other, other.registry === registry);
		const stranger = await findStranger(target, signal);
		// Another process may have begun meanwhile, and its clients have pushed.
		if (stranger !== undefined && (await readMigration(target, signal)) === undefined) {
			return refusal(wanted, `${to} is not empty (${stranger}): give it a bucket or prefix of its own`);
		}
	}
	const begun = found ?? (await markBegun(target, { id: idOf(wanted), registry, store }, signal));
	if (begun.registry !== registry || begun.store !== store) return anotherTarget(wanted, to);
	await notes.writePlan({ id: begun.id, registry, store, to });
	return { ...begun, completed: false };
};

/** The same for all processes that begin with it at once, and another one for another target. */
const idOf = ({ registry, store, to }: WantedMigration): string =>
	hash("sha256", JSON.stringify([registry, store, to]), "hex").slice(0, 32);

/** A key that is there already. The mark of an end without one of a beginning would be that of this migration, too. */
const findStranger = async (target: BlobStore, signal: AbortSignal): Promise<string | undefined> => {
	for await (const { key } of target.list("", signal)) if (!isMark(key) || key === COMPLETED_KEY) return key;
	return undefined;
};

const refusal = ({ store }: { readonly store: string }, why: string): StoreError =>
	new StoreError("UNAVAILABLE", `store ${store}: ${why}`, { store });

/** The target does not name the migration that the files name. */
const notItsTarget = (wanted: Pick<WantedMigration, "store" | "to">, first: string): StoreError =>
	wanted.to === first
		? refusal(
				wanted,
				`${first} has lost the mark of the migration that went there: was it emptied? What was pushed since it began was there alone: bring the objects back, with those whose keys begin with limani-`,
			)
		: anotherTarget(wanted, first);

const anotherTarget = (wanted: Pick<WantedMigration, "store" | "to">, first: string): StoreError =>
	refusal(
		wanted,
		`its migration to ${first} has begun, and ${wanted.to} is not where it went: name the first target in filesystem.migrateTo again and let the migration come to its end`,
	);

/**
 * Whether a migration has begun, for who opens both places without a registry that runs.
 *
 * @throws StoreError UNAVAILABLE when the target is another one than the one it began with
 */
export const hasBegun = async (
	{ notes, target }: BeginDeps,
	wanted: Pick<WantedMigration, "store" | "to">,
	signal: AbortSignal,
): Promise<boolean> => {
	const plan = await notes.plan();
	if (plan === undefined) return false;
	if ((await readMigration(target, signal))?.id !== plan.id) throw notItsTarget(wanted, plan.to);
	return true;
};

/**
 * Why files cannot be a store by themselves: their store goes elsewhere. Absent: it does not.
 *
 * @throws StoreError when the notes cannot be read
 */
export const refuseFormer = async (notes: MigrationNotes, store: string): Promise<StoreError | undefined> => {
	const plan = await notes.plan();
	if (plan === undefined) return undefined;
	const why = `its migration to ${plan.to} has begun, so these files lack what was pushed since`;
	const todo = `name that target in filesystem.migrateTo again, or, once the migration is Completed, in place of filesystem`;
	return refusal({ store }, `${why}: ${todo}`);
};

/**
 * Why a place cannot be a store by itself: a migration into it is not at its end. Absent: it can.
 *
 * @throws StoreError when it cannot be asked
 */
export const refuseTarget = async (
	target: BlobStore,
	store: string,
	signal: AbortSignal,
): Promise<StoreError | undefined> => {
	const found = await readMigration(target, signal);
	if (found === undefined || found.completed) return undefined;
	const todo = `configure filesystem with migrateTo as before, and name this target alone once the migration is Completed`;
	return refusal({ store }, `the migration of the store ${found.store} into it is not Completed: ${todo}`);
};
