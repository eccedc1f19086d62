import { parseRobotAccount, type RobotAccount } from "#/api/kinds/robot-account.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { registryKeyOf } from "#/operator/tenancy/find-binding.ts";
import { isPattern } from "#/operator/tenancy/permit.ts";
import { callOf, reachOf } from "./find-grants.ts";

/** The name of the index of RobotAccounts by the projects that their permissions name, from where they are. */
export const BY_NAMING = "naming";

/** What stands there for the name of a project where a permission has a pattern. No project is called so. */
export const ANY_PROJECT = "*";

/** The values of that index: see `callOf`. */
export const namingsOf = (object: KubeObject): readonly string[] => {
	const parsed = parseRobotAccount(object);
	if ("invalid" in parsed) return [];
	const { resource } = parsed;
	const place = reachOf(registryKeyOf(resource), resource.metadata.namespace);
	const names = resource.spec.permissions.map(({ project }) => (isPattern(project) ? ANY_PROJECT : project));
	return [...new Set(names)].map((name) => callOf(place, name));
};

/** The permissions of a RobotAccount; none where its spec makes no sense. */
export const permissionsOf = (object: KubeObject): RobotAccount["spec"]["permissions"] => {
	const parsed = parseRobotAccount(object);
	return "invalid" in parsed ? [] : parsed.resource.spec.permissions;
};
