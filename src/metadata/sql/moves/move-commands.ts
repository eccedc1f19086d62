import { lockControl, writeReport } from "#/metadata/sql/control/control-rows.ts";
import { intOf, maybeText, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { isHeld } from "#/metadata/sql/journal/is-held.ts";
import { emitProject } from "#/metadata/sql/projects/emit-project.ts";
import { lockProject } from "#/metadata/sql/projects/project-rows.ts";
import { MOVER } from "./copy-commands.ts";

/** What the commands of a move take. */
export interface MoveInput {
	readonly projectId: number;
	readonly to: string;
	readonly fence: number;
}

/** Lets new repositories be made where the project goes: see `Moves.open`. */
export function* openMove({ projectId, to, fence }: MoveInput, context: StepContext): Step<boolean> {
	yield* lockControl(context);
	if (!(yield* isHeld(fence, context))) return false;
	const project = yield* lockMoving(projectId, to, context);
	if (project === undefined) return false;
	if (project.store === to) return true;
	const revision = project.revision + 1;
	yield* all("UPDATE projects SET store = ?, revision = ? WHERE id = ?", to, revision, projectId);
	yield* emitProject({ ...project, store: to, revision }, MOVER);
	return true;
}

/** Ends a move: see `Moves.close`. */
export function* closeMove({ projectId, to, fence }: MoveInput, context: StepContext): Step<boolean> {
	yield* lockControl(context);
	if (!(yield* isHeld(fence, context))) return false;
	const project = yield* lockMoving(projectId, to, context);
	if (project === undefined || project.store !== to) return false;
	const elsewhere = yield* first(
		"SELECT id FROM repositories WHERE project_id = ? AND store <> ? LIMIT 1",
		projectId,
		to,
	);
	if (elsewhere !== undefined) return false;
	const revision = project.revision + 1;
	yield* all("UPDATE projects SET moving_to = NULL, revision = ? WHERE id = ?", revision, projectId);
	const { movingTo: _, ...arrived } = project;
	yield* emitProject({ ...arrived, revision }, MOVER);
	return true;
}

function* lockMoving(projectId: number, to: string, context: StepContext) {
	const row = yield* first("SELECT name FROM projects WHERE id = ?", projectId);
	if (row === undefined) return undefined;
	const project = yield* lockProject("name", textOf(row, "name"), context);
	return project?.movingTo === to && project.deletedAt === undefined ? project : undefined;
}

/** Tells of a move: see `Moves.report`. */
export function* reportMove(
	{ uid, report }: { readonly uid: string; readonly report: { readonly [field: string]: unknown } },
	context: StepContext,
): Step<void> {
	yield* lockControl(context);
	const known = yield* first("SELECT report, deleted FROM control_resources WHERE uid = ?", uid);
	const text = JSON.stringify(report);
	if (known === undefined || intOf(known, "deleted") === 1 || maybeText(known, "report") === text) return;
	yield* writeReport(uid, text);
}
