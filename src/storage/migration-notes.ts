/** What the former place of a migration keeps of it, beside its objects. */
import { z } from "zod";
import type { RootNotes } from "./root-notes.ts";
import { StoreError } from "./store-error.ts";

const text = z.string();
const counted = z.object({ done: z.number(), all: z.number() });

/** To where it goes, for good: written before the first object goes there. */
const plan = z.object({ id: text, registry: text, store: text, to: text });

/** What is being copied, so that whoever comes after a crash knows what may lie in the target by its doing. */
const copying = z.object({ fence: z.number(), keys: z.array(text) });

const progress = z.object({
	stage: z.enum(["Pending", "Copying", "Completed"]),
	objects: counted,
	bytes: counted,
	message: text.optional(),
});

const PLAN = "limani-migration";
const COPYING = "limani-migration-copying";
const PROGRESS = "limani-migration-progress";

/** To where a store goes. */
export type MigrationPlan = z.output<typeof plan>;

/** What is being copied, and by whose right. */
export type CopyingNote = z.output<typeof copying>;

/** How far a migration is. Objects and bytes are those that metadata knows, and of them those that are in the target. */
export type MigrationProgress = z.output<typeof progress>;

/** The notes of a migration, parsed. */
export class MigrationNotes {
	readonly #notes: RootNotes;

	constructor(notes: RootNotes) {
		this.#notes = notes;
	}

	/** Absent: nothing was migrated from here. @throws StoreError */
	plan(): Promise<MigrationPlan | undefined> {
		return this.#read(PLAN, plan);
	}

	/** @throws StoreError */
	copying(): Promise<CopyingNote | undefined> {
		return this.#read(COPYING, copying);
	}

	/** @throws StoreError */
	progress(): Promise<MigrationProgress | undefined> {
		return this.#read(PROGRESS, progress);
	}

	/** @throws StoreError */
	writePlan(note: MigrationPlan): Promise<void> {
		return this.#write(PLAN, note);
	}

	/** @throws StoreError */
	writeCopying(note: CopyingNote): Promise<void> {
		return this.#write(COPYING, note);
	}

	/** @throws StoreError */
	writeProgress(note: MigrationProgress): Promise<void> {
		return this.#write(PROGRESS, note);
	}

	async #read<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
		const text = await this.#notes.read(name);
		if (text === undefined) return undefined;
		try {
			return schema.parse(JSON.parse(text));
		} catch (error) {
			throw unreadable(name, error);
		}
	}

	#write(name: string, note: object): Promise<void> {
		return this.#notes.write(name, `${JSON.stringify(note)}\n`);
	}
}

const unreadable = (name: string, cause: unknown): StoreError =>
	new StoreError("CORRUPT", `the note ${name} beside the store's files cannot be understood`, { cause });
