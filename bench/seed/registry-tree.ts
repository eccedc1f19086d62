import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Content, Stored } from "./content.ts";

/**
 * Writes content as distribution's file system driver keeps it:
 *
 *     docker/registry/v2/blobs/sha256/<2 hex>/<hex>/data
 *     docker/registry/v2/repositories/<name>/_layers/sha256/<hex>/link
 *     docker/registry/v2/repositories/<name>/_manifests/revisions/sha256/<hex>/link
 *     docker/registry/v2/repositories/<name>/_manifests/tags/<tag>/current/link
 */
export const writeRegistryTree = (root: string, { repository, blobs, manifests }: Content): void => {
	const base = join(root, "docker/registry/v2");
	const folder = join(base, "repositories", repository);
	for (const blob of blobs) {
		writeBlob(base, blob);
		writeLink(join(folder, "_layers/sha256", hexOf(blob)), blob);
	}
	for (const manifest of manifests) {
		writeBlob(base, manifest);
		writeLink(join(folder, "_manifests/revisions/sha256", hexOf(manifest)), manifest);
		for (const tag of manifest.tags) writeLink(join(folder, "_manifests/tags", tag, "current"), manifest);
	}
};

/** Only what makes the repository appear in the catalog: a tenth of the files, and no more to walk than otherwise. */
export const writeCatalogEntry = (root: string, { repository }: Content): void => {
	const folder = join(root, "docker/registry/v2/repositories", repository);
	mkdirSync(join(folder, "_layers"), { recursive: true });
	mkdirSync(join(folder, "_manifests"));
};

const writeBlob = (base: string, blob: Stored): void => {
	const hex = hexOf(blob);
	const folder = join(base, "blobs/sha256", hex.slice(0, 2), hex);
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, "data"), blob.bytes);
};

const writeLink = (folder: string, { digest }: Stored): void => {
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, "link"), digest);
};

const hexOf = ({ digest }: Stored): string => digest.slice(digest.indexOf(":") + 1);
