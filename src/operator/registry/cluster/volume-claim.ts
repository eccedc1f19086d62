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
): Promise<KubeObject | undefined> => find(client, registry, namesOf(registry).claim, signal);

/** Asks for a larger volume where the spec does. What keeps the volume from being as wanted; absent: nothing does. */
export const growClaim = async (
	client: Pick<KubeClient, "patch">,
	registry: RegistryRef,
	{ claim, spec: { storage } }: { readonly claim: KubeObject | undefined; readonly spec: RegistrySpec },
	signal: AbortSignal,
): Promise<RegistryProblem | undefined> => {
	if (claim === undefined) return undefined;
	const wanted = { field: "spec.storage.filesystem.size", size: storage.filesystem?.size };
	return grow(client, registry, { claim, ...wanted }, signal);
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
	const present = await find(client, registry, name, signal);
	if (present === undefined) await create(client, archiveClaim(registry, volume), signal);
	const claim = present ?? (await find(client, registry, name, signal));
	if (claim === undefined) return undefined;
	const wanted = { field: "spec.backup.archive.filesystem.size", size: volume.size };
	return grow(client, registry, { claim, ...wanted }, signal);
};

type ArchiveVolume = NonNullable<NonNullable<RegistrySpec["backup"]>["archive"]["filesystem"]>;

const archiveClaim = (registry: RegistryRef, { size, storageClassName }: ArchiveVolume): KubeObject => ({
	apiVersion: "v1",
	kind: PERSISTENT_VOLUME_CLAIMS.kind,
	metadata: {
		name: namesOf(registry).archive,
		namespace: registry.namespace,
		labels: lastingLabelsOf(registry),
	},
	spec: {
		// A registry that is made again reads it while this one may still run, on the same node.
		accessModes: ["ReadWriteOnce"],
		...(storageClassName === undefined ? {} : { storageClassName }),
		resources: { requests: { storage: String(size) } },
	},
});

const create = async (client: Pick<KubeClient, "create">, claim: KubeObject, signal: AbortSignal): Promise<void> => {
	try {
		await client.create(PERSISTENT_VOLUME_CLAIMS, claim, { fieldManager: FIELD_MANAGER }, signal);
	} catch (error) {
		if (!(error instanceof KubeError) || error.code !== "EXISTS") throw error;
	}
};

const find = (
	client: Pick<KubeClient, "find">,
	{ namespace }: RegistryRef,
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

const grow = async (
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
