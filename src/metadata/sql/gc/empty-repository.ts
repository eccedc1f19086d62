import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { unlinkBlob } from "#/metadata/sql/blobs/blob-rows.ts";
import { dropDeleted } from "#/metadata/sql/deletions/deleted-rows.ts";
import { digestOf, intOf, isRecord, jsonOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { deleteManifest } from "#/metadata/sql/manifests/manifest-rows.ts";
import { forgetUses } from "#/metadata/sql/manifests/use-rows.ts";
import { isEmpty } from "#/metadata/sql/repositories/drop-repositories.ts";
import {
	FACT_COLUMNS,
	removeRepository,
	toFacts,
	uncountPublished,
} from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage, sumOf, type UsageChange } from "#/metadata/sql/usage/add-usage.ts";

/** What a step took out of a repository. */
export interface Emptied {
	/** Rows; never more than the limit. */
	readonly rows: number;
	/** Bytes that its project uses less. */
	readonly bytes: number;
	/** Whether the repository itself went. */
	readonly gone: boolean;
}

/** Takes rows of one kind out of a locked repository, at most so many; tells how many, and what the project uses less. */
type Stage = (
	repository: RepositoryFacts,
	limit: number,
	context: StepContext,
) => Step<{ readonly rows: number; readonly usage?: UsageChange }>;

/**
 * Takes what a repository of a deleted project has, at most `limit` rows and the references of those that are manifests,
 * and the repository when nothing is left. In an order that leaves nothing naming what is gone, whenever it is read.
 */
export function* emptyRepository(id: number, limit: number, context: StepContext): Step<Emptied> {
	const row = yield* first(
		`SELECT ${FACT_COLUMNS} FROM (SELECT * FROM repositories WHERE id = ?${context.dialect.forUpdate}) r
		JOIN projects p ON p.id = r.project_id`,
		id,
	);
	if (row === undefined) return { rows: 0, bytes: 0, gone: false };
	const repository = toFacts(row);
	let rows = 0;
	let usage: UsageChange = {};
	for (const stage of STAGES) {
		if (rows >= limit) break;
		const taken = yield* stage(repository, limit - rows, context);
		rows += taken.rows;
		usage = sumOf(usage, taken.usage);
	}
	// An upload may have been opened in it while this waited for the lock.
	const gone = rows < limit && (yield* isEmpty(repository));
	if (gone) {
		yield* removeRepository(repository);
		if (repository.published) yield* uncountPublished(repository);
		rows += 1;
	}
	yield* addUsage(repository, sumOf(usage, { repositories: gone ? -1 : 0 }));
	return { rows, bytes: -(usage.blobBytes ?? 0), gone };
}

/** Where tags are and were. */
function* takePlaces({ id }: RepositoryFacts, limit: number): ReturnType<Stage> {
	const rows = yield* all(
		`DELETE FROM tag_history WHERE repository_id = ? AND (name, move) IN (
			SELECT name, move FROM tag_history WHERE repository_id = ? ORDER BY name, move LIMIT ?
		) RETURNING name, ended_at`,
		id,
		id,
		limit,
	);
	for (const row of rows) {
		if (row.ended_at !== null) continue;
		yield* all("DELETE FROM tags WHERE repository_id = ? AND name = ?", id, textOf(row, "name"));
	}
	return { rows: rows.length };
}

/** What indexes name, before any of it goes. */
function* takeChildren({ id }: RepositoryFacts, limit: number): ReturnType<Stage> {
	const rows = yield* all(
		`DELETE FROM manifest_children WHERE repository_id = ? AND (parent, child) IN (
			SELECT parent, child FROM manifest_children WHERE repository_id = ? ORDER BY parent, child LIMIT ?
		) RETURNING child`,
		id,
		id,
		limit,
	);
	return { rows: rows.length };
}

