import type { CatalogScope, RepositoryFacts } from "#/metadata/repositories.ts";
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, anyOf, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { catalogGroupOf, findRepository as findFacts } from "./repository-rows.ts";

/** The repository of this name: see `Repositories.find`. */
export function* findRepository({ name }: { readonly name: string }): Step<RepositoryFacts | undefined> {
	return yield* findFacts(name);
}

/** What {@link catalog} takes. */
export interface CatalogInput {
	/** Or projects by a predicate of their names: cost grows then with those that are passed over too. */
	readonly scope: CatalogScope | { readonly isWanted: (project: string) => boolean };
	readonly last?: string | undefined;
	readonly limit: number;
}

/** So many names of a scope are looked at in one statement. */
const CHUNK = 256;

/** A group of the catalog, and how many published repositories it has: at least one. */
interface Group {
	readonly prefix: string;
	readonly repositories: number;
}

/**
 * A page of the catalog: see `Repositories.catalog`. The counts of the groups tell which of them will fill the page, so
 * no statement reads more than the page holds.
 */
export function* catalog({ scope, last = "", limit }: CatalogInput, context: StepContext): Step<readonly string[]> {
	const names: string[] = [];
	const within = catalogGroupOf(last);
	if (yield* isListed(within, scope)) names.push(...(yield* namesOf(within, last, limit)));
	let cursor: Cursor | undefined =
		scope !== "all" && "projects" in scope
			? { wanted: prefixesAfter(scope.projects, within), from: 0 }
			: { after: within };
	while (names.length < limit && cursor !== undefined) {
		const room = limit - names.length;
		// Those that are passed over fill no page.
		const asked = scope !== "all" && "isWanted" in scope ? CHUNK : room;
		const groups: readonly Group[] = yield* nextGroups(cursor, asked, context);
		const wanted = groups.filter(({ prefix }) => isWithin(prefix, scope));
		if (wanted.length > 0) names.push(...(yield* fill(wanted, room, context)));
		cursor = advance(cursor, groups, asked);
	}
	return names;
}

/** Where the walk over the groups stands: after a prefix, or somewhere in a sorted list of prefixes. */
type Cursor = { readonly after: string } | { readonly wanted: readonly string[]; readonly from: number };

function advance(cursor: Cursor, groups: readonly Group[], asked: number): Cursor | undefined {
	if ("after" in cursor) {
		const end = groups.at(-1);
		return end === undefined || groups.length < asked ? undefined : { after: end.prefix };
	}
	const from = cursor.from + CHUNK;
	return from < cursor.wanted.length ? { wanted: cursor.wanted, from } : undefined;
}

/** Names of the groups, in order, at most `limit`: whole groups in one statement, then the last one's beginning. */
function* fill(groups: readonly Group[], limit: number, context: StepContext): Step<readonly string[]> {
	const whole: string[] = [];
	let room = limit;
	let rest: Group | undefined;
	for (const group of groups) {
		if (group.repositories > room) {
			rest = group;
			break;
		}
		whole.push(group.prefix);
		room -= group.repositories;
	}
	const rows = yield* all(
		`SELECT name FROM repositories
		WHERE catalog_group ${anyOf(context)} AND published_at IS NOT NULL AND deleted_at IS NULL`,
		JSON.stringify(whole),
	);
	const names = rows.map((row) => textOf(row, "name")).toSorted();
	return rest === undefined ? names : [...names, ...(yield* namesOf(rest.prefix, "", limit - names.length))];
}

function* namesOf(group: string, last: string, limit: number): Step<readonly string[]> {
	const rows = yield* all(
		`SELECT name FROM repositories
		WHERE catalog_group = ? AND name > ? AND published_at IS NOT NULL AND deleted_at IS NULL ORDER BY name LIMIT ?`,
		group,
		last,
		limit,
	);
	return rows.map((row) => textOf(row, "name"));
}

/** Whether the project of a group is in the scope; of a list, the groups were chosen by that. */
function isWithin(group: string, scope: CatalogInput["scope"]): boolean {
	return scope === "all" || "projects" in scope || scope.isWanted(projectOfGroup(group));
}

const projectOfGroup = (group: string): string => (group.endsWith("/") ? group.slice(0, -1) : group);

function* isListed(group: string, scope: CatalogInput["scope"]): Step<boolean> {
	if (group === "" || !isWithin(group, scope)) return false;
	if (scope !== "all" && "projects" in scope && !scope.projects.includes(projectOfGroup(group))) return false;
	return (yield* all("SELECT prefix FROM catalog_groups WHERE prefix = ? AND listed = 1", group)).length > 0;
}

/** The listed groups that come next: at most `limit`, or those of a chunk of the wanted ones. */
function* nextGroups(cursor: Cursor, limit: number, context: StepContext): Step<readonly Group[]> {
	if ("after" in cursor) {
		const rows = yield* all(
			"SELECT prefix, repositories FROM catalog_groups WHERE listed = 1 AND prefix > ? ORDER BY prefix LIMIT ?",
			cursor.after,
			limit,
		);
		return rows.map(toGroup);
	}
	const rows = yield* all(
		`SELECT prefix, repositories FROM catalog_groups WHERE listed = 1 AND prefix ${anyOf(context)}`,
		JSON.stringify(cursor.wanted.slice(cursor.from, cursor.from + CHUNK)),
	);
	return rows.map(toGroup).toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

function toGroup(row: Parameters<typeof textOf>[0]): Group {
	return { prefix: textOf(row, "prefix"), repositories: intOf(row, "repositories") };
}

/** The groups of projects that come after `position`, in the order of the catalog, which is not that of the projects. */
function prefixesAfter(projects: readonly string[], position: string): readonly string[] {
	return projects
		.flatMap((project) => [project, `${project}/`])
		.filter((prefix) => prefix > position)
		.sort();
}
