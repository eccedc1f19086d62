import type { RegistryCloudNativePG } from "#/api/kinds/registry-cloud-native-pg.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf, POSTGRES_CLUSTERS } from "#/kube/resource-type.ts";
import { type DatabaseOwner, databaseNamesOf } from "#/operator/registry/own-database.ts";
import { lastingLabelsOf } from "./names.ts";

/** The name of the database in its Cluster, and of who owns it. */
const DATABASE = "limani";

/** Connections that PostgreSQL has anyhow, and those of whoever looks after it. */
const USUAL_CONNECTIONS = 100;
const OTHERS_CONNECTIONS = 20;

/** Instances from which on one of them may be away while each commit is on two. */
const SAFE_INSTANCES = 3;

/**
 * The Cluster of CloudNativePG that is the database of a Registry. As the volumes of one, it belongs to the Registry's
 * name and outlives it: it has no owner that it would go with.
 *
 * @param present as it stands; absent: there is none
 */
export const databaseClusterOf = (
	{ namespace, name, spec }: DatabaseOwner,
	{ instances, storage, imageName, resources, maxConnections }: RegistryCloudNativePG,
	present: KubeObject | undefined,
): KubeObject => {
	const { size, storageClassName } = storage;
	const processes = Math.max(spec.replicas, spec.autoscaling?.maxReplicas ?? 0);
	return {
		apiVersion: apiVersionOf(POSTGRES_CLUSTERS),
		kind: POSTGRES_CLUSTERS.kind,
		metadata: { name: databaseNamesOf({ name }).cluster, namespace, labels: lastingLabelsOf({ name }) },
		spec: {
			instances,
			...(imageName === undefined ? {} : { imageName }),
			bootstrap: {
				initdb: { database: DATABASE, owner: DATABASE, encoding: "UTF8", localeCollate: "C", localeCType: "C" },
			},
			storage: {
				size: String(size),
				...(storageClassName === undefined ? {} : { storageClass: storageClassName }),
			},
			...(resources === undefined ? {} : { resources }),
			postgresql: {
				parameters: { max_connections: String(connectionsOf(processes, maxConnections, present)) },
				...synchronousOf(instances),
			},
		},
	};
};

/**
 * Connections that PostgreSQL has to let in: those of all processes, with one more process while they are replaced, and
 * one more connection of each for a moment when the database is silent. In few steps, and never fewer than there are:
 * PostgreSQL restarts for it.
 */
const connectionsOf = (processes: number, each: number, present: KubeObject | undefined): number => {
	const needed = (processes + 1) * (each + 1) + OTHERS_CONNECTIONS;
	const steps = Math.max(0, Math.ceil(Math.log2(needed / USUAL_CONNECTIONS)));
	return Math.max(USUAL_CONNECTIONS * 2 ** steps, standingConnections(present));
};

const standingConnections = (present: KubeObject | undefined): number => {
	const count = Number(memberOf(memberOf(memberOf(present?.spec, "postgresql"), "parameters"), "max_connections"));
	return Number.isSafeInteger(count) ? count : 0;
};

/** What was answered is on a second instance, so that it outlives the first. Where there are but two, one may be away. */
const synchronousOf = (instances: number) => {
	if (instances < 2) return {};
	const lenient = instances < SAFE_INSTANCES ? { dataDurability: "preferred" } : {};
	return { synchronous: { method: "any", number: 1, ...lenient } };
};

/** The size that the volumes of a Cluster have been given; absent where it says none. */
export const sizeOf = (cluster: KubeObject): string | undefined => {
	const size = memberOf(memberOf(cluster.spec, "storage"), "size");
	return typeof size === "string" ? size : undefined;
};

const memberOf = (value: unknown, member: string): unknown =>
	typeof value === "object" && value !== null ? new Map(Object.entries(value)).get(member) : undefined;
