import { CONTROLLED_KINDS } from "#/api/controlled-specs.ts";
import type { ControlledKind, DesiredResource, ObservedResource } from "#/metadata/control-state.ts";
import { flagOf, intOf, isRecord, jsonOf, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** Where the control plane stands with this data plane. */
export interface ControlRow {
	readonly epoch: number;
	readonly holder: string;
	readonly base: number;
}

/** What became of a resource. */
export interface Outcome {
	readonly ready: boolean;
	readonly reason: string;
	readonly message: string;
}

/** All is as it was wanted. */
export const applied: Outcome = { ready: true, reason: "Applied", message: "" };

/** A controlled resource as its row says. */
export interface ResourceRow extends Outcome {
	readonly kind: ControlledKind;
	readonly uid: string;
	readonly name: string;
	readonly generation: number;
	readonly spec: DesiredResource["spec"];
	readonly deleted: boolean;
}

const COLUMNS = "uid, kind, name, generation, spec, ready, reason, message, position, deleted";

/** The state of control, locked: all its commands go one by one. */
export function* lockControl(context: StepContext): Step<ControlRow> {
	const row = yield* first(
		`SELECT epoch, holder, base FROM control_state WHERE single = 1${context.dialect.forUpdate}`,
	);
	if (row === undefined) throw new Error("the state of control is missing");
	return { epoch: intOf(row, "epoch"), holder: textOf(row, "holder"), base: intOf(row, "base") };
}

/** The epoch in force and the version of the state: see `ControlState.current`. */
export function* currentControl(): Step<{ readonly epoch: number; readonly base: number }> {
	const row = yield* first("SELECT epoch, base FROM control_state WHERE single = 1");
	return { epoch: row === undefined ? 0 : intOf(row, "epoch"), base: row === undefined ? 0 : intOf(row, "base") };
}

/** Counts a change of the wanted state; answers the new base. */
export function* raiseBase(base: number): Step<number> {
	yield* all("UPDATE control_state SET base = ? WHERE single = 1", base + 1);
	return base + 1;
}

/** The resource with this uid, a deleted one too. */
export function* findResource(uid: string): Step<ResourceRow | undefined> {
	const row = yield* first(`SELECT ${COLUMNS} FROM control_resources WHERE uid = ?`, uid);
	return row && toResource(row);
}

/** The resource that has waited longest for this name. */
export function* findWaiting(kind: ControlledKind, name: string): Step<ResourceRow | undefined> {
	const row = yield* first(
		`SELECT ${COLUMNS} FROM control_resources WHERE kind = ? AND name = ? AND ready = 0 AND deleted = 0
		AND reason = 'NameTaken' ORDER BY position LIMIT 1`,
		kind,
		name,
	);
	return row && toResource(row);
}

/** Writes what is wanted and what became of it. Observers hear of it only when something is different from before. */
export function* writeResource(resource: ResourceRow): Step<void> {
	const known = yield* findResource(resource.uid);
	if (known !== undefined && same(known, resource)) return;
	const position = yield* nextPosition();
	yield* all(
		`INSERT INTO control_resources (uid, kind, name, generation, spec, ready, reason, message, position, deleted, snapshot)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
		ON CONFLICT (uid) DO UPDATE SET kind = excluded.kind, name = excluded.name, generation = excluded.generation,
			spec = excluded.spec, ready = excluded.ready, reason = excluded.reason, message = excluded.message,
			position = excluded.position, deleted = excluded.deleted,
			report = CASE WHEN excluded.deleted = 1 THEN NULL ELSE control_resources.report END`,
		resource.uid,
		resource.kind,
		resource.name,
		resource.generation,
		JSON.stringify(resource.spec),
		resource.ready ? 1 : 0,
		resource.reason,
		resource.message,
		position,
		resource.deleted ? 1 : 0,
	);
}

/** What a resource is told to be like from now on; false when it is gone. The state of control must be locked. */
export function* writeReport(uid: string, report: string): Step<boolean> {
	const position = yield* nextPosition();
	const row = yield* first(
		"UPDATE control_resources SET report = ?, position = ? WHERE uid = ? AND deleted = 0 RETURNING uid",
		report,
		position,
		uid,
	);
	return row !== undefined;
}

function* nextPosition(): Step<number> {
	const row = yield* first("UPDATE control_state SET position = position + 1 WHERE single = 1 RETURNING position");
	return row === undefined ? 0 : intOf(row, "position");
}

/** Marks a resource as gone; one that is gone already stays as it was. */
export function* writeDeleted(resource: ResourceRow, reason = "Deleted"): Step<void> {
	if (resource.deleted) return;
	yield* writeResource({ ...resource, ready: false, reason, message: "", deleted: true });
}

/** Changes that observers have not seen: see `ControlState.observe`. */
export function* observe({
	cursor,
	limit,
}: {
	readonly cursor: number;
	readonly limit: number;
}): Step<readonly ObservedResource[]> {
	const sizes = yield* all(
		`SELECT COALESCE(OCTET_LENGTH(report), 0) AS size FROM control_resources WHERE position > ?
		ORDER BY position LIMIT ?`,
		cursor,
		limit,
	);
	if (sizes.length === 0) return [];
	const rows = yield* all(
		`SELECT ${COLUMNS}, report FROM control_resources WHERE position > ? ORDER BY position LIMIT ?`,
		cursor,
		fitting(sizes),
	);
	return rows.map((row) => {
		const { spec: _, name: __, ...seen } = toResource(row);
		const report = jsonOf(row, "report");
		return { ...seen, cursor: intOf(row, "position"), ...(isRecord(report) ? { report } : {}) };
	});
}

/** Reports of one answer have about so many bytes at most: it crosses the line between the planes whole. */
const ANSWER_BYTES = 4 * 1024 * 1024;

function fitting(sizes: readonly Row[]): number {
	let bytes = 0;
	const end = sizes.findIndex((row) => {
		bytes += intOf(row, "size");
		return bytes > ANSWER_BYTES;
	});
	return end === -1 ? sizes.length : Math.max(end, 1);
}

function same(a: ResourceRow, b: ResourceRow): boolean {
	return JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
}

function inOrder(r: ResourceRow): readonly unknown[] {
	return [r.kind, r.uid, r.name, r.generation, r.spec, r.ready, r.reason, r.message, r.deleted];
}

function toResource(row: Row): ResourceRow {
	const spec = jsonOf(row, "spec");
	return {
		kind: wordOf(row, "kind", CONTROLLED_KINDS),
		uid: textOf(row, "uid"),
		name: textOf(row, "name"),
		generation: intOf(row, "generation"),
		spec: isRecord(spec) ? spec : {},
		ready: flagOf(row, "ready"),
		reason: textOf(row, "reason"),
		message: textOf(row, "message"),
		deleted: flagOf(row, "deleted"),
	};
}
