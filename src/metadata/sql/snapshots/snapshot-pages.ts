/** What a snapshot holds, section by section, each in pages: as records that can be applied from the top. */

import { digestOf, intOf, maybeInt, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Step } from "#/metadata/sql/engine/statement.ts";
import { toRobot, toUser } from "#/metadata/sql/identities/identity-queries.ts";
import { IDENTITY_STORE } from "#/metadata/sql/journal/outbox-rows.ts";
import { PROJECT_COLUMNS, toProjectRow } from "#/metadata/sql/projects/project-rows.ts";
import { deletionPage } from "./snapshot-deletions.ts";
import { manifestPage } from "./snapshot-manifests.ts";
import { type PageRequest, type SnapshotPage, toJournal, toPage } from "./snapshot-page.ts";
import { usePage } from "./snapshot-uses.ts";

/** The sections, in the order in which they can be applied. */
export const sections = [
	"projects",
	"users",
	"robots",
	"objects",
	"repositories",
	"links",
	// Before those that are there, which would otherwise be deleted again.
	"deletions",
	"manifests",
	"uses",
	"tags",
] as const;

/** Who snapshots name as the actor where the rows do not tell. */
const actor = "snapshot";

/** One page of one section of a store's state. */
export function* snapshotPage(page: PageInput): Step<SnapshotPage> {
	switch (page.section) {
		case "projects":
			return yield* projectPage(page);
		case "users":
			return page.store === IDENTITY_STORE ? yield* userPage(page) : nothing;
		case "robots":
			return page.store === IDENTITY_STORE ? yield* robotPage(page) : nothing;
		case "objects":
			return yield* objectPage(page);
		case "repositories":
			return yield* repositoryPage(page);
		case "links":
			return yield* linkPage(page);
		case "deletions":
			return yield* deletionPage(page);
		case "manifests":
			return yield* manifestPage(page);
		case "uses":
			return yield* usePage(page);
		case "tags":
			return yield* tagPage(page);
	}
}

// CROSS JOIN keeps SQLite to the order of the tables, and so to that of the first one's key, which saves it from
// sorting all that is left for every page.

/** What {@link snapshotPage} takes. */
export interface PageInput extends PageRequest {
	readonly section: (typeof sections)[number];
}

const nothing: SnapshotPage = { records: [], next: undefined };

/** The store's own, those that are on their way to it, and those that were moved to another store but still have repositories in this one. */
function* projectPage({ store, after = [""], limit }: PageRequest): Step<SnapshotPage> {
	const rows = yield* all(
		`SELECT ${PROJECT_COLUMNS}, (
			SELECT 1 FROM control_resources c WHERE c.uid = p.uid AND c.deleted = 1
		) AS uncontrolled FROM projects p WHERE name > ?
		AND (store = ? OR moving_to = ? OR EXISTS (SELECT 1 FROM repositories r WHERE r.project_id = p.id AND r.store = ?))
		ORDER BY name LIMIT ?`,
		...after,
		store,
		store,
		store,
		limit,
	);
	return toPage(rows, limit, ["name"], (row) => {
		const { deletedAt, removal, revision, ...project } = toProjectRow(row);
		const isGone = deletedAt !== undefined;
		const changes = removal === undefined ? 1 : 2;
		const isReleased = !isGone && row.uncontrolled === 1;
		const put = toJournal(store, intOf(row, "created_at"), {
			kind: "project-put",
			...project,
			// The last changes of one that is gone or was let go were that, which follows.
			revision: isGone || isReleased ? revision - changes : revision,
			actor,
		});
		const end = { uid: project.uid, name: project.name, revision, actor };
		if (isGone && removal !== undefined) {
			const removed = { kind: "project-removed", ...end, revision: revision - 1 } as const;
			const emptied = { kind: "project-emptied", ...end } as const;
			return [put, toJournal(store, deletedAt, removed), toJournal(store, deletedAt, emptied)];
		}
		if (isGone) return [put, toJournal(store, deletedAt, { kind: "project-removed", ...end })];
		if (isReleased) return [put, toJournal(store, intOf(row, "created_at"), { kind: "project-released", ...end })];
		return [put];
	});
}

function* userPage({ store, after = [""], limit }: PageRequest): Step<SnapshotPage> {
	const rows = yield* all("SELECT * FROM users WHERE uid > ? ORDER BY uid LIMIT ?", ...after, limit);
	return toPage(rows, limit, ["uid"], (row) => [
		toJournal(store, 0, { kind: "user-put", ...toUser(row), generation: intOf(row, "generation"), actor }),
	]);
}

