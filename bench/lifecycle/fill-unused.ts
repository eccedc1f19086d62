import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Repositories over which the blobs are spread. */
const REPOSITORIES = 100;
/** Bytes of each blob as metadata has it. */
const SIZE = 64;
const DAY_MS = 86_400_000;

/** What {@link fillUnused} writes. */
export interface Unused {
	/** The data directory of a registry that has started once and does not run. */
	readonly dataDir: string;
	/** Of a project that it has. */
	readonly project: string;
	readonly blobs: number;
	/** Whether the files have bytes; without, a million takes no room but for its names. */
	readonly withBytes: boolean;
}

/**
 * Blobs as if they had been pushed two days ago and never used: rows and files, each blob with a link, a review that is
 * due and a digest of its own. Written past the registry, for pushing a million takes hours.
 */
export const fillUnused = ({ dataDir, project, blobs, withBytes }: Unused): void => {
	using database = new DatabaseSync(join(dataDir, "metadata.db"));
	database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000");
	database.exec("BEGIN IMMEDIATE");
	const at = Date.now() - 2 * DAY_MS;
	const owner = database.prepare("SELECT id, store FROM projects WHERE name = ?").get(project);
	if (typeof owner?.id !== "number") throw new Error(`there is no project ${project}`);
	database.exec(`CREATE TEMP TABLE unused AS WITH RECURSIVE n(i) AS (
		SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${blobs}
	) SELECT i, lower(hex(randomblob(32))) AS hash, lower(hex(randomblob(16))) AS id FROM n`);
	database.exec(`
		INSERT INTO repositories (name, project_id, store, catalog_group, moves, moved_at, created_at)
			SELECT '${project}/unused-' || i, ${owner.id}, 'default', '${project}/', 0, 0, ${at}
			FROM unused WHERE i <= ${REPOSITORIES};
		CREATE TEMP TABLE homes AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM repositories
			WHERE name LIKE '${project}/unused-%';
		INSERT INTO objects (store, key, purpose, state, size, digest, holder, changed_at, claimed_until)
			SELECT 'default', substr(id, -2) || '/' || id, 'blob', 'live', ${SIZE}, 'sha256:' || hash, 'bench', ${at}, 0
			FROM unused ORDER BY 2;
		INSERT INTO blobs (store, digest, key, size, state, created_at)
			SELECT 'default', 'sha256:' || hash, substr(id, -2) || '/' || id, ${SIZE}, 'live', ${at} FROM unused ORDER BY 2;
		INSERT INTO repository_blobs (repository_id, digest, store, project_id, linked_at, linked_by)
			SELECT h.id, 'sha256:' || hash, 'default', ${owner.id}, ${at}, 'bench'
			FROM unused u JOIN homes h ON h.n = u.i % ${REPOSITORIES} ORDER BY 1, 2;
		INSERT INTO project_blobs (project_id, store, digest, size, links)
			SELECT ${owner.id}, 'default', 'sha256:' || hash, ${SIZE}, 1 FROM unused ORDER BY 3;
		INSERT INTO gc_link_queue (repository_id, digest, review_after, event)
			SELECT h.id, 'sha256:' || hash, ${at + DAY_MS} + u.i % 60000, 'blob-linked'
			FROM unused u JOIN homes h ON h.n = u.i % ${REPOSITORIES} ORDER BY 1, 2;
		INSERT INTO project_usage (project_id, shard, blob_bytes, manifest_bytes, manifests, repositories)
			SELECT ${owner.id}, id % 16, COUNT(*) * ${SIZE}, 0, 0, COUNT(DISTINCT id)
			FROM (SELECT h.id FROM unused u JOIN homes h ON h.n = u.i % ${REPOSITORIES}) WHERE 1 = 1 GROUP BY id % 16
			ON CONFLICT (project_id, shard) DO UPDATE SET blob_bytes = blob_bytes + excluded.blob_bytes,
				repositories = repositories + excluded.repositories;
		-- Nobody looked at the clock while this was written, which is no jump.
		DELETE FROM counters WHERE name IN ('clock-seen', 'clock-jumped');
		COMMIT;
	`);
	const data = join(dataDir, "stores", "default", "data");
	const bytes = Buffer.alloc(withBytes ? SIZE : 0, 1);
	const made = new Set<string>();
	for (const { id } of database.prepare("SELECT id FROM unused").iterate()) {
		const name = String(id);
		const folder = join(data, name.slice(-2));
		if (!made.has(folder)) mkdirSync(folder, { recursive: true });
		made.add(folder);
		writeFileSync(join(folder, name), bytes);
	}
};
