import { z } from "zod";

const size = z.string().regex(/^\d+$/).transform(Number);

/** What the service tells of an object. */
export const objectAnswer = z.object({
	name: z.string(),
	size,
	updated: z.string().optional(),
	metadata: z.record(z.string(), z.string()).optional(),
});

/** One page of a listing. */
export const listAnswer = z.object({
	items: z.array(objectAnswer).default([]),
	nextPageToken: z.string().optional(),
});

/** An object as the service tells of it. */
export type ObjectAnswer = z.output<typeof objectAnswer>;
