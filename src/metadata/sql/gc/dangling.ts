import type { DanglingPage, DanglingRequest } from "#/metadata/objects.ts";
import { digestOf, intOf, maybeText, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Row, type Step } from "#/metadata/sql/engine/statement.ts";

/** What names blobs or objects, and how a page of it is read: after its key, in order of its key. */
interface Referrers {
	readonly sql: string;
	/** Columns of the key; those that end in `id` are numbers. */
	readonly key: readonly string[];
	/** The key before the first. */
	readonly first: readonly (string | number)[];
}

const LIVE_BLOB = `EXISTS (SELECT 1 FROM blobs b
	WHERE b.store = counted.store AND b.digest = counted.digest AND b.state = 'live')`;

const REFERRERS: { readonly [kind in DanglingRequest["kind"]]: Referrers } = {
	blobs: {
		sql: `SELECT digest, CASE WHEN counted.state <> 'live' OR EXISTS (SELECT 1 FROM objects o
				WHERE o.store = counted.store AND o.key = counted.key AND o.state = 'live' AND o.digest = counted.digest)
				THEN 1 ELSE 0 END AS whole, NULL AS repository
			FROM (SELECT store, digest, key, state FROM blobs WHERE store = ? AND digest > ? ORDER BY digest LIMIT ?) AS counted
			ORDER BY digest`,
		key: ["digest"],
		first: [""],
	},
	links: {
		sql: `SELECT repository_id, digest, CASE WHEN counted.store <> ? OR ${LIVE_BLOB} THEN 1 ELSE 0 END AS whole,
				(SELECT r.name FROM repositories r WHERE r.id = counted.repository_id) AS repository
			FROM (SELECT store, repository_id, digest FROM repository_blobs
				WHERE (repository_id, digest) > (?, ?) ORDER BY repository_id, digest LIMIT ?) AS counted
			ORDER BY repository_id, digest`,
		key: ["repository_id", "digest"],
		first: [0, ""],
	},
	manifests: {
		sql: `SELECT repository_id, manifest, digest, CASE WHEN r.store <> ? OR EXISTS (SELECT 1 FROM repository_blobs l
				WHERE l.repository_id = counted.repository_id AND l.digest = counted.digest) THEN 1 ELSE 0 END AS whole,
				r.name AS repository
			FROM (SELECT repository_id, manifest, digest FROM manifest_blobs
				WHERE (repository_id, manifest, digest) > (?, ?, ?) ORDER BY repository_id, manifest, digest LIMIT ?) AS counted
			LEFT JOIN repositories r ON r.id = counted.repository_id ORDER BY repository_id, manifest, digest`,
		key: ["repository_id", "manifest", "digest"],
		first: [0, "", ""],
	},
	deleted: {
		sql: `SELECT repository_id, manifest, digest, CASE WHEN counted.store <> ? OR ${LIVE_BLOB} THEN 1 ELSE 0 END AS whole,
				(SELECT r.name FROM repositories r WHERE r.id = counted.repository_id) AS repository
			FROM (SELECT store, repository_id, manifest, digest FROM deleted_manifest_blobs
				WHERE (repository_id, manifest, digest) > (?, ?, ?) ORDER BY repository_id, manifest, digest LIMIT ?) AS counted
			ORDER BY repository_id, manifest, digest`,
		key: ["repository_id", "manifest", "digest"],
		first: [0, "", ""],
	},
};

/** A page of what names blobs: see `Objects.dangling`. One statement, which sees one instant. */
export function* dangling({ store, kind, after, limit }: DanglingRequest): Step<DanglingPage> {
	const { sql, key, first } = REFERRERS[kind];
	const rows = yield* all(sql, store, ...(after ?? first), limit);
	const last = rows.length < limit ? undefined : rows.at(-1);
	return {
		looked: rows.length,
		found: rows
			.filter((row) => intOf(row, "whole") === 0)
			.map((row) => ({ digest: digestOf(row, "digest"), repository: maybeText(row, "repository") })),
		next: last && key.map((column) => keyPart(last, column)),
	};
}

const keyPart = (row: Row, column: string): string | number =>
	column.endsWith("id") ? intOf(row, column) : textOf(row, column);
