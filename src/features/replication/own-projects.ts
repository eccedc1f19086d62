import type { PolicyProjects } from "#/api/policy-selectors.ts";
import { compilePatterns } from "#/lib/doublestar.ts";

/** Whether a policy is for a project. @throws PatternError */
export const ownProjects = (
	wanted: PolicyProjects,
): ((project: { readonly uid: string; readonly name: string }) => boolean) => {
	if ("names" in wanted) {
		const hasName = compilePatterns(wanted.names);
		return ({ name }) => hasName(name);
	}
	const uids = new Set(wanted.uids);
	return ({ uid }) => uids.has(uid);
};
