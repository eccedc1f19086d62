import { isRepositoryName } from "#/oci/name.ts";
import type { Action } from "./access.ts";

/** How many resources one token can be asked for; what follows is not looked at, so that tokens fit into a header. */
export const MAX_SCOPES = 32;

const ACTIONS: readonly Action[] = ["pull", "push", "delete"];
const CATALOG = "registry:catalog:*";

/** What a token is asked for, or grants. */
export interface Scopes {
	/** Actions by full repository name, in the order in which the repositories were first named. */
	readonly repositories: ReadonlyMap<string, ReadonlySet<Action>>;
	/** Whether the catalog may be listed. */
	readonly catalog: boolean;
}

/**
 * Reads the scopes of a token request (distribution's token scope specification): `repository:NAME:ACTION,…`, where
 * `*` stands for every action, and `registry:catalog:*`; each text may hold several, separated by spaces. The same
 * repository twice means both. Whatever is malformed or unknown is left out, since a token that grants less than was
 * asked for is no error.
 */
export const parseScopes = (texts: readonly string[]): Scopes => {
	const repositories = new Map<string, Set<Action>>();
	let catalog = false;
	for (const scope of texts.flatMap((text) => text.split(" "))) {
		if (scope === CATALOG) {
			catalog = true;
			continue;
		}
		const parsed = parseRepositoryScope(scope);
		if (parsed === undefined) continue;
		const known = repositories.get(parsed.name);
		if (known !== undefined) for (const action of parsed.actions) known.add(action);
		else if (repositories.size < MAX_SCOPES) repositories.set(parsed.name, new Set(parsed.actions));
	}
	return { repositories, catalog };
};

/** The type may carry a class, which means nothing any more: `repository(plugin)`. */
const REPOSITORY_TYPE = /^repository(?:\([a-z0-9]+\))?$/;

const parseRepositoryScope = (
	scope: string,
): { readonly name: string; readonly actions: readonly Action[] } | undefined => {
	const [type, name, actions, ...rest] = scope.split(":");
	if (type === undefined || name === undefined || actions === undefined || rest.length > 0) return undefined;
	if (!REPOSITORY_TYPE.test(type) || !isRepositoryName(name)) return undefined;
	const asked = actions.split(",");
	return { name, actions: ACTIONS.filter((action) => asked.includes(action) || asked.includes("*")) };
};

/** The scopes as one text, separated by spaces; repositories without any action are left out. */
export const formatScopes = ({ repositories, catalog }: Scopes): string => {
	const texts = [...repositories].filter(([, actions]) => actions.size > 0).map(formatRepositoryScope);
	return [...texts, ...(catalog ? [CATALOG] : [])].join(" ");
};

const formatRepositoryScope = ([name, actions]: readonly [string, ReadonlySet<Action>]): string =>
	`repository:${name}:${ACTIONS.filter((action) => actions.has(action)).join(",")}`;
