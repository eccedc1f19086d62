import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Content } from "./content.ts";

/** Writes content as files whose paths are those of the API. */
export const writeStaticTree = (root: string, { repository, blobs, manifests }: Content): void => {
	const folder = join(root, "v2", repository);
	mkdirSync(join(folder, "blobs"), { recursive: true });
	mkdirSync(join(folder, "manifests"), { recursive: true });
	for (const { digest, bytes } of blobs) writeFileSync(join(folder, "blobs", digest), bytes);
	for (const { digest, tags, bytes } of manifests) {
		for (const reference of [digest, ...tags]) writeFileSync(join(folder, "manifests", reference), bytes);
	}
};
