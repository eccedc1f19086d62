import type { PatchKind } from "#/kube/kube-client.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import { jsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";
import { PatchError } from "./patch-error.ts";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

/** A patch and what it is for. */
export interface ApplyPatchOpts {
	readonly kind: PatchKind;
	readonly body: unknown;
	readonly object: KubeObject;
	/** How lists merge, for strategic merge patches. */
	readonly rules: KindRules;
}

const patched = ({ kind, body, object, rules }: ApplyPatchOpts): unknown => {
	switch (kind) {
		case "json":
			return jsonPatch(object, body);
		case "merge":
			if (!isRecord(body)) throw new PatchError("INVALID", "a merge patch is an object");
			return mergePatch(object, body);
		case "strategic":
			return strategicMergePatch(object, body, rules);
	}
};

/**
 * The object as a patch would have it, not judged yet. The given one is left as it is.
 *
 * @throws PatchError INVALID, TEST_FAILED
 */
export const applyPatch = (opts: ApplyPatchOpts): KubeObject => {
	const result = patched(opts);
	if (!isRecord(result)) throw new PatchError("INVALID", "the patch leaves no object");
	const { apiVersion, kind, metadata } = result;
	if (typeof apiVersion !== "string" || typeof kind !== "string" || !isRecord(metadata))
		throw new PatchError("INVALID", "the patch leaves an object without apiVersion, kind or metadata");
	const { name } = metadata;
	if (typeof name !== "string") throw new PatchError("INVALID", "the patch leaves an object without a name");
	return { ...result, apiVersion, kind, metadata: { ...metadata, name } };
};
