import type { DatabaseSync } from "node:sqlite";

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
		count: database.prepare("SELECT count(*) AS count FROM objects WHERE resource = ? AND (namespace, name) > (?, ?)"),
		countNamespace: database.prepare(
			"SELECT count(*) AS count FROM objects WHERE resource = ? AND namespace = ? AND name > ?",
		),
		resources: database.prepare("SELECT DISTINCT resource FROM objects"),
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
