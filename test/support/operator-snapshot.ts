import { type Project, parseProject, projectKind } from "#/api/kinds/project.ts";
import { parseRegistry, type Registry, registryKind } from "#/api/kinds/registry.ts";
import {
	parseReplicationPolicy,
	type ReplicationPolicy,
	replicationPolicyKind,
} from "#/api/kinds/replication-policy.ts";
import { parseRetentionPolicy, type RetentionPolicy, retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { parseRobotAccount, type RobotAccount, robotAccountKind } from "#/api/kinds/robot-account.ts";
import type { ObservedResource } from "#/control/control.ts";
import { observeAll } from "#/control/observe-all.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { listAll } from "#/kube/list-all.ts";
import { NAMESPACES, type ResourceType, SECRETS } from "#/kube/resource-type.ts";
import type { World } from "./operator-world.ts";

/** What data planes have of one registry, by uid. */
export type Standings = ReadonlyMap<string, ObservedResource>;

/** A policy of either kind. */
export type PolicyOfKind =
	| ({ readonly kind: "RetentionPolicy" } & RetentionPolicy)
	| ({ readonly kind: "ReplicationPolicy" } & ReplicationPolicy);

/** All that there is in a world, at about one moment. */
export interface Snapshot {
	readonly registries: ReadonlyMap<string, Registry>;
	readonly projects: readonly Project[];
	readonly robots: readonly RobotAccount[];
	readonly policies: readonly PolicyOfKind[];
	readonly namespaces: ReadonlyMap<string, KubeObject>;
	readonly secrets: ReadonlyMap<string, KubeObject>;
	/** Keys of the registries whose data planes serve. */
	readonly serving: ReadonlySet<string>;
	/** By the registries' keys. */
	readonly standings: ReadonlyMap<string, Standings>;
}

/** Reads everything, past all faults. */
export const takeSnapshot = async ({ user, planes }: World): Promise<Snapshot> => {
	const [registries, projects, robots, retentions, replications, namespaces, secrets] = await Promise.all([
		listOf(user, registryKind),
		listOf(user, projectKind),
		listOf(user, robotAccountKind),
		listOf(user, retentionPolicyKind),
		listOf(user, replicationPolicyKind),
		listOf(user, NAMESPACES),
		listOf(user, SECRETS),
	]);
	const parsed = registries.map((object) => resourceOf(parseRegistry(object)));
	const standings = new Map<string, Standings>();
	for (const { metadata } of parsed) standings.set(keyOf(metadata), await standingsAt(planes, keyOf(metadata)));
	return {
		registries: new Map(parsed.map((registry) => [keyOf(registry.metadata), registry])),
		projects: projects.map((object) => resourceOf(parseProject(object))),
		robots: robots.map((object) => resourceOf(parseRobotAccount(object))),
		policies: [
			...retentions.map((object) => ({
				...resourceOf(parseRetentionPolicy(object)),
				kind: "RetentionPolicy" as const,
			})),
			...replications.map((object) => ({
				...resourceOf(parseReplicationPolicy(object)),
				kind: "ReplicationPolicy" as const,
			})),
		],
		namespaces: byKey(namespaces),
		secrets: byKey(secrets),
		serving: new Set(planes.serving),
		standings,
	};
};

/** What a data plane has now, past all faults. */
const standingsAt = async (planes: World["planes"], key: string): Promise<Standings> => {
	const standings = new Map<string, ObservedResource>();
	const harness = planes.find(key);
	if (harness === undefined) return standings;
	for await (const observed of observeAll(harness.control, 0, soon())) {
		if (observed.deleted) standings.delete(observed.uid);
		else standings.set(observed.uid, observed);
	}
	return standings;
};

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

const listOf = async (client: KubeClient, type: ResourceType): Promise<readonly KubeObject[]> =>
	(await listAll(client, type, { limit: 5_000 }, soon())).items;

const byKey = (objects: readonly KubeObject[]): ReadonlyMap<string, KubeObject> =>
	new Map(objects.map((object) => [keyOf(object.metadata), object]));

const resourceOf = <T>(parsed: { readonly resource: T } | { readonly invalid: string }): T => {
	if ("invalid" in parsed) throw new Error(parsed.invalid);
	return parsed.resource;
};
