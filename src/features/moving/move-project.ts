import type { Metadata } from "#/metadata/metadata.ts";
import type { Move, MovingRepository, WantedBlob } from "#/metadata/moves.ts";
import { copyObject } from "#/registry/copy-object.ts";
import { blobKey } from "#/registry/object-keys.ts";
import { type Stores, storeNamed } from "#/registry/store-named.ts";
import type { TellMove } from "./tell-move.ts";

/** What was done of a move. */
export interface MoveCounts {
	repositories: number;
	blobs: number;
	bytes: number;
}

/** What {@link moveProject} works with. */
export interface MoveProjectDeps {
	readonly metadata: Pick<Metadata, "moves" | "objects">;
	readonly stores: Stores;
	readonly holder: string;
	readonly newId: () => string;
	readonly tell: TellMove;
	/** Blobs copied at once. */
	readonly concurrency: number;
}

/** The right to move a project. */
interface MoveRight {
	/** Of its right. */
	readonly fence: number;
	/** Aborted when the lease could not be kept, and when the process ends. */
	readonly signal: AbortSignal;
}

/** A move that is this process's, and what it did. */
export interface Moving {
	readonly move: Move;
	readonly right: MoveRight;
	readonly counts: MoveCounts;
}

/** How often a repository is copied and tried again that is pushed to meanwhile, before others have their turn. */
const MAX_TRIES = 5;
/** Rows asked for at a time. */
const PAGE = 100;
/** How often the intent of a copy is renewed, milliseconds: far less than it takes one to become stale. */
const KEEP_MS = 60_000;

/**
 * Copies all that a project has, as it is now, and then puts each repository into the store with what came meanwhile.
 * Nothing changes for anybody before the store has proved that it takes all of it.
 *
 * @returns whether the project is where it is to be
 * @throws StoreError, MetadataError
 */
export const moveProject = async (deps: MoveProjectDeps, moving: Moving): Promise<boolean> => {
	const { moves } = deps.metadata;
	const { move, right, counts } = moving;
	const { projectId, to } = move;
	const target = storeNamed(deps.stores, to);
	// A store that does not answer is not begun with.
	await target.stat(blobKey("move"), right.signal);
	for await (const repository of elsewhere(deps, moving)) await copyAll(deps, moving, repository);
	if (!(await moves.open(projectId, to, right.fence))) return false;
	for await (const repository of elsewhere(deps, moving)) {
		if (!(await switchOver(deps, moving, repository))) continue;
		counts.repositories += 1;
		await deps.tell.progress(counts);
	}
	return await moves.close(projectId, to, right.fence);
};

/** The repositories that are not there yet, one after the other. */
async function* elsewhere(
	{ metadata: { moves } }: MoveProjectDeps,
	{ move: { projectId, to }, right }: Moving,
): AsyncGenerator<MovingRepository> {
	for (let after = 0; ; ) {
		const page = await moves.repositories({ projectId, to, after, limit: PAGE }, right.signal);
		yield* page;
		after = page.at(-1)?.id ?? after;
		if (page.length < PAGE) return;
	}
}

/** False: it is pushed to so much that it has to wait for the next round, or the lease is lost. */
const switchOver = async (deps: MoveProjectDeps, moving: Moving, repository: MovingRepository): Promise<boolean> => {
	const { move, right } = moving;
	for (let i = 0; i < MAX_TRIES; i++) {
		await copyAll(deps, moving, repository);
		right.signal.throwIfAborted();
		const outcome = await deps.metadata.moves.switch(repository.id, move.to, right.fence);
		if (outcome !== "incomplete") return outcome === "moved";
	}
	return false;
};

const copyAll = async (deps: MoveProjectDeps, moving: Moving, { id }: MovingRepository): Promise<void> => {
	const { move, right, counts } = moving;
	for (let after = ""; ; ) {
		const request = { repositoryId: id, to: move.to, after, limit: PAGE };
		const page = await deps.metadata.moves.wanting(request, right.signal);
		const queue = page.values();
		const work = async (): Promise<void> => {
			for (const blob of queue) {
				await copyBlob(deps, moving, blob);
				counts.blobs += 1;
				counts.bytes += blob.size;
				await deps.tell.progress(counts);
			}
		};
		await allOf(Array.from({ length: Math.min(deps.concurrency, page.length) }, work));
		after = page.at(-1)?.digest ?? after;
		if (page.length < PAGE) return;
	}
};

/** Waits for all of them, and then throws what the first threw that failed: nothing goes on behind a failure. */
const allOf = async (works: readonly Promise<void>[]): Promise<void> => {
	for (const settled of await Promise.allSettled(works)) if (settled.status === "rejected") throw settled.reason;
};

const copyBlob = async (
	{ metadata: { moves }, stores, holder, newId }: MoveProjectDeps,
	{ move: { to }, right: { signal } }: Moving,
	blob: WantedBlob,
): Promise<void> => {
	signal.throwIfAborted();
	const { digest, size } = blob;
	const key = blobKey(newId(), digest);
	const [from, target] = [storeNamed(stores, blob.store), storeNamed(stores, to)];
	await moves.intend({ store: to, key, holder });
	const keeping = setInterval(() => void moves.keep(to, key).catch(() => undefined), KEEP_MS);
	try {
		await copyObject({ store: from, key: blob.key }, { store: target, key }, blob, signal);
	} finally {
		clearInterval(keeping);
	}
	await moves.place({ store: to, key, digest, size });
};
