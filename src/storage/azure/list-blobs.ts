import type { BlobItem } from "@azure/storage-blob";
import type { ListedObject } from "#/storage/merge-listings.ts";
import { isObjectKey } from "#/storage/object-key.ts";
import { statBlob } from "./blobs.ts";
import type { Container } from "./container.ts";

/**
 * Finished and unfinished blobs in byte order of their keys. The size of an unfinished one is not told. What others
 * keep in the container, under names that are no keys, is left out.
 */
export async function* listBlobs(
	container: Container,
	prefix: string,
	signal: AbortSignal,
): AsyncGenerator<ListedObject, void, undefined> {
	for await (const { name, properties } of listItems(container, prefix, signal)) {
		const key = container.keyOf(name);
		if (key === undefined || !isObjectKey(key)) continue;
		const { contentLength = 0, lastModified } = properties;
		const modified = lastModified instanceof Date ? { modifiedAt: lastModified.getTime() } : {};
		if (contentLength > 0) {
			yield { key, size: contentLength, ...modified, staged: false };
			continue;
		}
		// A blob of which there are only blocks is listed as an empty one, and empty ones are few.
		const stat = await statBlob(container, key, signal);
		yield stat === undefined ? { key, size: 0, ...modified, staged: true } : { ...stat, staged: false };
	}
}

async function* listItems(
	container: Container,
	prefix: string,
	signal: AbortSignal,
): AsyncGenerator<BlobItem, void, undefined> {
	let token: string | undefined;
	do {
		const page = await container.request(`list ${prefix}`, signal, async (client, options) => {
			const pages = client
				.listBlobsFlat({ ...options, prefix: container.nameOf(prefix), includeUncommitedBlobs: true })
				.byPage(token === undefined ? {} : { continuationToken: token });
			return await pages.next();
		});
		if (page.done === true) return;
		yield* page.value.segment.blobItems;
		token = page.value.continuationToken === "" ? undefined : page.value.continuationToken;
	} while (token !== undefined);
}
