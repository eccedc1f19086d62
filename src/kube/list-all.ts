import type { KubeClient, Selection } from "./kube-client.ts";
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
	let next: string | undefined;
	for (;;) {
		const page = await client.list(type, { ...query, next }, signal);
		for (const item of page.items) items.push(item);
		if (page.next === undefined) return { items, resourceVersion: page.resourceVersion };
		next = page.next;
	}
};
