import { parseProject, projectNameOf } from "#/api/kinds/project.ts";
import { parseRobotAccount } from "#/api/kinds/robot-account.ts";
import type { Controller } from "#/kube/controller/controller.ts";
import { INITIAL_PRIORITY, mappedObjects } from "#/kube/controller/source.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectChange, ObjectStore } from "#/kube/object-store.ts";
import { BY_NAMESPACE, BY_PLACE, BY_UID } from "#/operator/indexes.ts";
import type { PlaneChange, Planes } from "#/operator/plane/planes.ts";
import { BY_REGISTRY } from "#/operator/registry/observe.ts";
import { namespacePart, partsOf, planeChanges, registryPart, specPart } from "#/operator/sources.ts";
import { ACCEPT_LABEL } from "#/operator/tenancy/accepts-copies.ts";
import { concerns } from "#/operator/tenancy/permit.ts";
import { reachesOf } from "./find-grants.ts";
import { createRobotAccountReconcile } from "./index.ts";
import { readLedger } from "./ledger.ts";
import type { RobotDeps } from "./robot-deps.ts";
import { ownersOf } from "./robot-secrets.ts";

/** Keeps RobotAccounts as they are wanted. */
export const robotAccountController = (deps: RobotDeps & { readonly planes: Planes }): Controller => {
	const { robotAccounts, projects, registries, namespaces, secrets, serviceAccounts, planes } = deps;
	const by = (index: string, value: string) => keysOf(robotAccounts.by(index, value));
	const ofProject = (project: KubeObject) => robotsNaming(robotAccounts, project);
	const ofChange = ({ registry, uids }: PlaneChange): Iterable<ObjectKey> =>
		uids === undefined
			? by(BY_REGISTRY, registry.key)
			: [...uids].flatMap((uid) => [...by(BY_UID, uid), ...projects.by(BY_UID, uid).flatMap(ofProject)]);
	const ofNamespace = ({ metadata }: KubeObject) => [
		...by(BY_NAMESPACE, metadata.name),
		...by(BY_NAMESPACE, metadata.labels?.[ACCEPT_LABEL] ?? ""),
		// What its Projects delegate holds as long as the Registry allows the namespace.
		...projects.by(BY_NAMESPACE, metadata.name).flatMap(ofProject),
	];
	const ofAccount = ({ metadata }: KubeObject) => {
		const { namespace = "", name } = metadata;
		const source = namespaces.get(namespace)?.metadata.labels?.[ACCEPT_LABEL];
		const near = [namespace, ...(source === undefined ? [] : [source])];
		const robots = near.flatMap((one) => robotAccounts.by(BY_NAMESPACE, one));
		return keysOf(robots.filter((robot) => attachesTo(robot, name)));
	};
	return {
		name: "robotaccount",
		objects: robotAccounts,
		sources: [
			mappedObjects(
				"secrets",
				secrets,
				(secret) => ownersOf(secret).flatMap((uid) => by(BY_UID, uid)),
				urgencyOfSecret,
			),
			partsOf("projects", projects, specPart, ofProject),
			partsOf("registries", registries, registryPart, ({ metadata }) => by(BY_REGISTRY, keyOf(metadata))),
			partsOf("namespaces", namespaces, namespacePart, ofNamespace),
			partsOf("service accounts", serviceAccounts, accountPart, ofAccount),
			planeChanges("data planes", planes, ofChange),
		],
		caches: { projects, registries, namespaces, secrets, serviceAccounts },
		reconcile: createRobotAccountReconcile(deps),
	};
};

const keysOf = (objects: readonly KubeObject[]): readonly ObjectKey[] => objects.map(({ metadata }) => keyOf(metadata));

/** Nobody but us makes Secrets of ours and writes ledgers; what else happens to them somebody did. */
const urgencyOfSecret = ({ before, after }: ObjectChange): number => {
	const isMade = before === undefined;
	const isNoted = after !== undefined && readLedger(after) !== undefined;
	return isMade || isNoted ? INITIAL_PRIORITY : 0;
};

/** The robots that may name the Project and whose permissions find it. */
const robotsNaming = (robotAccounts: ObjectStore, object: KubeObject): readonly ObjectKey[] => {
	const parsed = parseProject(object);
	if ("invalid" in parsed) return [];
	const name = projectNameOf(parsed.resource);
	const robots = reachesOf(object).flatMap((reach) => robotAccounts.by(BY_PLACE, reach));
	return keysOf(robots.filter((robot) => permissionsOf(robot).some((permission) => concerns(permission, name))));
};

const permissionsOf = (object: KubeObject) => {
	const parsed = parseRobotAccount(object);
	return "invalid" in parsed ? [] : parsed.resource.spec.permissions;
};

const attachesTo = (object: KubeObject, account: string): boolean => {
	const parsed = parseRobotAccount(object);
	return "resource" in parsed && parsed.resource.spec.secret.attachTo.serviceAccounts.includes(account);
};

const accountPart = ({ metadata, imagePullSecrets }: KubeObject): unknown => [
	metadata.uid,
	metadata.annotations,
	imagePullSecrets,
];
