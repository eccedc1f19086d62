import type { ControlledKind, DesiredResource } from "#/metadata/control-state.ts";
import { parseRecord, type RecordOf, type RegistryRecord } from "#/metadata/records.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { applied, findResource, writeDeleted, writeResource } from "#/metadata/sql/control/control-rows.ts";
import type { Step, StepContext } from "#/metadata/sql/engine/statement.ts";
import { emptyRepository, repositoryOf } from "#/metadata/sql/gc/empty-repository.ts";
import { deleteIdentity, writeRobot, writeUser } from "#/metadata/sql/identities/identity-rows.ts";
import { mayGoOn } from "#/metadata/sql/journal/is-held.ts";
import {
	beginRemoval,
	deleteProject,
	lockProject,
	reviseProject,
	writeProject,
} from "#/metadata/sql/projects/project-rows.ts";
import { restoreContent } from "./restore-content.ts";

/** What {@link restoreRecords} takes. */
export interface RestoreInput {
	readonly records: readonly JournalRecord[];
	readonly fence?: number | undefined;
}

/** Applies records in order, all or none: see `Snapshots.restore`. */
export function* restoreRecords({ records, fence }: RestoreInput, context: StepContext): Step<boolean> {
	if (!(yield* mayGoOn(fence, context))) return false;
	for (const row of records) yield* restoreRecord(parseRecord(row), row, context);
	return true;
}

function* restoreRecord(record: RegistryRecord, row: JournalRecord, context: StepContext): Step<void> {
	switch (record.kind) {
		case "project-put":
			return yield* putProject(record, row.at, context);
		case "project-removed":
			return yield* removeProject(record, row.at, context);
		case "project-released":
			return yield* releaseProject(record, context);
		case "project-emptied":
			return yield* emptyProject(record, row, context);
		case "user-put": {
			const { kind: _, uid, generation, actor: __, ...spec } = record;
			yield* writeUser({ ...spec, uid, generation });
			return yield* noteApplied("User", { uid, generation, spec });
		}
		case "robot-put": {
			const { kind: _, uid, generation, actor: __, ...spec } = record;
			yield* writeRobot({ ...spec, uid, generation });
			return yield* noteApplied("RobotAccount", { uid, generation, spec });
		}
		case "user-removed":
			yield* deleteIdentity("users", record.uid);
			return yield* noteDeleted(record.uid);
		case "robot-removed":
			yield* deleteIdentity("robots", record.uid);
			return yield* noteDeleted(record.uid);
		default:
			return yield* restoreContent(record, row, context);
	}
}

function* putProject(record: RecordOf<"project-put">, at: number, context: StepContext): Step<void> {
	const present = yield* lockProject("name", record.name, context);
	if (present !== undefined && present.revision >= record.revision) return;
	const { kind: _, actor: __, uid, generation, revision, ...wanted } = record;
	// A snapshot that was taken while the former project was being emptied has some of it.
	if (present?.removal !== undefined) yield* emptyRepositories(record.name, undefined, context);
	if (present !== undefined && present.uid !== uid) yield* noteDeleted(present.uid, "Superseded");
	yield* writeProject({ ...wanted, uid, generation, revision }, at);
	const { movingTo, ...spec } = wanted;
	const asked = movingTo === undefined ? spec : { ...spec, store: movingTo };
	const { owner, ...ownerless } = asked;
	// An owner that is the uid itself was not in the spec.
	yield* noteApplied("Project", { uid, generation, spec: owner === uid ? ownerless : asked });
}

function* removeProject(record: RecordOf<"project-removed">, at: number, context: StepContext): Step<void> {
	const present = yield* lockProject("name", record.name, context);
	if (present === undefined || present.revision >= record.revision) return;
	yield* deleteProject(record.name, record.revision, at);
	yield* noteDeleted(record.uid);
}

function* releaseProject(record: RecordOf<"project-released">, context: StepContext): Step<void> {
	const present = yield* lockProject("name", record.name, context);
	if (present === undefined || present.revision >= record.revision) return;
	yield* reviseProject(record.name, record.revision);
	yield* noteDeleted(record.uid, "Released");
}

/**
 * Empties a project in the store of the record, whatever became of the project since: a snapshot that is younger than the
 * record may have a project of that name that was made later, and all that this one has comes in later records again.
 */
function* emptyProject(
	{ name, uid, revision }: RecordOf<"project-emptied">,
	{ store, at }: JournalRecord,
	context: StepContext,
): Step<void> {
	const present = yield* lockProject("name", name, context);
	if (present === undefined) return;
	yield* emptyRepositories(name, store, context);
	if (present.revision >= revision) return;
	yield* beginRemoval(name, revision, at);
	yield* noteDeleted(uid);
}

function* emptyRepositories(project: string, store: string | undefined, context: StepContext): Step<void> {
	for (;;) {
		const id = yield* repositoryOf(project, store);
		if (id === undefined) return;
		const { rows } = yield* emptyRepository(id, AT_ONCE, context);
		if (rows === 0) throw new Error(`a repository of the project ${project} cannot be emptied`);
	}
}

/** Rows that are taken out at once. */
const AT_ONCE = 1000;

function* noteApplied(
	kind: ControlledKind,
	{ uid, generation, spec }: Pick<DesiredResource, "uid" | "generation" | "spec">,
): Step<void> {
	yield* writeResource({ kind, uid, name: String(spec.name), generation, spec, deleted: false, ...applied });
}

function* noteDeleted(uid: string, reason?: string): Step<void> {
	const resource = yield* findResource(uid);
	if (resource !== undefined) yield* writeDeleted(resource, reason);
}
