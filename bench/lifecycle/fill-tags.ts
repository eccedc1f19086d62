import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What {@link fillTags} writes. */
export interface Tags {
	/** Where the database is. */
	readonly directory: string;
	readonly project: string;
	readonly repositories: number;
	/** In each repository, every one on a manifest of its own. */
	readonly tags: number;
}

const DAY_MS = 86_400_000;

/**
 * Tags as if one had been pushed every second in each repository, the last one now. Written past the registry; the same
 * ones into every registry.
 */
export const fillTags = ({ directory, project, repositories, tags }: Tags): void => {
	using database = new DatabaseSync(join(directory, "metadata.db"));
	database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN IMMEDIATE");
	const owner = database.prepare("SELECT id FROM projects WHERE name = ?").get(project);
	if (typeof owner?.id !== "number") throw new Error(`there is no project ${project}`);
	const now = Date.now();
	database.function("digest_of", { deterministic: true }, (repository, tag) => {
		const hex = createHash("sha256").update(`${repository}/${tag}`).digest("hex");
		return `sha256:${hex}`;
	});
	database.exec(`
		CREATE TEMP TABLE filled AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < ${repositories}),
			t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < ${tags})
			SELECT n, i, digest_of(n, i) AS digest, ${now - tags * 1_000} + i * 1_000 AS at FROM r, t;
		INSERT INTO repositories (name, project_id, store, catalog_group, moves, moved_at, created_at, published_at)
			SELECT '${project}/filled-' || n, ${owner.id}, 'default', '${project}/', ${tags}, ${now}, ${now - DAY_MS}, ${now}
			FROM (SELECT DISTINCT n FROM filled);
		INSERT INTO catalog_groups (prefix, project_id, repositories, listed)
			VALUES ('${project}/', ${owner.id}, ${repositories}, 1);
		CREATE TEMP TABLE places AS SELECT f.i, f.digest, f.at, r.id FROM filled f
			JOIN repositories r ON r.name = '${project}/filled-' || f.n;
		INSERT INTO manifests (repository_id, digest, media_type, size, pushed_at, pushed_by, payload)
			SELECT id, digest, 'application/vnd.oci.image.manifest.v1+json', 500, at, 'bench', zeroblob(500)
			FROM places ORDER BY 1, 2;
		INSERT INTO tags (repository_id, name, digest, move) SELECT id, 'v' || i, digest, i FROM places ORDER BY 1, 2;
		INSERT INTO tag_history (repository_id, name, move, digest, started_at, started_by)
			SELECT id, 'v' || i, i, digest, at, 'bench' FROM places ORDER BY 1, 2;
		COMMIT;
	`);
};
