import { quantityBytes } from "#/api/fields/quantities.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { DEPLOYMENTS, POSTGRES_CLUSTERS, STATEFUL_SETS } from "#/kube/resource-type.ts";
import type { RegistryProblem, RegistryRef } from "#/operator/registry/actuator.ts";
import { type DatabaseOwner, databaseNamesOf, type OwnDatabases } from "#/operator/registry/own-database.ts";
import { applyObject } from "./apply-objects.ts";
import { databaseClusterOf, sizeOf } from "./database-cluster.ts";
import { CLOUD_NATIVE_PG_MISSING, databaseIsLost, judgeDatabase } from "./judge-database.ts";
import { isKeptFor, namesOf } from "./names.ts";
import { ensureMasterKey, type OwnSecretsDeps } from "./own-secrets.ts";
import { keyIsLost, notOurs, refusalOf } from "./problems.ts";

/** What {@link ClusterDatabases} works with. */
export interface ClusterDatabasesDeps extends Pick<OwnSecretsDeps, "randomBytes" | "now"> {
	readonly client: KubeClient;
}

/**
 * Databases of Registries as Clusters of CloudNativePG. They are read at each look and not watched, for where
 * CloudNativePG is not installed there would be nothing to watch; the read says whether it is.
 */
export class ClusterDatabases implements OwnDatabases {
	readonly #deps: ClusterDatabasesDeps;

	constructor(deps: ClusterDatabasesDeps) {
		this.#deps = deps;
	}

	async ensure(owner: DatabaseOwner, signal: AbortSignal): Promise<RegistryProblem | undefined> {
		try {
			return await this.#ensure(owner, signal);
		} catch (error) {
			const problem = refusalOf(error);
			if (problem === undefined) throw error;
			return problem;
		}
	}

	async remove(registry: RegistryRef, signal: AbortSignal): Promise<void> {
		const found = await findDatabase(this.#deps.client, registry, signal);
		if (found === "unknown" || found === undefined || !isKeptFor(found, registry)) return;
		const { uid, namespace, name } = found.metadata;
		await this.#deps.client.delete(POSTGRES_CLUSTERS, { namespace, name }, { uid, propagation: "Background" }, signal);
	}

	async #ensure(owner: DatabaseOwner, signal: AbortSignal): Promise<RegistryProblem | undefined> {
		const { client } = this.#deps;
		const { cloudNativePG } = owner.spec.database;
		if (cloudNativePG === undefined) return undefined;
		const found = await findDatabase(client, owner, signal);
		if (found === "unknown") return CLOUD_NATIVE_PG_MISSING;
		if (found !== undefined && !isKeptFor(found, owner)) return notOurs([`Cluster ${found.metadata.name}`]);
		const trouble = found === undefined ? await this.#beginFirst(owner, signal) : whyNotSmaller(found, owner);
		if (trouble !== undefined) return trouble;
		const wish = databaseClusterOf(owner, cloudNativePG, found);
		const applied = await applyObject(client, POSTGRES_CLUSTERS, wish, found, signal);
		return judgeDatabase(applied, cloudNativePG.instances);
	}

	/**
	 * What has processes had a database, and an empty one in its place would be written to at once. Else the master key is
	 * there before the database is: once there is one, nobody knows what was sealed with a key that is not there.
	 */
	async #beginFirst(registry: RegistryRef, signal: AbortSignal): Promise<RegistryProblem | undefined> {
		const workload = await this.#findWorkload(registry, signal);
		const key = await ensureMasterKey(this.#deps, registry, async () => workload !== undefined, signal);
		if (key === "foreign") return notOurs([`Secret ${namesOf(registry).masterKey}`]);
		if (key === "lost") return keyIsLost(registry);
		return workload === undefined ? undefined : databaseIsLost(databaseNamesOf(registry).cluster, workload);
	}

	/** What runs a Registry's pods, in words; absent when nothing does. */
	async #findWorkload(registry: RegistryRef, signal: AbortSignal): Promise<string | undefined> {
		const ref = { namespace: registry.namespace, name: namesOf(registry).workload };
		for (const type of [STATEFUL_SETS, DEPLOYMENTS]) {
			if ((await this.#deps.client.find(type, ref, signal)) !== undefined) return `the ${type.kind} ${ref.name}`;
		}
		return undefined;
	}
}

/**
 * The Cluster of a Registry's database; absent when there is none, `unknown` where nobody knows what that is.
 *
 * @throws KubeError
 */
export const findDatabase = async (
	client: Pick<KubeClient, "find">,
	registry: RegistryRef,
	signal: AbortSignal,
): Promise<KubeObject | undefined | "unknown"> => {
	const { namespace } = registry;
	try {
		return await client.find(POSTGRES_CLUSTERS, { namespace, name: databaseNamesOf(registry).cluster }, signal);
	} catch (error) {
		if (error instanceof KubeError && error.code === "NOT_FOUND") return "unknown";
		throw error;
	}
};

const whyNotSmaller = (present: KubeObject, { spec }: DatabaseOwner): RegistryProblem | undefined => {
	const standing = sizeOf(present);
	const size = spec.database.cloudNativePG?.storage.size;
	if (standing === undefined || size === undefined || quantityBytes(size) >= quantityBytes(standing)) return undefined;
	const message = `spec.database.cloudNativePG.storage.size: got ${size}: the volumes have ${standing} already, and volumes cannot shrink`;
	return { reason: "InvalidSpec", message, terminal: true };
};
