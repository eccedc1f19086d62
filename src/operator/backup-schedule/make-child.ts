import { backupKind } from "#/api/kinds/backup.ts";
import type { BackupSchedule } from "#/api/kinds/backup-schedule.ts";
import type { Registry } from "#/api/kinds/registry.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject, OwnerReference } from "#/kube/kube-object.ts";
import { apiVersionOf } from "#/kube/resource-type.ts";
import { SCHEDULE_LABEL } from "./children.ts";

/** Whose Backup, and with what it goes. */
export interface ChildOrder {
	/** As the API server gave it. */
	readonly object: KubeObject;
	readonly schedule: BackupSchedule;
	readonly registry: Registry;
	readonly name: string;
}

/**
 * Makes a Backup, once: what has its name already was made before, or belongs to somebody else and is left alone.
 *
 * @returns foreign: the name is another's
 * @throws KubeError
 */
export const makeChild = async (
	client: Pick<KubeClient, "create" | "find">,
	order: ChildOrder,
	fieldManager: string,
	signal: AbortSignal,
): Promise<"made" | "foreign"> => {
	const { schedule, name } = order;
	const { namespace } = schedule.metadata;
	const wanted = {
		apiVersion: apiVersionOf(backupKind),
		kind: backupKind.kind,
		metadata: { namespace, name, labels: { [SCHEDULE_LABEL]: schedule.metadata.name }, ...ownerOf(order) },
		spec: { registryRef: { name: schedule.spec.registryRef.name } },
	};
	try {
		await client.create(backupKind, wanted, { fieldManager }, signal);
		return "made";
	} catch (error) {
		if (!(error instanceof KubeError) || error.code !== "EXISTS") throw error;
	}
	const present = await client.find(backupKind, { namespace, name }, signal);
	const isOurs = present?.metadata.labels?.[SCHEDULE_LABEL] === schedule.metadata.name;
	return present === undefined || isOurs ? "made" : "foreign";
};

const ownerOf = ({
	object,
	schedule,
	registry,
}: ChildOrder): { readonly ownerReferences?: readonly OwnerReference[] } => {
	switch (schedule.spec.backupOwnerReference) {
		case "None":
			return {};
		case "Self":
			return { ownerReferences: [referenceTo(object.kind, schedule.metadata)] };
		case "Registry":
			return { ownerReferences: [referenceTo(registryKind.kind, registry.metadata)] };
	}
};

/** Nobody's deletion waits for a Backup. */
const referenceTo = (kind: string, { name, uid }: { readonly name: string; readonly uid: string }): OwnerReference => ({
	apiVersion: apiVersionOf(backupKind),
	kind,
	name,
	uid,
	controller: true,
	blockOwnerDeletion: false,
});