function* robotPage({ store, after = [""], limit }: PageRequest): Step<SnapshotPage> {
	const rows = yield* all("SELECT * FROM robots WHERE uid > ? ORDER BY uid LIMIT ?", ...after, limit);
	return toPage(rows, limit, ["uid"], (row) => {
		const { verifiers, permissions, trust, ...robot } = toRobot(row);
		return [
			toJournal(store, 0, {
				kind: "robot-put",
				...robot,
				verifiers: verifiers.map((verifier) => ({ ...verifier })),
				permissions: permissions.map(({ project, repositories, actions }) => ({
					project,
					...(repositories === undefined ? {} : { repositories: [...repositories] }),
					actions: [...actions],
				})),
				trust: trust.map(({ claims, ...one }) => ({ ...one, claims: claims.map((claim) => ({ ...claim })) })),
				generation: intOf(row, "generation"),
				actor,
			}),
		];
	});
}

function* objectPage({ store, after = [""], limit }: PageRequest): Step<SnapshotPage> {
	const rows = yield* all(
		"SELECT digest, key, size, created_at FROM blobs WHERE store = ? AND digest > ? AND state = 'live' ORDER BY digest LIMIT ?",
		store,
		...after,
		limit,
	);
	return toPage(rows, limit, ["digest"], (row) => [
		toJournal(store, intOf(row, "created_at"), {
			kind: "object-live",
			key: textOf(row, "key"),
			digest: digestOf(row, "digest"),
			size: intOf(row, "size"),
			actor,
		}),
	]);
}

function* repositoryPage({ store, after = [0], limit }: PageRequest): Step<SnapshotPage> {
	const rows = yield* all(
		`SELECT r.id, r.name, r.created_at, r.published_at, r.moves, r.moved_at, r.placement,
			p.name AS project
		FROM repositories r JOIN projects p ON p.id = r.project_id
		WHERE r.store = ? AND r.id > ? AND r.deleted_at IS NULL ORDER BY r.id LIMIT ?`,
		store,
		...after,
		limit,
	);
	return toPage(rows, limit, ["id"], (row) => [
		toJournal(store, intOf(row, "created_at"), {
			kind: "repository-created",
			repository: textOf(row, "name"),
			project: textOf(row, "project"),
			publishedAt: maybeInt(row, "published_at"),
			moves: intOf(row, "moves"),
			movedAt: intOf(row, "moved_at"),
			placement: intOf(row, "placement"),
			actor,
		}),
	]);
}

function* linkPage({ store, after = [0, ""], limit }: PageRequest): Step<SnapshotPage> {
	const rows = yield* all(
		`SELECT l.repository_id, l.digest, l.linked_at, l.linked_by, r.name, b.size
		FROM repository_blobs l CROSS JOIN repositories r CROSS JOIN blobs b
		WHERE (l.repository_id, l.digest) > (?, ?) AND r.id = l.repository_id AND r.store = ?
		AND b.store = l.store AND b.digest = l.digest ORDER BY l.repository_id, l.digest LIMIT ?`,
		...after,
		store,
		limit,
	);
	return toPage(rows, limit, ["repository_id", "digest"], (row) => [
		toJournal(store, intOf(row, "linked_at"), {
			kind: "blob-linked",
			repository: textOf(row, "name"),
			digest: digestOf(row, "digest"),
			size: intOf(row, "size"),
			actor: textOf(row, "linked_by"),
		}),
	]);
}

/** Every row of the history is a move; one that ended is a removal too, which a move that follows makes good. */
function* tagPage({ store, after = [0, "", 0], limit }: PageRequest): Step<SnapshotPage> {
	const rows = yield* all(
		`SELECT h.repository_id, h.name AS tag, h.move, h.digest, h.started_at, h.started_by, h.ended_at, h.ended_by,
			h.kept_until, r.name
		FROM tag_history h CROSS JOIN repositories r
		WHERE (h.repository_id, h.name, h.move) > (?, ?, ?) AND r.id = h.repository_id AND r.store = ?
		ORDER BY h.repository_id, h.name, h.move LIMIT ?`,
		...after,
		store,
		limit,
	);
	return toPage(rows, limit, ["repository_id", "tag", "move"], (row) => {
		const tag = {
			repository: textOf(row, "name"),
			tag: textOf(row, "tag"),
			digest: digestOf(row, "digest"),
			move: intOf(row, "move"),
		};
		const moved = toJournal(store, intOf(row, "started_at"), {
			kind: "tag-moved",
			...tag,
			actor: textOf(row, "started_by"),
		});
		const endedAt = maybeInt(row, "ended_at");
		if (endedAt === undefined) return [moved];
		const until = maybeInt(row, "kept_until");
		return [moved, toJournal(store, endedAt, { kind: "tag-removed", ...tag, until, actor: textOf(row, "ended_by") })];
	});
}
