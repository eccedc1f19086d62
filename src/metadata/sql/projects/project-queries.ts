import { projectSpec } from "#/api/project-spec.ts";
import type { Project } from "#/metadata/projects.ts";
import { flagOf, intOf, jsonOf, maybeInt, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step } from "#/metadata/sql/engine/statement.ts";

const COLUMNS = "id, uid, name, visibility, store, sparse_indexes, members, quota_bytes, moving_to";

/** The project of this name: see `Projects.find`. */
export function* findProject({ name }: { readonly name: string }): Step<Project | undefined> {
	const row = yield* first(`SELECT ${COLUMNS} FROM projects WHERE name = ? AND deleted_at IS NULL`, name);
	return row && toProject(row);
}

/** A page of projects: see `Projects.list`. */
export function* listProjects(page: {
	readonly last?: string | undefined;
	readonly limit: number;
}): Step<readonly Project[]> {
	const rows = yield* all(
		`SELECT ${COLUMNS} FROM projects WHERE name > ? AND deleted_at IS NULL ORDER BY name LIMIT ?`,
		page.last ?? "",
		page.limit,
	);
	return rows.map(toProject);
}

function toProject(row: Row): Project {
	const quotaBytes = maybeInt(row, "quota_bytes");
	return {
		id: intOf(row, "id"),
		uid: textOf(row, "uid"),
		name: textOf(row, "name"),
		visibility: wordOf(row, "visibility", ["Private", "Internal", "Public"]),
		store: textOf(row, "store"),
		...(row.moving_to === null ? {} : { movingTo: textOf(row, "moving_to") }),
		sparseIndexes: flagOf(row, "sparse_indexes"),
		members: projectSpec.shape.members.parse(jsonOf(row, "members")),
		...(quotaBytes === undefined ? {} : { quotaBytes }),
	};
}
