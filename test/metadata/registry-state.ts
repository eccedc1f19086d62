import type { InspectedMetadata } from "../support/sqlite-metadata.ts";

/** Every table that records give back, with names for ids, and without what only the journey tells. */
const tables: { readonly [table: string]: string } = {
	projects: `SELECT uid, name, owner, visibility, store, sparse_indexes, members, quota_bytes, undo_window, immutability, generation, revision,
		deleted_at IS NOT NULL AS deleted FROM projects`,
	project_usage: `SELECT p.name, SUM(blob_bytes) AS blob_bytes, SUM(manifest_bytes) AS manifest_bytes,
		SUM(manifests) AS manifests, SUM(repositories) AS repositories
		FROM project_usage u JOIN projects p ON p.id = u.project_id GROUP BY p.name
		HAVING SUM(blob_bytes) + SUM(manifest_bytes) + SUM(repositories) > 0`,
	project_blobs: `SELECT p.name, b.store, b.digest, b.size, b.links
		FROM project_blobs b JOIN projects p ON p.id = b.project_id`,
	users: "SELECT * FROM users",
	robots: "SELECT * FROM robots",
	control_resources: `SELECT uid, kind, name, generation, spec, reason FROM control_resources
		WHERE ready = 1 AND deleted = 0`,
	repositories: `SELECT r.name, p.name AS project, r.store, r.catalog_group, r.moves, r.created_at, r.published_at,
		r.deleted_at FROM repositories r JOIN projects p ON p.id = r.project_id`,
	catalog_groups: `SELECT g.prefix, p.name, g.repositories, g.listed
		FROM catalog_groups g JOIN projects p ON p.id = g.project_id`,
	objects: "SELECT store, key, purpose, size, digest FROM objects WHERE state = 'live' AND purpose = 'blob'",
	blobs: "SELECT store, digest, key, size, created_at FROM blobs WHERE state = 'live'",
	repository_blobs: `SELECT r.name, l.digest, l.store, p.name AS project, l.linked_at, l.linked_by FROM repository_blobs l
		JOIN repositories r ON r.id = l.repository_id JOIN projects p ON p.id = l.project_id`,
	manifests: `SELECT r.name, m.digest, media_type, artifact_type, subject, config_digest, size, pushed_at, pushed_by,
		annotations, hex(payload) AS payload FROM manifests m JOIN repositories r ON r.id = m.repository_id`,
	manifest_blobs: `SELECT r.name, manifest, digest FROM manifest_blobs m JOIN repositories r ON r.id = m.repository_id`,
	manifest_children: `SELECT r.name, parent, child FROM manifest_children m
		JOIN repositories r ON r.id = m.repository_id`,
	deleted_manifests: `SELECT r.name, d.digest, media_type, artifact_type, subject, config_digest, size, pushed_at, pushed_by,
		annotations, blobs, children, tags, d.deleted_at, deleted_by, restorable_until, hex(payload) AS payload
		FROM deleted_manifests d JOIN repositories r ON r.id = d.repository_id`,
	deleted_manifest_blobs: `SELECT r.name, h.manifest, h.digest, h.store, p.name AS project FROM deleted_manifest_blobs h
		JOIN repositories r ON r.id = h.repository_id JOIN projects p ON p.id = h.project_id`,
	tags: "SELECT r.name, t.name AS tag, digest, move FROM tags t JOIN repositories r ON r.id = t.repository_id",
	tag_history: `SELECT r.name, h.name AS tag, move, digest, started_at, started_by, ended_at, ended_by, kept_until
		FROM tag_history h JOIN repositories r ON r.id = h.repository_id`,
	gc_manifest_queue: "SELECT r.name, q.digest FROM gc_manifest_queue q JOIN repositories r ON r.id = q.repository_id",
	// Reviews that have an end in sight; of others, only the journey tells whether they were held already.
	gc_link_queue: `SELECT r.name, q.digest FROM gc_link_queue q JOIN repositories r ON r.id = q.repository_id
		JOIN repository_blobs l ON l.repository_id = q.repository_id AND l.digest = q.digest
		WHERE NOT EXISTS (SELECT 1 FROM manifest_blobs m WHERE m.repository_id = q.repository_id AND m.digest = q.digest)`,
	gc_blob_queue: `SELECT q.store, q.digest FROM gc_blob_queue q
		JOIN blobs b ON b.store = q.store AND b.digest = q.digest WHERE b.state = 'live' AND NOT EXISTS
		(SELECT 1 FROM repository_blobs l WHERE l.store = b.store AND l.digest = b.digest) AND NOT EXISTS
		(SELECT 1 FROM deleted_manifest_blobs h WHERE h.store = b.store AND h.digest = b.digest)`,
};

