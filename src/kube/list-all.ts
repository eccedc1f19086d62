import type { KubeClient, ObjectPage, Selection } from "./kube-client.ts";
import type { KubeObject } from "./kube-object.ts";
import type { ResourceType } from "./resource-type.ts";

/** Objects of one moment, and the version to watch from. */
export interface Listed {
	readonly items: readonly KubeObject[];
	readonly resourceVersion: string;
}

/**
 * All objects of a type, page by page.
 *
 * @param limit objects of a page at most
 * @throws KubeError GONE when the continuation ran out meanwhile; all others of {@link KubeClient.list}
 */
export const listAll = async (
	client: Pick<KubeClient, "list">,
	type: ResourceType,
	query: Selection & { readonly limit: number },
	signal: AbortSignal,
): Promise<Listed> => {
	const items: KubeObject[] = [];
	let resourceVersion = "";
	for await (const page of listPages(client, type, query, signal)) {
		for (const item of page.items) items.push(item);
		resourceVersion = page.resourceVersion;
	}
	return { items, resourceVersion };
};

/** The same, one page at a time; there is one at least. Which version to watch from the last one tells. */
export async function* listPages(
	client: Pick<KubeClient, "list">,
	type: ResourceType,
	query: Selection & { readonly limit: number },
	signal: AbortSignal,
): AsyncGenerator<ObjectPage, void, undefined> {
	let next: string | undefined;
	do {
		const page = await client.list(type, { ...query, next }, signal);
		yield page;
		next = page.next;
	} while (next !== undefined);
}
