import type { KnownObject, Objects } from "#/metadata/objects.ts";
import { isDigest } from "#/oci/digest.ts";
import { copyObject } from "#/registry/copy-object.ts";
import { findObject } from "#/registry/find-object.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { JudgeDeps } from "./judge.ts";

/** What {@link copyKnown} works with. */
export interface CopyDeps extends JudgeDeps {
	/** The store's name. */
	readonly name: string;
	readonly objects: Objects;
}

/** Whether the object was copied; gone: it was deleted meanwhile, and is not in the target. */
export type Copied = "copied" | "gone" | { readonly trouble: string };

/** How long it may take to see whether a copy is to be taken back, milliseconds. */
const TAKE_BACK_MS = 10_000;

/**
 * Copies an object that metadata knew, and takes the copy back unless metadata still does: whoever deletes an object does
 * so at both places before its row goes, but may have been at the target before the copy was. A process that lost its right
 * meanwhile takes its copy back all the same, and what is live it leaves: its successor may have made it.
 *
 * @throws StoreError, MetadataError when one of them does not answer
 */
export const copyKnown = async (deps: CopyDeps, object: KnownObject, signal: AbortSignal): Promise<Copied> => {
	const { former, target } = deps;
	const { key, size = 0, digest } = object;
	const expected = { size, digest: digest !== undefined && isDigest(digest) ? digest : undefined };
	try {
		await copyObject({ store: former, key }, { store: target, key, isShared: true }, expected, signal);
	} catch (error) {
		if (!(error instanceof StoreError) || (error.code !== "NOT_FOUND" && error.code !== "CORRUPT")) {
			// It may be there in spite of that; where this fails, too, the next life looks.
			await takeBack(deps, key, AbortSignal.timeout(TAKE_BACK_MS)).catch(() => undefined);
			throw error;
		}
		const isGone = await takeBack(deps, key, AbortSignal.timeout(TAKE_BACK_MS));
		return isGone ? "gone" : { trouble: `${key}: ${error.message}` };
	}
	return (await takeBack(deps, key, AbortSignal.timeout(TAKE_BACK_MS))) ? "gone" : "copied";
};

/** Deletes a copy of what is live no more, and will not be again. @returns whether that was so */
export const takeBack = async (
	{ objects, name, target }: Pick<CopyDeps, "objects" | "name" | "target">,
	key: string,
	signal: AbortSignal,
): Promise<boolean> => {
	// One that is condemned after this look is deleted after the copy was made.
	if ((await findObject(objects, name, key, signal))?.state === "live") return false;
	await target.delete(key, undefined, signal);
	return true;
};
