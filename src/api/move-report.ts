import { z } from "zod";

/** What a data plane says of a project that it moves to another store; empty when there is nothing to say. */
export const moveReport = z.object({
	move: z
		.object({
			/** The store that it goes to. */
			to: z.string(),
			repositories: z.int().min(0),
			/** Those of them that are there. */
			moved: z.int().min(0),
			/** Blobs copied, and their bytes, since whoever moves it began. */
			copiedBlobs: z.int().min(0),
			copiedBytes: z.int().min(0),
			/** Why it waits; absent: it goes on. */
			message: z.string().optional(),
		})
		.optional(),
});

/** A project on its way, as its data plane tells. */
export type MoveReport = NonNullable<z.output<typeof moveReport>["move"]>;
