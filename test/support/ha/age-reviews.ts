import { query } from "../postgres.ts";
import type { HaWorld } from "./world.ts";

/** What the collector reviews: links that no manifest needs, blobs that nobody links, manifests that are gone. */
const REVIEWED = ["link", "blob", "manifest"] as const;

/** What is under review by the collector has waited long enough. @param what absent: all of it */
export const ageReviews = async (
	{ databaseUrl }: Pick<HaWorld, "databaseUrl">,
	what: readonly (typeof REVIEWED)[number][] = REVIEWED,
): Promise<void> => {
	for (const each of what) {
		await query(databaseUrl, `UPDATE gc_${each}_queue SET review_after = 1 WHERE review_after > 1`);
	}
};
