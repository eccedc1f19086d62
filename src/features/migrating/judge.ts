import type { KnownObject } from "#/metadata/objects.ts";
import { isDigest } from "#/oci/digest.ts";
import { readDigest } from "#/registry/read-digest.ts";
import type { BlobStore } from "#/storage/blob-store.ts";

/** Where the objects are. */
export interface JudgeDeps {
	readonly former: BlobStore;
	readonly target: BlobStore;
}

/**
 * How an object stands. There: the target has it. Lacking: it is to be copied. Spoilt: the target has other bytes, which
 * nobody deletes here: who judged so may have stood still since, while another process copied it. Waiting: its bytes are still written at the former place. Gone: it is deleted, or nothing was written yet.
 */
export type Standing = "there" | "lacking" | "spoilt" | "waiting" | "gone";

/** @param compare whether to read again what an earlier life may have copied. @throws StoreError */
export const judge = async (
	deps: JudgeDeps,
	object: KnownObject,
	compare: boolean,
	signal: AbortSignal,
): Promise<Standing> => {
	switch (object.state) {
		case "deleting":
			return "gone";
		case "writing":
			return (await isAtFormer(deps, object.key, signal)) ? "waiting" : "gone";
		case "live": {
			const { former, target } = deps;
			const { key, size, digest } = object;
			const stat = await target.stat(key, signal);
			if (stat === undefined) return "lacking";
			if (stat.size !== size) return "spoilt";
			if (!compare || digest === undefined || !isDigest(digest)) return "there";
			// What clients wrote to the target was never here.
			if ((await former.stat(key, signal)) === undefined) return "there";
			return (await readDigest(target, key, digest, signal)) === digest ? "there" : "spoilt";
		}
	}
};

/**
 * Whether an unfinished object has bytes at the former place. They become an object there by a renaming, so the unfinished
 * ones are looked at on both sides of the look at the finished one.
 */
const isAtFormer = async ({ former }: JudgeDeps, key: string, signal: AbortSignal): Promise<boolean> =>
	(await isStaged(former, key, signal)) ||
	(await former.stat(key, signal)) !== undefined ||
	(await isStaged(former, key, signal));

const isStaged = async (store: BlobStore, key: string, signal: AbortSignal): Promise<boolean> => {
	for await (const found of store.list(key, signal)) if (found.key === key && found.staged) return true;
	return false;
};
