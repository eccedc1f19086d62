import type { KubeObject } from "#/kube/kube-object.ts";

/** Something that happened to an object and that its owner should see. */
export interface EventNote {
	readonly regarding: KubeObject;
	readonly type: "Normal" | "Warning";
	/** Why, a word in PascalCase out of a closed list. */
	readonly reason: string;
	/** What was done or tried, a word in PascalCase. */
	readonly action: string;
	/** For people; without secrets, cut at 1 KiB. */
	readonly note: string;
}