/** What a registry is: two databases with the same state hold the same registry. */
export function registryState(on: InspectedMetadata): { readonly [table: string]: readonly string[] } {
	return Object.fromEntries(
		Object.entries(tables).map(([table, sql]) => [
			table,
			on
				.rows(sql)
				.map((row) => JSON.stringify(row))
				.toSorted(),
		]),
	);
}

/** Rows that must not be, each query under the sentence that it breaks. */
const broken: { readonly [rule: string]: string } = {
	"every blob of a manifest is linked": `SELECT b.* FROM manifest_blobs b WHERE NOT EXISTS
		(SELECT 1 FROM repository_blobs l WHERE l.repository_id = b.repository_id AND l.digest = b.digest)`,
	"every child of a manifest is there": `SELECT c.* FROM manifest_children c WHERE NOT EXISTS
		(SELECT 1 FROM manifests m WHERE m.repository_id = c.repository_id AND m.digest = c.child)`,
	"every reference is of a manifest": `SELECT manifest FROM manifest_blobs b WHERE NOT EXISTS
		(SELECT 1 FROM manifests m WHERE m.repository_id = b.repository_id AND m.digest = b.manifest)`,
	"every link is to a live blob": `SELECT l.* FROM repository_blobs l WHERE NOT EXISTS
		(SELECT 1 FROM blobs b WHERE b.store = l.store AND b.digest = l.digest AND b.state = 'live')`,
	"every live blob has a live object": `SELECT b.* FROM blobs b WHERE state = 'live' AND NOT EXISTS
		(SELECT 1 FROM objects o WHERE o.store = b.store AND o.key = b.key AND o.state = 'live' AND o.digest = b.digest)`,
	"every live object has its blob": `SELECT o.* FROM objects o WHERE state = 'live' AND purpose = 'blob' AND NOT EXISTS
		(SELECT 1 FROM blobs b WHERE b.store = o.store AND b.key = o.key AND b.state = 'live')`,
	"every object that is being written has its upload": `SELECT o.* FROM objects o WHERE state = 'writing'
		AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.store = o.store AND u.key = o.key AND u.id = o.upload_id)`,
	"every tag is on a manifest": `SELECT t.* FROM tags t WHERE NOT EXISTS
		(SELECT 1 FROM manifests m WHERE m.repository_id = t.repository_id AND m.digest = t.digest)`,
	"every tag has one open row of history, its own": `SELECT t.* FROM tags t WHERE 1 <> (SELECT COUNT(*) FROM tag_history h
		WHERE h.repository_id = t.repository_id AND h.name = t.name AND h.ended_at IS NULL AND h.move = t.move
		AND h.digest = t.digest)`,
	"every open row of history has its tag": `SELECT h.* FROM tag_history h WHERE ended_at IS NULL AND NOT EXISTS
		(SELECT 1 FROM tags t WHERE t.repository_id = h.repository_id AND t.name = h.name AND t.move = h.move)`,
	"no history ends before it starts": "SELECT * FROM tag_history WHERE ended_at < started_at",
	"what a tag had before is remembered, and no shorter than what it had before that": `SELECT h.* FROM tag_history h
		WHERE (ended_at IS NULL) <> (kept_until IS NULL) OR EXISTS (SELECT 1 FROM tag_history b WHERE
		b.repository_id = h.repository_id AND b.name = h.name AND b.move < h.move AND b.kept_until > h.kept_until)`,
	"no uses are of a manifest that is gone for good": `SELECT u.* FROM manifest_uses u WHERE NOT EXISTS
		(SELECT 1 FROM manifests m WHERE m.repository_id = u.repository_id AND m.digest = u.digest) AND NOT EXISTS
		(SELECT 1 FROM deleted_manifests d WHERE d.repository_id = u.repository_id AND d.digest = u.digest)`,
	"every manifest will be reviewed": `SELECT m.digest FROM manifests m WHERE NOT EXISTS
		(SELECT 1 FROM gc_manifest_queue q WHERE q.repository_id = m.repository_id AND q.digest = m.digest)`,
	"no review is of a manifest that is gone": `SELECT q.* FROM gc_manifest_queue q WHERE NOT EXISTS
		(SELECT 1 FROM manifests m WHERE q.repository_id = m.repository_id AND q.digest = m.digest)`,
	"every link that no manifest uses will be reviewed": `SELECT l.* FROM repository_blobs l WHERE NOT EXISTS
		(SELECT 1 FROM manifest_blobs m WHERE m.repository_id = l.repository_id AND m.digest = l.digest) AND NOT EXISTS
		(SELECT 1 FROM gc_link_queue q WHERE q.repository_id = l.repository_id AND q.digest = l.digest)`,
	"every live blob that nobody links or holds will be reviewed": `SELECT b.* FROM blobs b WHERE state = 'live' AND NOT EXISTS
		(SELECT 1 FROM repository_blobs l WHERE l.store = b.store AND l.digest = b.digest) AND NOT EXISTS
		(SELECT 1 FROM deleted_manifest_blobs h WHERE h.store = b.store AND h.digest = b.digest) AND NOT EXISTS
		(SELECT 1 FROM gc_blob_queue q WHERE q.store = b.store AND q.digest = b.digest)`,
	"no review is of a link in a repository that is gone": `SELECT q.* FROM gc_link_queue q WHERE NOT EXISTS
		(SELECT 1 FROM repositories r WHERE r.id = q.repository_id)`,
	"a project counts its links and holds": `SELECT * FROM project_blobs b WHERE links <> (SELECT COUNT(*)
		FROM repository_blobs l WHERE l.project_id = b.project_id AND l.store = b.store AND l.digest = b.digest)
		+ (SELECT COUNT(*) FROM deleted_manifest_blobs h
		WHERE h.project_id = b.project_id AND h.store = b.store AND h.digest = b.digest)`,
	"no manifest is both there and deleted": `SELECT d.digest FROM deleted_manifests d
		JOIN manifests m ON m.repository_id = d.repository_id AND m.digest = d.digest`,
	"a deleted manifest holds all its blobs": `SELECT d.digest, b.value FROM deleted_manifests d, json_each(d.blobs) b
		WHERE NOT EXISTS (SELECT 1 FROM deleted_manifest_blobs h
		WHERE h.repository_id = d.repository_id AND h.manifest = d.digest AND h.digest = b.value)`,
	"every hold is by a deleted manifest": `SELECT h.* FROM deleted_manifest_blobs h WHERE NOT EXISTS
		(SELECT 1 FROM deleted_manifests d WHERE d.repository_id = h.repository_id AND d.digest = h.manifest)`,
	"every hold is of a live blob": `SELECT h.* FROM deleted_manifest_blobs h WHERE NOT EXISTS
		(SELECT 1 FROM blobs b WHERE b.store = h.store AND b.digest = h.digest AND b.state = 'live')`,
	"a group counts its published repositories": `SELECT * FROM catalog_groups g WHERE repositories <> (SELECT COUNT(*)
		FROM repositories r WHERE r.catalog_group = g.prefix AND r.published_at IS NOT NULL)`,
	"a group is listed while its project is there": `SELECT * FROM catalog_groups g JOIN projects p ON p.id = g.project_id
		WHERE g.listed <> CASE WHEN p.deleted_at IS NULL THEN 1 ELSE 0 END`,
};

/** The rules that the database breaks, with the rows that do. */
export function brokenRules(on: InspectedMetadata): { readonly [rule: string]: readonly object[] } {
	return Object.fromEntries(
		Object.entries(broken).flatMap(([rule, sql]) => {
			const rows = on.rows(sql);
			return rows.length > 0 ? [[rule, rows]] : [];
		}),
	);
}

/** As {@link brokenRules}, for a database that answers later and in PostgreSQL's words. */
export async function brokenRulesInPostgres(
	rows: (sql: string) => Promise<readonly object[]>,
): Promise<{ readonly [rule: string]: readonly object[] }> {
	const found = await Promise.all(
		Object.entries(broken).map(async ([rule, sql]) => {
			const words = sql.replace("json_each(d.blobs) b", "jsonb_array_elements_text(d.blobs::jsonb) AS b(value)");
			return [rule, await rows(words)] as const;
		}),
	);
	return Object.fromEntries(found.filter(([, offending]) => offending.length > 0));
}
