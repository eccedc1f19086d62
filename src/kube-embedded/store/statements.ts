import type { DatabaseSync } from "node:sqlite";

/** Of objects that are not on their way out; where it stands in a query, the index of those is used. */
const STAYS = "json_extract(body, '$.metadata.deletionTimestamp') IS NULL";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS objects (
	resource TEXT NOT NULL,
	namespace TEXT NOT NULL,
	name TEXT NOT NULL,
	uid TEXT NOT NULL,
	revision INTEGER NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (resource, namespace, name)
) STRICT;
CREATE INDEX IF NOT EXISTS objects_to_stay ON objects (resource, namespace, name)
	WHERE ${STAYS};
CREATE TABLE IF NOT EXISTS events (
	revision INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	resource TEXT NOT NULL,
	namespace TEXT NOT NULL,
	name TEXT NOT NULL,
	before TEXT,
	after TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS events_by_resource ON events (resource, revision);
`;

/** Makes the tables where there are none, and prepares every statement that the store uses. */
export const prepareStatements = (database: DatabaseSync) => {
	database.exec(SCHEMA);
	return {
		find: database.prepare("SELECT body FROM objects WHERE resource = ? AND namespace = ? AND name = ?"),
		list: database.prepare(
			"SELECT body FROM objects WHERE resource = ? AND (namespace, name) > (?, ?) ORDER BY namespace, name LIMIT ?",
		),
		listNamespace: database.prepare(
			"SELECT body FROM objects WHERE resource = ? AND namespace = ? AND name > ? ORDER BY name LIMIT ?",
		),
		staying: database.prepare(`SELECT body FROM objects WHERE resource = ? AND ${STAYS} LIMIT ?`),
		stayingIn: database.prepare(`SELECT body FROM objects WHERE resource = ? AND namespace = ? AND ${STAYS} LIMIT ?`),
		count: database.prepare("SELECT count(*) AS count FROM objects WHERE resource = ? AND (namespace, name) > (?, ?)"),
		countNamespace: database.prepare(
			"SELECT count(*) AS count FROM objects WHERE resource = ? AND namespace = ? AND name > ?",
		),
		// From each to the next one: DISTINCT would look at every object.
		resources: database.prepare(
			`WITH RECURSIVE found(resource) AS (
				SELECT min(resource) FROM objects
				UNION ALL
				SELECT (SELECT min(resource) FROM objects WHERE resource > found.resource) FROM found WHERE resource IS NOT NULL
			) SELECT resource FROM found WHERE resource IS NOT NULL`,
		),
		put: database.prepare(
			`INSERT INTO objects (resource, namespace, name, uid, revision, body) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET uid = excluded.uid, revision = excluded.revision, body = excluded.body`,
		),
		remove: database.prepare("DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?"),
		append: database.prepare(
			"INSERT INTO events (revision, at, resource, namespace, name, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)",
		),
		bounds: database.prepare(
			"SELECT coalesce(min(revision), 1) AS first, coalesce(max(revision), 0) AS last FROM events",
		),
		eventsAfter: database.prepare("SELECT * FROM events WHERE resource = ? AND revision > ? ORDER BY revision LIMIT ?"),
		// The last event stays: it holds the counter.
		compact: database.prepare(
			"DELETE FROM events WHERE revision < (SELECT max(revision) FROM events) AND (at < ? OR revision <= (SELECT max(revision) FROM events) - ?)",
		),
	};
};

/** The prepared statements of a store. */
export type Statements = ReturnType<typeof prepareStatements>;
