import type { Role } from "#/metadata/projects.ts";
import type { Action } from "./access.ts";

/** What the members of a project may do to its repositories: Harbor's roles, which delete from maintainer upwards. */
const ACTIONS: { readonly [R in Role]: readonly Action[] } = {
	admin: ["pull", "push", "delete"],
	maintainer: ["pull", "push", "delete"],
	developer: ["pull", "push"],
	guest: ["pull"],
	limitedGuest: ["pull"],
};

/** Whether a role includes an action. */
export const roleAllows = (role: Role, action: Action): boolean => ACTIONS[role].includes(action);
