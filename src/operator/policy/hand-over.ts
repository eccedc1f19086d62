import { addFinalizer } from "#/kube/finalizers.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { REQUESTED_AT } from "#/operator/annotations.ts";
import { FINALIZER } from "#/operator/finalizer.ts";
import type { Standing } from "#/operator/plane/observations.ts";
import type { Wish } from "#/operator/plane/plane-link.ts";
import type { Binding } from "#/operator/tenancy/find-binding.ts";
import { findProjects } from "./find-projects.ts";
import type { PolicyFindings } from "./judge-policy.ts";
import type { PolicyDeps, PolicyKind, ReadPolicy, Surroundings } from "./policy-deps.ts";

/** A policy that was looked at. */
export interface LookedPolicy {
	readonly object: KubeObject;
	readonly policy: ReadPolicy;
	readonly binding: Binding;
}

/** What became of it at the data plane. */
export interface HandedPolicy extends Omit<PolicyFindings, "runs"> {
	/** Absent when nothing could be looked for. */
	readonly surroundings: Surroundings | undefined;
	/** What the data plane has of it, of whatever spec. */
	readonly present: Standing | undefined;
}

/** What a request may be at most, UTF-16 units: see `api/retention-policy-spec.ts`. */
const MAX_REQUEST = 128;

/**
 * Wants the policy so at the data plane, or held when it may not be in force: one that is held does nothing and keeps
 * what it knows, for when it may again. Absent when the policy has gone meanwhile.
 *
 * @throws KubeError
 */
export const handOver = async (
	deps: PolicyDeps,
	kind: PolicyKind,
	{ object, policy, binding }: LookedPolicy,
	signal: AbortSignal,
): Promise<HandedPolicy | undefined> => {
	const { registry, link, obstacle } = binding;
	const { uid } = policy.resource.metadata;
	const present = link?.find(uid);
	const isOpen = obstacle === undefined && registry !== undefined && link?.synced === true;
	const surroundings = isOpen ? await policy.look(signal) : undefined;
	const scope = isOpen
		? findProjects(deps, policy.resource, { registry, link })
		: { projects: { uids: [] }, refusals: [] };
	const refusals = [...scope.refusals, ...(surroundings?.refusals ?? [])];
	const isWhole = surroundings !== undefined && refusals.length === 0;
	const handed = {
		suspend: policy.resource.spec.suspend,
		obstacle,
		link,
		refusals,
		projects: scope.projects,
		surroundings,
		present,
	};
	if (link?.synced !== true || !(isWhole || link.withdraw(uid))) return { ...handed, standing: undefined };
	if ((await addFinalizer(finalizing(deps, kind, object), signal)) === undefined) return undefined;
	const spec = { ...policy.toSpec(scope.projects), ...requestOf(object) };
	const base = { kind: kind.kind, uid };
	const wish: Wish = isWhole
		? { ...base, spec: { ...spec, ...surroundings.part }, telltale: { ...spec, ...surroundings.telltale } }
		: { ...base, spec: { ...spec, ...policy.heldPart, suspend: true } };
	return { ...handed, standing: link.want(wish) };
};

/** How its finalizer is written. */
export const finalizing = ({ client, type }: PolicyDeps, { fieldManager }: PolicyKind, object: KubeObject) => ({
	client,
	type,
	object,
	finalizer: FINALIZER,
	fieldManager,
});

const requestOf = ({ metadata }: KubeObject): { readonly requestedAt?: string } => {
	const requestedAt = metadata.annotations?.[REQUESTED_AT]?.slice(0, MAX_REQUEST) ?? "";
	return requestedAt === "" ? {} : { requestedAt };
};
