import { parseProject, projectNameOf } from "#/api/kinds/project.ts";
import type { Registry } from "#/api/kinds/registry.ts";
import type { RobotAccount } from "#/api/kinds/robot-account.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { PlaneLink } from "#/operator/plane/plane-link.ts";
import { namespaceFacts, registryKeyOf } from "#/operator/tenancy/find-binding.ts";
import { mayBind } from "#/operator/tenancy/may-bind.ts";
import { isPattern, type NamedProject, type Permit, permit } from "#/operator/tenancy/permit.ts";

/** The name of the index of Projects by their Registry and a namespace whose robots may name them. */
export const BY_REACH = "reach";

/** The name of the index of Projects by such a value and their name in the Registry. */
export const BY_CALL = "call";

/** The values of that index. */
export const callsOf = (object: KubeObject): readonly string[] => {
	const parsed = parseProject(object);
	return "invalid" in parsed ? [] : reachesOf(object).map((reach) => callOf(reach, projectNameOf(parsed.resource)));
};

/** A value of that index. */
export const callOf = (reach: string, project: string): string => `${reach} ${project}`;

/** The values of the index of Projects by their reach. */
export const reachesOf = (object: KubeObject): readonly string[] => {
	const parsed = parseProject(object);
	if ("invalid" in parsed) return [];
	const { metadata, spec } = parsed.resource;
	const registry = registryKeyOf(parsed.resource);
	return [metadata.namespace, ...spec.delegateTo.namespaces].map((namespace) => reachOf(registry, namespace));
};

/** A value of that index. */
export const reachOf = (registry: string, namespace: string): string => `${registry} ${namespace}`;

/**
 * What the robot's permissions come to, with the Projects and the data plane as they are now. A Project whose own
 * namespace the Registry does not allow any more delegates nothing.
 */
export const findGrants = (
	{ projects, namespaces }: { readonly projects: ObjectStore; readonly namespaces: ObjectStore },
	robot: RobotAccount,
	{ registry, link }: { readonly registry: Registry; readonly link: Pick<PlaneLink, "find"> },
): Permit => {
	const { namespace } = robot.metadata;
	const applicant = {
		namespace,
		registryNamespace: registry.metadata.namespace,
		permissions: robot.spec.permissions,
	};
	const isAllowed = ({ metadata: { namespace: name = "" } }: KubeObject): boolean =>
		mayBind(registry, namespaceFacts(namespaces.get(name), name));
	const reachable = named(projects, reachOf(keyOf(registry.metadata), namespace), applicant.permissions);
	return permit(
		applicant,
		reachable.filter(isAllowed).flatMap((object) => toNamed(object, link)),
	);
};

/** The Projects within that reach that the permissions may name: of thousands only those few, unless there is a pattern. */
const named = (
	projects: ObjectStore,
	reach: string,
	permissions: RobotAccount["spec"]["permissions"],
): readonly KubeObject[] => {
	const names = new Set(permissions.map(({ project }) => project));
	if ([...names].some(isPattern)) return projects.by(BY_REACH, reach);
	return [...names].flatMap((name) => projects.by(BY_CALL, callOf(reach, name)));
};

const toNamed = (object: KubeObject, link: Pick<PlaneLink, "find">): readonly NamedProject[] => {
	const parsed = parseProject(object);
	if ("invalid" in parsed) return [];
	const { metadata, spec } = parsed.resource;
	return [
		{
			namespace: metadata.namespace,
			projectName: projectNameOf(parsed.resource),
			delegateTo: spec.delegateTo.namespaces,
			held: link.find(metadata.uid)?.ready === true,
		},
	];
};
