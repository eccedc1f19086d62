import type { ControlRefusal, DesiredResource } from "#/metadata/control-state.ts";
import { textOf } from "#/metadata/sql/engine/rows.ts";
import { all, anyOf, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { applyResource, releaseResource, removeResource } from "./apply-resource.ts";
import { lockControl, raiseBase } from "./control-rows.ts";

type ChangeOutcome = { readonly base: number } | { readonly refused: ControlRefusal };

/** A new epoch that fences all earlier ones: see `ControlState.begin`. */
export function* beginEpoch(
	{ holder }: { readonly holder: string },
	context: StepContext,
): Step<{ readonly epoch: number; readonly base: number }> {
	const { epoch: last, base } = yield* lockControl(context);
	// Not below the clock, so that no epoch from before a restore is ever given out again.
	const epoch = Math.max(last + 1, context.now);
	yield* all("UPDATE control_state SET epoch = ?, holder = ? WHERE single = 1", epoch, holder);
	yield* all("DELETE FROM control_snapshots");
	return { epoch, base };
}

/** What {@link applyChange} takes. */
export interface ChangeInput {
	readonly epoch: number;
	readonly base: number;
	readonly upserts: readonly DesiredResource[];
	readonly deletes: readonly string[];
	readonly releases?: readonly string[] | undefined;
}

/** Applies a chunk of changes: see `ControlState.apply`. */
export function* applyChange(change: ChangeInput, context: StepContext): Step<ChangeOutcome> {
	const state = yield* lockControl(context);
	if (change.epoch !== state.epoch) return { refused: { reason: "stale-epoch", epoch: state.epoch } };
	if (change.base !== state.base) return { refused: { reason: "base-mismatch", base: state.base } };
	for (const uid of change.releases ?? []) yield* releaseResource(uid, state.holder, context);
	// Before the upserts, the deletes: a name that one of them frees may be wanted by an upsert.
	for (const uid of change.deletes) yield* removeResource(uid, state.holder, context);
	for (const resource of change.upserts) yield* applyResource(resource, state.holder, context);
	const open = yield* first("SELECT id FROM control_snapshots WHERE state = 'open'");
	// A snapshot under way may not name what was wanted after it was taken, and must not delete it for that.
	if (open !== undefined) yield* mark(change.upserts, textOf(open, "id"), context);
	return { base: yield* raiseBase(state.base) };
}

/** What {@link resync} takes. */
export interface ResyncInput {
	readonly epoch: number;
	readonly snapshot: string;
	readonly resources: readonly DesiredResource[];
	readonly last: boolean;
}

/** A page of a full snapshot: see `ControlState.resync`. */
export function* resync(page: ResyncInput, context: StepContext): Step<ChangeOutcome> {
	const state = yield* lockControl(context);
	if (page.epoch !== state.epoch) return { refused: { reason: "stale-epoch", epoch: state.epoch } };
	const stage = yield* openSnapshot(page.snapshot);
	if (stage === "done") return { base: state.base };
	// Another snapshot was begun since: this one's pages so far are not all here any more.
	if (stage === "abandoned") return { refused: { reason: "base-mismatch", base: state.base } };
	for (const resource of page.resources) yield* applyResource(resource, state.holder, context);
	yield* mark(page.resources, page.snapshot, context);
	if (page.last) {
		const unnamed = yield* all(
			"SELECT uid FROM control_resources WHERE deleted = 0 AND (snapshot IS NULL OR snapshot <> ?) ORDER BY uid",
			page.snapshot,
		);
		for (const row of unnamed) yield* removeResource(textOf(row, "uid"), state.holder, context);
		yield* all("UPDATE control_snapshots SET state = 'done' WHERE id = ?", page.snapshot);
	}
	return { base: yield* raiseBase(state.base) };
}

/** The stage of a snapshot; one that was not known is open from now on, and any other open one abandoned. */
function* openSnapshot(id: string): Step<string> {
	const known = yield* first("SELECT state FROM control_snapshots WHERE id = ?", id);
	if (known !== undefined) return textOf(known, "state");
	yield* all("UPDATE control_snapshots SET state = 'abandoned' WHERE state = 'open'");
	yield* all("INSERT INTO control_snapshots (id, state) VALUES (?, 'open')", id);
	return "open";
}

function* mark(resources: readonly DesiredResource[], snapshot: string, context: StepContext): Step<void> {
	if (resources.length === 0) return;
	yield* all(
		`UPDATE control_resources SET snapshot = ? WHERE uid ${anyOf(context)}`,
		snapshot,
		JSON.stringify(resources.map((resource) => resource.uid)),
	);
}