function* takeManifests(repository: RepositoryFacts, limit: number, context: StepContext): ReturnType<Stage> {
	const rows = yield* all(
		"SELECT digest FROM manifests WHERE repository_id = ? ORDER BY digest LIMIT ?",
		repository.id,
		limit,
	);
	let usage: UsageChange = {};
	for (const row of rows) {
		usage = sumOf(usage, yield* deleteManifest(repository, digestOf(row, "digest"), undefined, context));
	}
	return { rows: rows.length, usage };
}

function* takeDeleted(repository: RepositoryFacts, limit: number, context: StepContext): ReturnType<Stage> {
	const rows = yield* all(
		"SELECT digest FROM deleted_manifests WHERE repository_id = ? ORDER BY digest LIMIT ?",
		repository.id,
		limit,
	);
	let usage: UsageChange = {};
	for (const row of rows) {
		const digest = digestOf(row, "digest");
		usage = sumOf(usage, yield* dropDeleted(repository, digest, context));
		yield* forgetUses(repository.id, digest);
	}
	return { rows: rows.length, usage };
}

function* takeLinks(repository: RepositoryFacts, limit: number, context: StepContext): ReturnType<Stage> {
	const rows = yield* all(
		"SELECT digest FROM repository_blobs WHERE repository_id = ? ORDER BY digest LIMIT ?",
		repository.id,
		limit,
	);
	let blobBytes = 0;
	for (const row of rows) blobBytes += (yield* unlinkBlob(repository, digestOf(row, "digest"), context.now)).blobBytes;
	return { rows: rows.length, usage: { blobBytes } };
}

/** Rows that stand beside the content, by digest. */
const takeBeside = (table: "gc_link_queue" | "gc_manifest_queue" | "manifest_uses"): Stage =>
	function* ({ id }, limit) {
		const rows = yield* all(
			`DELETE FROM ${table} WHERE repository_id = ? AND digest IN (
				SELECT digest FROM ${table} WHERE repository_id = ? ORDER BY digest LIMIT ?
			) RETURNING digest`,
			id,
			id,
			limit,
		);
		return { rows: rows.length };
	};

/** What policies remember of copies that they made here; what they copied from here is at another registry. */
function* takeReplicas({ name }: RepositoryFacts, limit: number): ReturnType<Stage> {
	const policies = yield* all("SELECT uid, spec FROM policies WHERE kind = 'ReplicationPolicy' ORDER BY uid");
	let taken = 0;
	for (const policy of policies) {
		const spec = jsonOf(policy, "spec");
		if (taken >= limit || !isRecord(spec) || spec.direction !== "Pull") continue;
		const uid = textOf(policy, "uid");
		const rows = yield* all(
			`DELETE FROM replication_tags WHERE policy = ? AND repository = ? AND reference IN (
				SELECT reference FROM replication_tags WHERE policy = ? AND repository = ? ORDER BY reference LIMIT ?
			) RETURNING reference`,
			uid,
			name,
			uid,
			name,
			limit - taken,
		);
		taken += rows.length;
	}
	return { rows: taken };
}

const STAGES: readonly Stage[] = [
	takePlaces,
	takeChildren,
	takeManifests,
	takeDeleted,
	takeLinks,
	takeBeside("gc_link_queue"),
	takeBeside("gc_manifest_queue"),
	takeBeside("manifest_uses"),
	takeReplicas,
];

/** The first repository of a project, one in `store` where that is said, in no particular order; undefined: it has none. */
export function* repositoryOf(project: string, store?: string): Step<number | undefined> {
	const wanted = store === undefined ? "" : " AND store = ?";
	const params = store === undefined ? [] : [store];
	const named = yield* first(`SELECT id FROM repositories WHERE name = ?${wanted}`, project, ...params);
	// A slash comes just before a nought: these are the names that begin with the project's and a slash.
	const row =
		named ??
		(yield* first(
			`SELECT id FROM repositories WHERE name >= ? AND name < ?${wanted} ORDER BY name LIMIT 1`,
			`${project}/`,
			`${project}0`,
			...params,
		));
	return row && intOf(row, "id");
}
