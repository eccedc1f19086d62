/** What the target of a migration says of it: that it has begun, and of which store; that it is whole. */
import { z } from "zod";
import type { BlobStore } from "./blob-store.ts";
import { putMark, readMark } from "./mark.ts";

const BEGUN_KEY = "limani-migration";
/** The key of the object that says that all is here. */
export const COMPLETED_KEY = "limani-migration-completed";

const beginning = z.object({
	format: z.literal("limani-migration/1"),
	/** Of this migration; the former place has it too. */
	id: z.string(),
	registry: z.string(),
	store: z.string(),
});

/** Which migration has this place for its target. */
export type MigrationBeginning = z.output<typeof beginning>;

const completion = z.object({ format: z.literal("limani-migration-completed/1"), id: z.string() });

/** A migration as its target knows it. */
export interface MigrationMark extends MigrationBeginning {
	/** Whether all that is known of the store is here. */
	readonly completed: boolean;
}

/** The migration that has this place for its target; absent when there was none. @throws StoreError */
export const readMigration = async (target: BlobStore, signal: AbortSignal): Promise<MigrationMark | undefined> => {
	const begun = await readMark(target, BEGUN_KEY, beginning, signal);
	if (begun === undefined) return undefined;
	const completed = await readMark(target, COMPLETED_KEY, completion, signal);
	return { ...begun, completed: completed?.id === begun.id };
};

/** Notes a beginning. @returns the one that the target has: of several at once it keeps one */
export const markBegun = (
	target: BlobStore,
	begun: Omit<MigrationBeginning, "format">,
	signal: AbortSignal,
): Promise<MigrationBeginning> => {
	const value = { format: "limani-migration/1" as const, ...begun };
	return putMark(target, BEGUN_KEY, { schema: beginning, value }, signal);
};

/** Notes that all is here. Safe to repeat. @throws StoreError */
export const markCompleted = async (target: BlobStore, id: string, signal: AbortSignal): Promise<void> => {
	if ((await readMark(target, COMPLETED_KEY, completion, signal)) !== undefined) return;
	const value = { format: "limani-migration-completed/1" as const, id };
	await putMark(target, COMPLETED_KEY, { schema: completion, value }, signal);
};
