import { mkdirSync } from "node:fs";
import type { Server } from "../servers/server.ts";
import {
	type Content,
	catalogContent,
	imageContent,
	largeContent,
	type ReferrerContent,
	referrerContent,
	smallContent,
	tagContent,
} from "./content.ts";
import { pushContent } from "./push-content.ts";
import { writeCatalogEntry, writeRegistryTree } from "./registry-tree.ts";
import { writeStaticTree } from "./static-tree.ts";

/** What a row needs to be there. */
export type SeedName = "small" | "large" | "images" | "tags" | "catalog" | "referrers";

/** What is there. */
export interface Seeded {
	readonly small: Content | undefined;
	readonly large: Content | undefined;
	readonly images: Content | undefined;
	readonly tags: Content | undefined;
	readonly referrers: ReferrerContent | undefined;
	readonly catalog: readonly Content[];
}

/** Where seeds go. */
export interface SeedPlaces {
	/** The root of the docker-registries' file system driver. */
	readonly registryRoot: string;
	/** nginx's root. */
	readonly staticRoot: string;
}

/** Makes what `names` say. */
export const makeSeeds = (names: ReadonlySet<SeedName>): Seeded => ({
	small: names.has("small") ? smallContent() : undefined,
	large: names.has("large") ? largeContent() : undefined,
	images: names.has("images") ? imageContent() : undefined,
	tags: names.has("tags") ? tagContent() : undefined,
	referrers: names.has("referrers") ? referrerContent() : undefined,
	catalog: names.has("catalog") ? catalogContent() : [],
});

/** Writes the peers' seeds on disk. */
export const writeSeeds = (seeded: Seeded, { registryRoot, staticRoot }: SeedPlaces): void => {
	mkdirSync(registryRoot, { recursive: true });
	mkdirSync(staticRoot, { recursive: true });
	for (const content of [seeded.small, seeded.large, seeded.images]) {
		if (content === undefined) continue;
		writeRegistryTree(registryRoot, content);
		writeStaticTree(staticRoot, content);
	}
	if (seeded.tags !== undefined) writeRegistryTree(registryRoot, seeded.tags);
	if (seeded.referrers !== undefined) writeRegistryTree(registryRoot, seeded.referrers.fallback);
	for (const content of seeded.catalog) writeCatalogEntry(registryRoot, content);
};

/** Pushes Limani's seeds, but for the catalog, which is there when it starts. */
export const pushSeeds = async (seeded: Seeded, limani: Server, authorization: string): Promise<void> => {
	const { small, large, images, tags, referrers } = seeded;
	const contents = [small, large, images, tags, referrers?.content].filter((content) => content !== undefined);
	await pushContent(limani, contents, authorization);
};
