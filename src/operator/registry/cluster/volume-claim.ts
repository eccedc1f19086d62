import { quantityBytes } from "#/api/fields/quantities.ts";
import type { RegistrySpec } from "#/api/kinds/registry.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { PERSISTENT_VOLUME_CLAIMS } from "#/kube/resource-type.ts";
import type { RegistryProblem, RegistryRef } from "#/operator/registry/actuator.ts";
import { FIELD_MANAGER } from "#/operator/registry/field-manager.ts";
import { isKeptFor, namesOf } from "./names.ts";

/** The claim of the volume of a Registry's one pod; absent when there is none. @throws KubeError */
export const findClaim = (
	client: Pick<KubeClient, "find">,
	registry: RegistryRef,
	signal: AbortSignal,
): Promise<KubeObject | undefined> =>
	client.find(PERSISTENT_VOLUME_CLAIMS, { namespace: registry.namespace, name: namesOf(registry).claim }, signal);

/** Asks for a larger volume where the spec does. What keeps the volume from being as wanted; absent: nothing does. */
export const growClaim = async (
	client: Pick<KubeClient, "patch">,
	registry: RegistryRef,
	{ claim, spec: { storage } }: { readonly claim: KubeObject | undefined; readonly spec: RegistrySpec },
	signal: AbortSignal,
): Promise<RegistryProblem | undefined> => {
	if (claim === undefined) return undefined;
	const { claim: name } = namesOf(registry);
	if (!isKeptFor(claim, registry)) {
		const message = `the PersistentVolumeClaim ${name} was not made for this Registry, and is left alone`;
		return { reason: "NotOurs", message, terminal: true };
	}
	const size = storage.filesystem?.size;
	const present = requestOf(claim);
	if (size === undefined || present === undefined) return undefined;
	const [wanted, has] = [quantityBytes(size), quantityBytes(present)];
	if (wanted === has) return undefined;
	if (wanted < has) {
		const message = `spec.storage.filesystem.size: got ${size}: the volume has ${present} already, and volumes cannot shrink`;
		return { reason: "InvalidSpec", message, terminal: true };
	}
	const { namespace, uid } = claim.metadata;
	const body = { metadata: { uid }, spec: { resources: { requests: { storage: String(size) } } } };
	const patch = { kind: "merge", body } as const;
	await client.patch(PERSISTENT_VOLUME_CLAIMS, { namespace, name }, patch, { fieldManager: FIELD_MANAGER }, signal);
	return undefined;
};

const requestOf = ({ spec }: KubeObject): string | undefined => {
	const storage = memberOf(memberOf(memberOf(spec, "resources"), "requests"), "storage");
	return typeof storage === "string" ? storage : undefined;
};

const memberOf = (value: unknown, member: string): unknown =>
	typeof value === "object" && value !== null ? new Map(Object.entries(value)).get(member) : undefined;
