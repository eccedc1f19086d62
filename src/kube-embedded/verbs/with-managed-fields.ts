import type { KubeObject } from "#/kube/kube-object.ts";
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
