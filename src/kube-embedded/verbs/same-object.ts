import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "#/kube/kube-object.ts";
import { withoutFields } from "#/kube-embedded/json.ts";

const timeless = ({ metadata, ...rest }: KubeObject): unknown => ({
	...rest,
	metadata: {
		...metadata,
		managedFields: (metadata.managedFields ?? []).map((entry) => withoutFields(entry, ["time"])),
	},
});

/** Whether a write would change nothing but when somebody last said so. */
export const isSameObject = (next: KubeObject, live: KubeObject): boolean =>
	isDeepStrictEqual(timeless(next), timeless(live));
