import { hash } from "node:crypto";
import type { KubeObject } from "#/kube/kube-object.ts";
import { OWNER_LABEL } from "#/operator/owner-label.ts";
import type { RegistryRef } from "#/operator/registry/actuator.ts";
import { archiveClaimOf } from "#/operator/registry/recovery.ts";

/** The names of what is made in a cluster for one Registry: the same for the same Registry, always. */
export const namesOf = ({ name }: Pick<RegistryRef, "name">) => ({
	/** Of the StatefulSet, the client Service, the ConfigMap, the NetworkPolicy, the Ingress and the ServiceAccount. */
	workload: `${name}-registry`,
	/** Of the headless Service that gives pods their names. */
	pods: `${name}-registry-pods`,
	/** Of the Service and the Secret of the control port. */
	control: `${name}-registry-control`,
	/** Of the Secret with the master key. It outlives the Registry with the data that it opens. */
	masterKey: `${name}-registry-master-key`,
	/** Of the volume claim, as the StatefulSet names it after its template and its one pod. */
	claim: `data-${name}-registry-0`,
	/** Of the volume claim of its backups, which outlives it whatever becomes of the rest. */
	archive: archiveClaimOf(name),
});

/** The ports of a pod. */
export const PORTS = { clients: 5080, control: 7443, operations: 9090 } as const;

/** Label with the name of the Registry that something was made for. */
export const INSTANCE_LABEL = "app.kubernetes.io/instance";

/** Selects everything that is made for Registries. */
export const MADE_FOR_REGISTRIES = "app.kubernetes.io/managed-by=limani,app.kubernetes.io/component=registry";

/** What tells the pods of a Registry from all others. */
export const selectorOf = ({ name, uid }: Pick<RegistryRef, "name" | "uid">): { readonly [label: string]: string } => ({
	"app.kubernetes.io/name": "limani-registry",
	[INSTANCE_LABEL]: name,
	[OWNER_LABEL]: uid,
});

/** Labels of everything that is made for a Registry. */
export const labelsOf = (registry: Pick<RegistryRef, "name" | "uid">): { readonly [label: string]: string } => ({
	...selectorOf(registry),
	"app.kubernetes.io/component": "registry",
	"app.kubernetes.io/managed-by": "limani",
});

/** Labels of what outlives a Registry, for one of the same name after it. */
export const lastingLabelsOf = ({ name }: Pick<RegistryRef, "name">): { readonly [label: string]: string } => ({
	"app.kubernetes.io/name": "limani-registry",
	[INSTANCE_LABEL]: name,
	"app.kubernetes.io/component": "registry",
	"app.kubernetes.io/managed-by": "limani",
});

/** Whether that object was made to outlive a Registry of this name, be it this one or one before it. */
export const isKeptFor = ({ metadata }: KubeObject, registry: Pick<RegistryRef, "name">): boolean =>
	Object.entries(lastingLabelsOf(registry)).every(([label, value]) => metadata.labels?.[label] === value);

/** A name for a volume, which may be as long as a label: of a Secret's name, which may be longer. */
export const volumeNameOf = (secret: string): string => `secret-${digestOf(secret)}`;

/** The name of the volume claim of a storage class. */
export const classClaimOf = ({ name }: Pick<RegistryRef, "name">, storageClass: string): string =>
	`${name}-class-${storageClass}`;

/** A name for the volume of a storage class, whose own name may be as long as a label already. */
export const classVolumeOf = (storageClass: string): string => `class-${digestOf(storageClass)}`;

const digestOf = (name: string): string => hash("sha256", name, "hex").slice(0, 16);
