/** The volumes of a Registry: they grow, and outlive what uses them. */
import { quantityBytes } from "#/api/fields/quantities.ts";
import type { RegistrySpec } from "#/api/kinds/registry.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { PERSISTENT_VOLUME_CLAIMS } from "#/kube/resource-type.ts";
import type { RegistryProblem, RegistryRef } from "#/operator/registry/actuator.ts";
import { FIELD_MANAGER } from "#/operator/registry/field-manager.ts";
import { isKeptFor, lastingLabelsOf, namesOf } from "./names.ts";

/** The claim of the volume of a Registry's one pod; absent when there is none. @throws KubeError */
export const findClaim = (
	client: Pick<KubeClient, "find">,
	registry: RegistryRef,
	signal: AbortSignal,
): Promise<KubeObject | undefined> => findNamed(client, registry, namesOf(registry).claim, signal);

/** Asks for a larger volume where the spec does. What keeps the volume from being as wanted; absent: nothing does. */
export const growClaim = async (
	client: Pick<KubeClient, "patch">,
	registry: RegistryRef,
	{ claim, spec: { storage } }: { readonly claim: KubeObject | undefined; readonly spec: RegistrySpec },
	signal: AbortSignal,
): Promise<RegistryProblem | undefined> => {
	if (claim === undefined) return undefined;
	const wanted = { field: "spec.storage.filesystem.size", size: storage.filesystem?.size };
	return growTo(client, registry, { claim, ...wanted }, signal);
};

/**
 * Makes the volume of a Registry's backups, or has it grow, where it is to have one. What keeps it from being as wanted;
 * absent: nothing does. It is never deleted.
 *
 * @throws KubeError
 */
export const ensureArchiveClaim = async (
	client: Pick<KubeClient, "find" | "create" | "patch">,
	registry: RegistryRef,
	{ backup }: Pick<RegistrySpec, "backup">,
	signal: AbortSignal,
): Promise<RegistryProblem | undefined> => {
	const volume = backup?.archive.filesystem;
	if (volume === undefined) return undefined;
	const { archive: name } = namesOf(registry);
	const present = await findNamed(client, registry, name, signal);
	// A registry that is made again reads it while this one may still run, on the same node.
	const accessMode = "ReadWriteOnce";
	const made = { name, labels: lastingLabelsOf(registry), accessMode, volume } as const;
	if (present === undefined) await createClaim(client, registry, made, signal);
	const claim = present ?? (await findNamed(client, registry, name, signal));
	if (claim === undefined) return undefined;
	const wanted = { field: "spec.backup.archive.filesystem.size", size: volume.size };
	return growTo(client, registry, { claim, ...wanted }, signal);
};

/** A claim that is to be made. */
interface WantedClaim {
	readonly name: string;
	readonly labels: { readonly [label: string]: string };
	readonly accessMode: "ReadWriteOnce" | "ReadWriteOncePod";
	/** How specs describe volumes. */
	readonly volume: { readonly size: string | number; readonly storageClassName?: string };
}

/** Makes a claim, which nothing owns; one that is there by now is fine. @throws KubeError */
export const createClaim = async (
	client: Pick<KubeClient, "create">,
	{ namespace }: Pick<RegistryRef, "namespace">,
	{ name, labels, accessMode, volume: { size, storageClassName } }: WantedClaim,
	signal: AbortSignal,
): Promise<void> => {
	const claim = {
		apiVersion: "v1",
		kind: PERSISTENT_VOLUME_CLAIMS.kind,
		metadata: { name, namespace, labels },
		spec: {
			accessModes: [accessMode],
			...(storageClassName === undefined ? {} : { storageClassName }),
			resources: { requests: { storage: String(size) } },
		},
	};
	try {
		await client.create(PERSISTENT_VOLUME_CLAIMS, claim, { fieldManager: FIELD_MANAGER }, signal);
	} catch (error) {
		if (!(error instanceof KubeError) || error.code !== "EXISTS") throw error;
	}
};

/** The claim of that name in a Registry's namespace. @throws KubeError */
export const findNamed = (
	client: Pick<KubeClient, "find">,
	{ namespace }: Pick<RegistryRef, "namespace">,
	name: string,
	signal: AbortSignal,
): Promise<KubeObject | undefined> => client.find(PERSISTENT_VOLUME_CLAIMS, { namespace, name }, signal);

interface WantedSize {
	readonly claim: KubeObject;
	/** Which field says the size, for messages. */
	readonly field: string;
	/** Absent: it is as it should be. */
	readonly size: string | number | undefined;
}

/** Asks for a larger volume where it is to be one. Why it cannot be as wanted; absent: it can. @throws KubeError */
export const growTo = async (
	client: Pick<KubeClient, "patch">,
	registry: RegistryRef,
	{ claim, field, size }: WantedSize,
	signal: AbortSignal,
): Promise<RegistryProblem | undefined> => {
	const { namespace, name, uid } = claim.metadata;
	if (!isKeptFor(claim, registry)) {
		const message = `the PersistentVolumeClaim ${name} was not made for this Registry, and is left alone`;
		return { reason: "NotOurs", message, terminal: true };
	}
	const present = requestOf(claim);
	if (size === undefined || present === undefined) return undefined;
	const [wanted, has] = [quantityBytes(size), quantityBytes(present)];
	if (wanted === has) return undefined;
	if (wanted < has) {
		const message = `${field}: got ${size}: the volume has ${present} already, and volumes cannot shrink`;
		return { reason: "InvalidSpec", message, terminal: true };
	}
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
