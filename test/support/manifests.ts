import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";

const manifestSchema = z.looseObject({
	apiVersion: z.string(),
	kind: z.string(),
	metadata: z.looseObject({ name: z.string(), namespace: z.string().exactOptional() }),
});

/** A resource as somebody wrote it. */
export type Manifest = z.output<typeof manifestSchema>;

const root = join(import.meta.dirname, "..", "..");

/** The resources of the files below the project's root that match a pattern, in the order of their paths. */
export const readManifests = (pattern: string): readonly Manifest[] =>
	globSync(pattern, { cwd: root })
		.toSorted()
		.flatMap((path) => parseAllDocuments(readFileSync(join(root, path), "utf8")))
		.map((document): unknown => document.toJS())
		.filter((manifest) => manifest !== null)
		.map((manifest) => manifestSchema.parse(manifest));
