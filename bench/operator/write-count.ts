import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { listAll } from "#/kube/list-all.ts";
import { EVENTS, NAMESPACES, type ResourceType, SECRETS, SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import { OWNED_TYPES } from "#/operator/registry/cluster/owned-types.ts";

/** All that an operator writes to, but for its lease. */
const WRITTEN: ReadonlySet<ResourceType> = new Set<ResourceType>([
	...ALL_KINDS,
	...OWNED_TYPES,
	EVENTS,
	NAMESPACES,
	SECRETS,
	SERVICE_ACCOUNTS,
]);

/** Tens of thousands of objects, on a machine that does other things. */
const LIST_MS = 900_000;

/** Counts the objects that anybody wrote since it was made; leases do not count. */
export class WriteCount {
	readonly #client: KubeClient;
	readonly #before: ReadonlyMap<string, string>;

	private constructor(client: KubeClient, before: ReadonlyMap<string, string>) {
		this.#client = client;
		this.#before = before;
	}

	static async of(client: KubeClient): Promise<WriteCount> {
		return new WriteCount(client, await versionsOf(client));
	}

	/** Objects that were made or changed since. */
	async since(): Promise<number> {
		const now = await versionsOf(this.#client);
		return [...now].filter(([uid, version]) => this.#before.get(uid) !== version).length;
	}
}

const versionsOf = async (client: KubeClient): Promise<ReadonlyMap<string, string>> => {
	const versions = new Map<string, string>();
	for (const type of WRITTEN) {
		const { items } = await listAll(client, type, { limit: 500 }, AbortSignal.timeout(LIST_MS));
		for (const { metadata } of items) versions.set(metadata.uid ?? "", metadata.resourceVersion ?? "");
	}
	return versions;
};
