import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step } from "#/metadata/sql/engine/statement.ts";
import type { CountedUsage, ProjectUsage, UsageRow } from "#/metadata/usages.ts";

/** What a project uses, as the commands have kept account: see `Usages.find`. */
export function* projectUsage({ project: name }: { readonly project: string }): Step<ProjectUsage | undefined> {
	const project = yield* first("SELECT id FROM projects WHERE name = ?", name);
	if (project === undefined) return undefined;
	const row = yield* first(
		`SELECT CAST(COALESCE(SUM(blob_bytes), 0) AS BIGINT) AS blob_bytes,
			CAST(COALESCE(SUM(manifest_bytes), 0) AS BIGINT) AS manifest_bytes,
			CAST(COALESCE(SUM(manifests), 0) AS BIGINT) AS manifests,
			CAST(COALESCE(SUM(repositories), 0) AS BIGINT) AS repositories
		FROM project_usage WHERE project_id = ?`,
		intOf(project, "id"),
	);
	return row && toUsage(row);
}

/** A page of projects with what they use: see `Usages.list`. */
export function* listUsage(page: {
	readonly last?: string | undefined;
	readonly limit: number;
}): Step<readonly UsageRow[]> {
	const rows = yield* all(
		`SELECT p.uid, p.name,
			CAST(COALESCE((SELECT SUM(u.blob_bytes) FROM project_usage u WHERE u.project_id = p.id), 0) AS BIGINT) AS blob_bytes,
			CAST(COALESCE((SELECT SUM(u.manifest_bytes) FROM project_usage u WHERE u.project_id = p.id), 0) AS BIGINT)
				AS manifest_bytes,
			CAST(COALESCE((SELECT SUM(u.manifests) FROM project_usage u WHERE u.project_id = p.id), 0) AS BIGINT) AS manifests,
			CAST(COALESCE((SELECT SUM(u.repositories) FROM project_usage u WHERE u.project_id = p.id), 0) AS BIGINT)
				AS repositories
		FROM projects p WHERE p.name > ? AND p.deleted_at IS NULL ORDER BY p.name LIMIT ?`,
		page.last ?? "",
		page.limit,
	);
	return rows.map((row) => ({ uid: textOf(row, "uid"), name: textOf(row, "name"), ...toUsage(row) }));
}

/** What every project uses, counted anew: see `Usages.recount`. */
export function* recountUsage(): Step<readonly CountedUsage[]> {
	const rows = yield* all(
		`SELECT p.name,
			CAST(COALESCE((SELECT SUM(b.size) FROM blobs b WHERE EXISTS (
				SELECT 1 FROM repository_blobs l JOIN repositories r ON r.id = l.repository_id
				WHERE l.store = b.store AND l.digest = b.digest AND r.project_id = p.id)
				OR EXISTS (SELECT 1 FROM deleted_manifest_blobs h
				WHERE h.store = b.store AND h.digest = b.digest AND h.project_id = p.id)), 0) AS BIGINT) AS blob_bytes,
			CAST(COALESCE((SELECT SUM(m.size) FROM manifests m JOIN repositories r ON r.id = m.repository_id
				WHERE r.project_id = p.id), 0) + COALESCE((SELECT SUM(d.size) FROM deleted_manifests d
				JOIN repositories r ON r.id = d.repository_id WHERE r.project_id = p.id), 0) AS BIGINT) AS manifest_bytes,
			(SELECT COUNT(*) FROM manifests m JOIN repositories r ON r.id = m.repository_id
				WHERE r.project_id = p.id) AS manifests,
			(SELECT COUNT(*) FROM repositories r WHERE r.project_id = p.id) AS repositories
		FROM projects p ORDER BY p.name`,
	);
	return rows.map((row) => ({ project: textOf(row, "name"), usage: toUsage(row) }));
}

function toUsage(row: Parameters<typeof intOf>[0]): ProjectUsage {
	return {
		blobBytes: intOf(row, "blob_bytes"),
		manifestBytes: intOf(row, "manifest_bytes"),
		manifests: intOf(row, "manifests"),
		repositories: intOf(row, "repositories"),
	};
}
