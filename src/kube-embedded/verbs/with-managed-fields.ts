import type { KubeObject } from "#/kube/kube-object.ts";
import { isRecord } from "#/kube-embedded/json.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { manageFields } from "#/kube-embedded/patch/manage-fields.ts";
import { timestamp, type WriteSettings } from "./verb-deps.ts";

/** An object about to be stored, with the record of who set which of its fields. @param now milliseconds since 1970 */
export const withManagedFields = (
	kind: ServedKind,
	{ before, after }: { readonly before: KubeObject | undefined; readonly after: KubeObject },
	{ manager, subresource }: Pick<WriteSettings, "manager" | "subresource">,
	now: number,
): KubeObject => {
	const all = {
		before,
		after,
		manager,
		subresource,
		operation: "Update",
		now: timestamp(now),
		rules: kind.rules,
	} as const;
	const managedFields = manageFields(all);
	const { managedFields: _sent, ...metadata } = after.metadata;
	return { ...after, metadata: { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) } };
};

/** Who the API server calls itself where it sets fields. */
const ITSELF = "kube-apiserver";

/**
 * A definition about to be stored, with the record of what the API server itself said in its status; objects of other
 * kinds stay as they are. @param now milliseconds since 1970
 */
export const withOwnStatusManaged = (
	kind: ServedKind,
	{ before, after }: { readonly before: KubeObject | undefined; readonly after: KubeObject },
	now: number,
): KubeObject => {
	const isDefinition = kind.crd === undefined && kind.type.kind === "CustomResourceDefinition";
	if (!isDefinition || !isRecord(after.status)) return after;
	const empty = { acceptedNames: {}, conditions: [], storedVersions: after.status.storedVersions };
	const status = before?.status ?? empty;
	const asBefore = { ...after, status };
	return withManagedFields(kind, { before: asBefore, after }, { manager: ITSELF, subresource: "status" }, now);
};
