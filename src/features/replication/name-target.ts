import type { ReplicationPolicySpec } from "#/api/replication-policy-spec.ts";

/**
 * The name that a repository has at the target: the first rule whose `from` it begins with, in whole components, puts
 * `to` in its place. An empty `from` begins every name; an empty `to` takes `from` away. Undefined when nothing is left.
 */
export const nameTarget = (source: string, rename: ReplicationPolicySpec["rename"]): string | undefined => {
	const rule = rename.find(({ from }) => from === "" || source === from || source.startsWith(`${from}/`));
	if (rule === undefined) return source;
	const rest = rule.from === "" ? source : source.slice(rule.from.length + 1);
	const name = [rule.to, rest].filter((part) => part !== "").join("/");
	return name === "" ? undefined : name;
};
