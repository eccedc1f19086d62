import { JobError } from "#/jobs/job-error.ts";
import { inParallel } from "#/lib/in-parallel.ts";
import type { KnownObject } from "#/metadata/objects.ts";
import type { MigrationNotes } from "#/storage/migration-notes.ts";
import { type CopyDeps, copyKnown, takeBack } from "./copy-known.ts";
import { judge } from "./judge.ts";

/** What {@link walkPage} works with. */
export interface WalkDeps extends CopyDeps {
	readonly notes: MigrationNotes;
	/** Objects at once. */
	readonly concurrency: number;
}

/** The right to copy. */
export interface CopyRight {
	readonly fence: number;
	/** Aborted when the lease could not be kept, and when the process ends. */
	readonly signal: AbortSignal;
}

/** What was found on the way. */
export interface Walked {
	/** Live objects that are in the target. */
	objects: number;
	/** Their bytes. */
	bytes: number;
	/** Those of them that this walk copied. */
	copied: number;
	copiedBytes: number;
	/** Objects that are still written at the former place. */
	waiting: number;
	/** Objects that cannot be copied. */
	troubled: number;
	/** What is the matter with the first of them. */
	trouble: string | undefined;
}

/** Nothing yet. */
export const nothingWalked = (): Walked => ({
	objects: 0,
	bytes: 0,
	copied: 0,
	copiedBytes: 0,
	waiting: 0,
	troubled: 0,
	trouble: undefined,
});

/** Objects of a page: what is being copied is noted once for all of them. */
const PAGE = 100;

/** Which objects a page has, and how they are looked at. */
export interface PageOpts {
	readonly last: string | undefined;
	/** Whether to read again what an earlier life may have copied. */
	readonly compare: boolean;
	/** Keys of what was spoilt when it was last looked at, kept here: those are read again in any case. */
	readonly spoilt: Set<string>;
}

/**
 * Looks at the objects after `last`, copies those that the target lacks, and counts them all.
 *
 * @returns the last key of the page, and what it had; absent: there are no more
 * @throws StoreError, MetadataError; what it did not get through is looked at again
 */
export const walkPage = async (
	deps: WalkDeps,
	{ last, compare, spoilt }: PageOpts,
	right: CopyRight,
): Promise<{ readonly last: string; readonly walked: Walked } | undefined> => {
	const { objects, name, concurrency } = deps;
	const { signal } = right;
	const page = await objects.list(name, { last, limit: PAGE }, signal);
	const end = page.at(-1)?.key;
	if (end === undefined) return undefined;
	const walked = nothingWalked();
	const lacking: KnownObject[] = [];
	await inParallel(page, concurrency, async (object) => {
		const { key } = object;
		const standing = await judge(deps, object, compare || spoilt.has(key), signal);
		spoilt.delete(key);
		if (standing === "lacking") lacking.push(object);
		else if (standing === "waiting") walked.waiting += 1;
		else if (standing === "there") count(walked, object);
		else if (standing === "spoilt") {
			spoilt.add(key);
			trouble(
				walked,
				`${key}: the target has other bytes: if the files have the object, delete that of the target, and it is copied again`,
			);
		}
	});
	if (lacking.length === 0) return { last: end, walked };
	await noteCopying(
		deps,
		lacking.map(({ key }) => key),
		right,
	);
	await inParallel(lacking, concurrency, async (object) => {
		signal.throwIfAborted();
		const copied = await copyKnown(deps, object, signal);
		if (copied === "gone") return;
		if (copied === "copied") {
			count(walked, object);
			walked.copied += 1;
			walked.copiedBytes += object.size ?? 0;
			return;
		}
		trouble(walked, copied.trouble);
	});
	return { last: end, walked };
};

const count = (walked: Walked, { size = 0 }: KnownObject): void => {
	walked.objects += 1;
	walked.bytes += size;
};

const trouble = (walked: Walked, what: string): void => {
	walked.troubled += 1;
	walked.trouble ??= what;
};

/** @throws JobError LOST when a later life has noted something */
const noteCopying = async (
	{ notes }: Pick<WalkDeps, "notes">,
	keys: readonly string[],
	{ fence }: CopyRight,
): Promise<void> => {
	if (((await notes.copying())?.fence ?? 0) > fence) throw new JobError("LOST", "another process took over");
	await notes.writeCopying({ fence, keys: [...keys] });
};

/** Takes back what a life before may have copied of objects that were deleted meanwhile. @throws StoreError, MetadataError */
export const settleCopying = async (deps: WalkDeps, right: CopyRight): Promise<void> => {
	const copying = await deps.notes.copying();
	if (copying === undefined || copying.keys.length === 0) return;
	await inParallel(copying.keys, deps.concurrency, async (key) => {
		await takeBack(deps, key, right.signal);
	});
	await noteCopying(deps, [], right);
};
