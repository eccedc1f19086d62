import type { Collected, CollectionStep } from "#/metadata/collection.ts";
import { retryName } from "#/metadata/sql/control/apply-resource.ts";
import { lockControl } from "#/metadata/sql/control/control-rows.ts";
import { intOf, maybeText, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { condemnObject } from "#/metadata/sql/objects/object-rows.ts";
import { beginRemoval, endRemoval, lockProject } from "#/metadata/sql/projects/project-rows.ts";
import { writerStateOf } from "#/metadata/sql/uploads/upload-rows.ts";
import { COLLECTOR } from "./collector.ts";
import { emptyRepository, repositoryOf } from "./empty-repository.ts";

/** So many projects are looked at when those before them wait for somebody. */
const LOOKED_AT = 16;

interface DueProject {
	readonly id: number;
	readonly name: string;
	readonly hasBegun: boolean;
}

/** Goes on with the removal of one deleted project whose window is over: see `Collection.collectProjects`. */
export function* collectProjects(step: CollectionStep, context: StepContext): Step<Collected> {
	const rows = yield* all(
		"SELECT id, name, removal FROM projects WHERE removable_at < ? ORDER BY removable_at LIMIT ?",
		step.touchedBefore,
		LOOKED_AT,
	);
	for (const row of rows) {
		const project = {
			id: intOf(row, "id"),
			name: textOf(row, "name"),
			hasBegun: maybeText(row, "removal") !== undefined,
		};
		const done = yield* project.hasBegun ? goOn(project, step, context) : begin(project, step, context);
		// There may be more to do as long as something was done.
		if (done !== undefined) return { reviewed: step.limit, collected: 0, bytes: 0, ...done };
	}
	return { reviewed: 0, collected: 0, bytes: 0 };
}

/** What was done; undefined: nothing, as somebody has the project or an upload of it. */
type Progress = Step<Partial<Collected> | undefined>;

/** From here on it cannot come back. Alone in its transaction: what locks repositories may lock their project after them. */
function* begin({ name }: DueProject, { touchedBefore }: CollectionStep, context: StepContext): Progress {
	const project = yield* lockProject("name", name, context);
	const due = yield* first("SELECT name FROM projects WHERE name = ? AND removable_at < ?", name, touchedBefore);
	// It may have come back before the lock.
	if (project === undefined || due === undefined || project.removal !== undefined) return undefined;
	const revision = project.revision + 1;
	yield* beginRemoval(name, revision, context.now);
	for (const store of yield* storesWith(project.store)) {
		yield* emit(context, store, { kind: "project-emptied", uid: project.uid, name, revision, actor: COLLECTOR });
	}
	return {};
}

/** Every store that has repositories, and this one. */
function* storesWith(store: string): Step<readonly string[]> {
	const stores = new Set([store]);
	for (let last = ""; ; ) {
		const row = yield* first("SELECT store FROM repositories WHERE store > ? ORDER BY store LIMIT 1", last);
		if (row === undefined) return [...stores].sort();
		last = textOf(row, "store");
		stores.add(last);
	}
}

function* goOn(project: DueProject, { limit }: CollectionStep, context: StepContext): Progress {
	// Uploads before repositories, as in all commands.
	if ((yield* endUploads(project.id, limit, context)) > 0) return {};
	const held = yield* first("SELECT id FROM uploads WHERE project_id = ? LIMIT 1", project.id);
	if (held !== undefined) return undefined;
	const repository = yield* repositoryOf(project.name);
	if (repository === undefined) return yield* end(project.name, context);
	const { rows, bytes } = yield* emptyRepository(repository, limit, context);
	return rows === 0 ? undefined : { bytes };
}

/** Ends uploads that nobody holds; whoever holds one cannot keep it, as the project is deleted. */
function* endUploads(projectId: number, limit: number, context: StepContext): Step<number> {
	const rows = yield* all(
		`SELECT id, store, key, state FROM uploads WHERE project_id = ? AND lease_until < ?
		LIMIT ?${context.dialect.skipLocked}`,
		projectId,
		context.now,
		limit,
	);
	for (const row of rows) {
		yield* all("DELETE FROM uploads WHERE id = ?", textOf(row, "id"));
		const writerState = writerStateOf(row, "state");
		yield* condemnObject({ store: textOf(row, "store"), key: textOf(row, "key"), writerState }, context);
	}
	return rows.length;
}

/** The name is free, and whoever waited for it longest gets it. Control first, as in all its commands. */
function* end(name: string, context: StepContext): Progress {
	yield* lockControl(context);
	const project = yield* lockProject("name", name, context);
	if (project?.removal !== "begun" || (yield* repositoryOf(name)) !== undefined) return undefined;
	yield* endRemoval(name);
	yield* retryName("Project", name, COLLECTOR, context);
	return { collected: 1 };
}
