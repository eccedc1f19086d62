import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { listAll } from "#/kube/list-all.ts";
import { CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES, type ResourceType } from "#/kube/resource-type.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { systemTiming } from "#/lib/timing.ts";
import { eventually } from "./eventually.ts";

/** Kubernetes' controllers look again after some tens of seconds. */
const LONG_MS = 180_000;

/**
 * A cluster that somebody gave for tests, until it is disposed of: then what they made in it is gone.
 *
 * @throws Error when resources of ours are in it already: those are somebody's, and the tests would take them away
 */
export const openGivenCluster = async (kubeconfig: string): Promise<AsyncDisposable> => {
	await using opening = new AsyncDisposableStack();
	const connection = await kubeconfigConnection({ path: kubeconfig });
	const client = opening.use(new RestClient({ connection, timing: systemTiming }));
	const ours = (await itemsOf(client, CUSTOM_RESOURCE_DEFINITIONS)).filter(isOurDefinition);
	if (ours.length > 0) {
		throw new Error(`${connection.url} knows ${ours.map(nameOf)}: tests need a cluster that nobody else uses`);
	}
	const namespaces = new Set((await itemsOf(client, NAMESPACES)).map(nameOf));
	opening.defer(() => empty(client, namespaces));
	return opening.move();
};

const empty = async (client: KubeClient, namespaces: ReadonlySet<string>): Promise<void> => {
	for (const kind of ALL_KINDS) for (const object of await itemsOf(client, kind)) await release(client, kind, object);
	const isNew = (namespace: KubeObject) => !namespaces.has(nameOf(namespace));
	for (const [type, isToGo] of [
		[NAMESPACES, isNew],
		[CUSTOM_RESOURCE_DEFINITIONS, isOurDefinition],
	] as const) {
		for (const object of (await itemsOf(client, type)).filter(isToGo)) {
			await client.delete(type, { name: nameOf(object) }, {}, soon());
		}
		await eventually(async () => {
			const left = (await itemsOf(client, type)).filter(isToGo).map(nameOf);
			if (left.length > 0) throw new Error(`${left} are still there`);
		}, LONG_MS);
	}
};

/** Deletes one that no operator lets go any more. */
const release = async (client: KubeClient, type: ResourceType, { metadata }: KubeObject): Promise<void> => {
	try {
		const patch = { kind: "merge", body: { metadata: { finalizers: null } } } as const;
		await client.patch(type, metadata, patch, {}, soon());
		await client.delete(type, metadata, {}, soon());
	} catch (error) {
		if (!(error instanceof KubeError) || error.code !== "NOT_FOUND") throw error;
	}
};

const itemsOf = async (client: KubeClient, type: ResourceType): Promise<readonly KubeObject[]> => {
	try {
		return (await listAll(client, type, { limit: 500 }, soon())).items;
	} catch (error) {
		if (error instanceof KubeError && error.code === "NOT_FOUND") return [];
		throw error;
	}
};

const isOurDefinition = (definition: KubeObject): boolean =>
	ALL_KINDS.some(({ plural, group }) => nameOf(definition) === `${plural}.${group}`);

const nameOf = ({ metadata }: KubeObject): string => metadata.name;

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
