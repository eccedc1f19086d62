import { parseProject, projectNameOf } from "#/api/kinds/project.ts";
import { parseRobotAccount } from "#/api/kinds/robot-account.ts";
import type { Controller } from "#/kube/controller/controller.ts";
import { INITIAL_PRIORITY, mappedObjects } from "#/kube/controller/source.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectChange, ObjectStore } from "#/kube/object-store.ts";
import { BY_NAMESPACE, BY_UID } from "#/operator/indexes.ts";
import type { PlaneChange, Planes } from "#/operator/plane/planes.ts";
import { BY_REGISTRY } from "#/operator/registry/observe.ts";
import {
	ANSWERED_PRIORITY,
	keysOf,
	namespacePart,
	partsOf,
	planeChanges,
	registryPart,
	specPart,
} from "#/operator/sources.ts";
import { ACCEPT_LABEL } from "#/operator/tenancy/accepts-copies.ts";
import { concerns, isPattern } from "#/operator/tenancy/permit.ts";
import { callOf, reachesOf } from "./find-grants.ts";
import { createRobotAccountReconcile } from "./index.ts";
import { readLedger } from "./ledger.ts";
import { ANY_PROJECT, BY_NAMING, permissionsOf } from "./naming.ts";
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
			: [...uids].flatMap((uid) => projects.by(BY_UID, uid).flatMap(ofProject));
	const ofAnswer = ({ uids = new Set() }: PlaneChange) => [...uids].flatMap((uid) => by(BY_UID, uid));
	const ofNamespace = ({ metadata }: KubeObject) => [
		...by(BY_NAMESPACE, metadata.name),
		// They may copy their Secrets there, and trust its service accounts.
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
			planeChanges("answers of data planes", planes, ofAnswer, ANSWERED_PRIORITY),
		],
		caches: { projects, registries, namespaces, secrets, serviceAccounts },
		reconcile: createRobotAccountReconcile(deps),
	};
};

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
	return reachesOf(object).flatMap((reach) => [
		...keysOf(robotAccounts.by(BY_NAMING, callOf(reach, name))),
		...keysOf(robotAccounts.by(BY_NAMING, callOf(reach, ANY_PROJECT)).filter((robot) => hasPatternFor(robot, name))),
	]);
};

const hasPatternFor = (robot: KubeObject, name: string): boolean =>
	permissionsOf(robot).some((permission) => isPattern(permission.project) && concerns(permission, name));

const attachesTo = (object: KubeObject, account: string): boolean => {
	const parsed = parseRobotAccount(object);
	return "resource" in parsed && parsed.resource.spec.secret.attachTo.serviceAccounts.includes(account);
};

const accountPart = ({ metadata, imagePullSecrets }: KubeObject): unknown => [
	metadata.uid,
	metadata.annotations,
	imagePullSecrets,
];
