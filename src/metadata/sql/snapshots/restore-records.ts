import type { ControlledKind, DesiredResource } from "#/metadata/control-state.ts";
import { parseRecord, type RecordOf, type RegistryRecord } from "#/metadata/records.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { applied, findResource, writeDeleted, writeResource } from "#/metadata/sql/control/control-rows.ts";
import type { Step, StepContext } from "#/metadata/sql/engine/statement.ts";
import { deleteIdentity, writeRobot, writeUser } from "#/metadata/sql/identities/identity-rows.ts";
import { deleteProject, lockProject, reviseProject, writeProject } from "#/metadata/sql/projects/project-rows.ts";
import { restoreContent } from "./restore-content.ts";

/** Applies records in order, all or none: see `Snapshots.restore`. */
export function* restoreRecords(
	{ records }: { readonly records: readonly JournalRecord[] },
	context: StepContext,
): Step<void> {
	for (const row of records) yield* restoreRecord(parseRecord(row), row, context);
}

function* restoreRecord(record: RegistryRecord, row: JournalRecord, context: StepContext): Step<void> {
	switch (record.kind) {
		case "project-put":
			return yield* putProject(record, row.at, context);
		case "project-removed":
			return yield* removeProject(record, row.at, context);
		case "project-released":
			return yield* releaseProject(record, context);
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
	if (present !== undefined && present.uid !== uid) yield* noteDeleted(present.uid, "Superseded");
	yield* writeProject({ ...wanted, uid, generation, revision }, at);
	const { owner, ...spec } = wanted;
	// An owner that is the uid itself was not in the spec.
	yield* noteApplied("Project", { uid, generation, spec: owner === uid ? spec : wanted });
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
