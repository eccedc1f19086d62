import type { Artifacts } from "#/metadata/artifacts.ts";
import { isRefused, type Refusal } from "#/metadata/refusal.ts";
import type { Digest } from "#/oci/digest.ts";
import type { Going, RepositoryPlan } from "./plan-repository.ts";

/** What is removed at the same time: the database writes several durably at once. */
const AT_ONCE = 8;

/** What came of one that was to go; what hangs on something that stays is not tried. */
export type Removal =
	| { readonly going: Going; readonly refused?: undefined }
	| { readonly going: Going; readonly refused: Refusal | "anchor-stays" };

/** Who removes, and what it takes. */
export interface RemovalDeps {
	readonly artifacts: Pick<Artifacts, "retire">;
	/** Who history says it was. */
	readonly actor: string;
}

/**
 * Removes what a plan lets go of one repository. Each is removed only if it is still what was planned on, and only after
 * all that it hangs on: whatever happens in between, nothing that stays loses a part or a signature.
 *
 * Once `signal` is aborted nothing new is begun; what was begun is done with its parts.
 */
export const removeGoing = async (
	{ artifacts, actor }: RemovalDeps,
	repository: string,
	{ going }: RepositoryPlan,
	signal: AbortSignal,
): Promise<readonly Removal[]> => {
	const outcomes = new Map<Digest, Promise<Removal>>();
	const removeOne = async (one: Going): Promise<Removal> => {
		const anchors = await Promise.all(one.anchors.map((digest) => outcomes.get(digest)));
		if (anchors.some((anchor) => anchor?.refused !== undefined)) return { going: one, refused: "anchor-stays" };
		const outcome = await artifacts.retire(repository, one.fact, actor);
		return isRefused(outcome) ? { going: one, refused: outcome.refused } : { going: one };
	};
	const underWay = new Set<Promise<Removal>>();
	try {
		for (const one of going) {
			if (signal.aborted && one.anchors.length === 0) break;
			// What it hangs on was not begun any more.
			if (one.anchors.some((digest) => !outcomes.has(digest))) continue;
			while (underWay.size >= AT_ONCE) await Promise.race(underWay);
			const removal = removeOne(one);
			outcomes.set(one.fact.digest, removal);
			underWay.add(removal);
			removal.finally(() => underWay.delete(removal)).catch(() => undefined);
		}
		return await Promise.all(outcomes.values());
	} finally {
		await Promise.allSettled(underWay);
	}
};
