import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import type { openOperator } from "./operator-bench.ts";

/** A bench with the controllers of the kinds below. */
export type Bench = Awaited<ReturnType<typeof openOperator>>;

type Fields = { readonly [field: string]: unknown };

/** A kind that is tended through a Registry, with what tests do with it. */
export interface Tended {
	readonly kind: "Project" | "RobotAccount" | "RetentionPolicy" | "ReplicationPolicy";
	readonly definition: KindDefinition;
	/** What is right and has something to do with the Registry `system/main`. */
	readonly spec: Fields;
	/** Something else that is wanted. */
	readonly edit: Fields;
	/** What an API server with older rules may have let in. */
	readonly wrong: Fields;
}

const registryRef = { name: "main", namespace: "system" };
const scope = { registryRef, projectRefs: [{ name: "web" }] };

/**
 * Every kind that lasts at a data plane, in the order in which they are looked at. A Backup is made once, and a schedule of
 * them is the operator's alone: both have tests of their own.
 */
export const TENDED: readonly Tended[] = [
	{
		kind: "Project",
		definition: projectKind,
		spec: { registryRef, projectName: "fine" },
		edit: { visibility: "Public" },
		wrong: { visibility: "Nobody" },
	},
	{
		kind: "RobotAccount",
		definition: robotAccountKind,
		spec: { registryRef, permissions: [{ project: "*", actions: ["pull"] }] },
		edit: { permissions: [{ project: "*", actions: ["pull", "push"] }] },
		wrong: { permissions: [{ project: "*", actions: ["own"] }] },
	},
	{
		kind: "RetentionPolicy",
		definition: retentionPolicyKind,
		spec: { ...scope, rules: [{ name: "newest", keep: { latestPushed: 5 } }] },
		edit: { rules: [{ name: "newest", keep: { latestPushed: 9 } }] },
		wrong: { rules: [{ name: "newest", keep: { latestPushed: -1 } }] },
	},
	{
		kind: "ReplicationPolicy",
		definition: replicationPolicyKind,
		spec: { ...scope, source: { url: "https://far.example.org" } },
		edit: { mode: "Mirror" },
		wrong: { mode: "Steal" },
	},
];

/** Makes one of a kind, with the Project that policies name, in a namespace. */
export const make = (bench: Bench, { kind, spec }: Tended, more: Fields = {}, namespace = "system"): string => {
	const key = `${namespace}/one`;
	bench.put("Project", `${namespace}/web`, { registryRef, projectName: `${namespace}-web` });
	bench.put(kind, key, { ...spec, ...more });
	return key;
};
