import type { Registry } from "#/api/kinds/registry.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject, ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { secretReferences } from "./secret-references.ts";
import type { WantedRegistry } from "./wanted-registry.ts";

/** Index of Projects and RobotAccounts by the key of the Registry that they name. */
export const BY_REGISTRY = "registry";

/** Index function for {@link BY_REGISTRY}. */
export const indexByRegistry = (object: KubeObject): readonly ObjectKey[] => {
	const { spec, metadata } = object;
	const ref = typeof spec === "object" && spec !== null && "registryRef" in spec ? spec.registryRef : undefined;
	if (typeof ref !== "object" || ref === null || !("name" in ref)) return [];
	const namespace = "namespace" in ref && typeof ref.namespace === "string" ? ref.namespace : metadata.namespace;
	return [`${namespace}/${String(ref.name)}`];
};

/** Reads the Secrets that a registry needs; those that do not exist are left out. @throws KubeError */
export const readSecrets = async (
	client: KubeClient,
	registry: Pick<WantedRegistry, "namespace" | "spec" | "recovery">,
	signal: AbortSignal,
): Promise<Pick<WantedRegistry, "secrets" | "secretVersions">> => {
	const { namespace } = registry;
	const names = new Set(secretReferences(registry).map(({ secret }) => secret));
	const secrets = new Map<string, { readonly [key: string]: Uint8Array }>();
	const secretVersions = new Map<string, string>();
	for (const name of names) {
		const secret = await client.find(SECRETS, { namespace, name }, signal);
		if (secret === undefined) continue;
		secrets.set(name, entriesOf(secret));
		secretVersions.set(name, secret.metadata.resourceVersion ?? "");
	}
	return { secrets, secretVersions };
};

const entriesOf = ({ data }: KubeObject): { readonly [key: string]: Uint8Array } => {
	if (typeof data !== "object" || data === null) return {};
	return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), "base64")]));
};

/** What may keep a Registry from going. */
export interface Dependents {
	readonly projects: ObjectStore;
	readonly robotAccounts: ObjectStore;
	readonly namespaces: ObjectStore;
}

/**
 * The Projects and RobotAccounts that a Registry has to wait for before it can go. When its namespace is being deleted
 * those of other namespaces do not count: nobody could end the wait.
 */
export const dependentsOf = (
	{ projects, robotAccounts, namespaces }: Dependents,
	{ metadata: { namespace, name } }: Registry,
): readonly string[] => {
	const isEnding = namespaces.get(namespace)?.metadata.deletionTimestamp !== undefined;
	return (
		[...projects.by(BY_REGISTRY, `${namespace}/${name}`), ...robotAccounts.by(BY_REGISTRY, `${namespace}/${name}`)]
			.filter(({ metadata }) => !isEnding || metadata.namespace === namespace)
			.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`)
			// The same words for the same objects, in whatever order they became known.
			.toSorted()
	);
};
