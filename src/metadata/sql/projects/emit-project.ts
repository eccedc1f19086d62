import { intOf } from "#/metadata/sql/engine/rows.ts";
import { first, type Step } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import type { WantedProject } from "./project-rows.ts";

/**
 * Records a project as it is from now on, in the journal of its store and of that which it goes to. Its row must be
 * written: a journal that hears of it late is told when it was made. Revisions say which record is the later one.
 */
export function* emitProject(project: WantedProject, actor: string): Step<void> {
	const { store, movingTo = store } = project;
	const row = yield* first("SELECT created_at FROM projects WHERE name = ?", project.name);
	const now = row === undefined ? 0 : intOf(row, "created_at");
	for (const journal of [...new Set([store, movingTo])].sort()) {
		yield* emit({ now }, journal, { kind: "project-put", ...project, actor });
	}
}
