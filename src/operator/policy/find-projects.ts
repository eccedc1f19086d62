import { parseProject } from "#/api/kinds/project.ts";
import type { Registry } from "#/api/kinds/registry.ts";
import type { PolicyProjects } from "#/api/policy-selectors.ts";
import { keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { PlaneLink } from "#/operator/plane/plane-link.ts";
import { namespaceFacts, registryKeyOf } from "#/operator/tenancy/find-binding.ts";
import { mayBind } from "#/operator/tenancy/may-bind.ts";
import type { ScopedPolicy } from "./policy-resource.ts";

/** Why a policy is not in force as it stands. */
export interface PolicyRefusal {
	readonly reason: "NotAllowed" | "DependencyNotReady";
	readonly message: string;
}

/** What {@link findProjects} looks into. */
export interface ProjectDeps {
	readonly projects: ObjectStore;
	readonly namespaces: ObjectStore;
}

/** Where a policy was found to be. */
export interface FoundRegistry {
	readonly registry: Registry;
	readonly link: Pick<PlaneLink, "find">;
}

type Found = { readonly uid: string } | { readonly refusal: PolicyRefusal };

/**
 * The projects that a policy is about, and why not all that it names are. The namespace is the authority: a policy
 * names the Projects of its own, those that delegate to it, and from the Registry's own namespace all of them, there by
 * patterns of names too. A Project of another namespace that does not exist is refused in the same words as one that
 * does not delegate.
 *
 * @returns with any refusal, the projects are those that remain: the policy is not to act on them, but to wait as a
 * whole, for to a mirror or a rule what is missing looks like what is gone
 */
export const findProjects = (
	deps: ProjectDeps,
	policy: ScopedPolicy,
	found: FoundRegistry,
): { readonly projects: PolicyProjects; readonly refusals: readonly PolicyRefusal[] } => {
	const { namespace } = policy.metadata;
	const { projectNames, projectRefs = [] } = policy.spec;
	if (projectNames !== undefined) {
		if (namespace === found.registry.metadata.namespace) return { projects: { names: projectNames }, refusals: [] };
		const message = "spec.projectNames is for policies of the Registry's own namespace: name Projects in projectRefs";
		return { projects: { uids: [] }, refusals: [{ reason: "NotAllowed", message }] };
	}
	const each = projectRefs.map((ref) => findProject(deps, policy, ref, found));
	const uids = new Set(each.flatMap((one) => ("uid" in one ? [one.uid] : [])));
	return {
		projects: { uids: [...uids].toSorted() },
		refusals: each.flatMap((one) => ("refusal" in one ? [one.refusal] : [])),
	};
};

const findProject = (
	{ projects, namespaces }: ProjectDeps,
	policy: ScopedPolicy,
	{ name, namespace = policy.metadata.namespace }: { readonly name: string; readonly namespace?: string },
	{ registry, link }: FoundRegistry,
): Found => {
	const own = policy.metadata.namespace;
	const isNear = namespace === own;
	const isSystem = own === registry.metadata.namespace;
	const object = projects.get(keyOf({ namespace, name }));
	const parsed = object === undefined ? undefined : parseProject(object);
	const project = parsed !== undefined && "resource" in parsed ? parsed.resource : undefined;
	const isOurs = isNear || isSystem || project?.spec.delegateTo.namespaces.includes(own) === true;
	const foreign = `Project ${namespace}/${name} does not exist, or does not delegate to namespace ${own}`;
	if (!isOurs) return refused("NotAllowed", foreign);
	if (project === undefined) return refused("DependencyNotReady", `Project ${namespace}/${name} does not exist`);
	if (registryKeyOf(project) !== keyOf(registry.metadata)) {
		return refused("NotAllowed", `Project ${namespace}/${name} is in another Registry`);
	}
	// A Project whose own namespace the Registry does not allow any more delegates nothing.
	if (!mayBind(registry, namespaceFacts(namespaces.get(namespace), namespace))) {
		return refused("NotAllowed", isNear || isSystem ? `the Registry does not allow namespace ${namespace}` : foreign);
	}
	const isHeld = link.find(project.metadata.uid)?.ready === true;
	const isLeaving = project.metadata.deletionTimestamp !== undefined;
	if (isHeld && !isLeaving) return { uid: project.metadata.uid };
	return refused("DependencyNotReady", `Project ${namespace}/${name} is ${isLeaving ? "being deleted" : "not Ready"}`);
};

const refused = (reason: PolicyRefusal["reason"], message: string): Found => ({ refusal: { reason, message } });
