import { z } from "zod";

const words = z.record(z.string(), z.string()).default({});

/** What is looked at of the metadata of a resource of ours, as the API server gives it: all kinds are namespaced. */
export const resourceMetadata = z.object({
	name: z.string().min(1),
	namespace: z.string().min(1),
	uid: z.string().min(1),
	generation: z.int().min(1),
	deletionTimestamp: z.string().exactOptional(),
	finalizers: z.array(z.string()).default([]),
	labels: words,
	annotations: words,
});

/** The metadata of a resource, without what is the API server's alone. */
export type ResourceMetadata = z.output<typeof resourceMetadata>;
