import { parseControlledSpec } from "#/api/controlled-specs.ts";
import type { ProjectSpec } from "#/api/project-spec.ts";
import type { RobotAccountSpec } from "#/api/robot-account-spec.ts";
import type { UserSpec } from "#/api/user-spec.ts";
import type { ControlledKind, DesiredResource } from "#/metadata/control-state.ts";
import type { Step, StepContext } from "#/metadata/sql/engine/statement.ts";
import {
	deleteIdentity,
	type IdentityTable,
	lockIdentity,
	writeRobot,
	writeUser,
} from "#/metadata/sql/identities/identity-rows.ts";
import { emit, IDENTITY_STORE } from "#/metadata/sql/journal/outbox-rows.ts";
import {
	deleteProject,
	lockProject,
	type ProjectRow,
	reviseProject,
	writeProject,
} from "#/metadata/sql/projects/project-rows.ts";
import {
	applied,
	findResource,
	findWaiting,
	type Outcome,
	type ResourceRow,
	writeDeleted,
	writeResource,
} from "./control-rows.ts";

/** A change by the control plane, and who made it. */
interface Change<Spec> {
	readonly uid: string;
	readonly generation: number;
	readonly spec: Spec;
	readonly actor: string;
}

const identityTables = { User: "users", RobotAccount: "robots" } as const;

/** Makes one resource so, if it can be had, and notes what became of it. */
export function* applyResource(wanted: DesiredResource, actor: string, context: StepContext): Step<void> {
	const { kind, uid, generation, rejected } = wanted;
	const parsed = parseControlledSpec(kind, wanted.spec);
	const spec: DesiredResource["spec"] = "spec" in parsed ? parsed.spec : wanted.spec;
	const outcome =
		rejected === undefined
			? yield* realize({ kind, uid, generation, spec }, actor, context)
			: refusal(rejected.reason, rejected.message);
	// A rejected resource waits for no name.
	const name = rejected === undefined && typeof spec.name === "string" ? spec.name : "";
	yield* writeResource({ kind, uid, name, generation, spec, deleted: false, ...outcome });
}

/** Takes one resource away: a project hides and keeps its name, users and robots go. Unknown ones are gone already. */
export function* removeResource(uid: string, actor: string, context: StepContext): Step<void> {
	const resource = yield* findResource(uid);
	if (resource === undefined || resource.deleted) return;
	yield* writeDeleted(resource);
	if (resource.kind === "Project") yield* removeProject(uid, actor, context);
	else yield* removeIdentity(resource, actor, context);
}

/**
 * Lets go of one resource: a project stays as it is, for its owner to claim again; users and robots would be left
 * without anybody to change them, and go.
 */
export function* releaseResource(uid: string, actor: string, context: StepContext): Step<void> {
	const resource = yield* findResource(uid);
	if (resource === undefined || resource.deleted) return;
	yield* writeDeleted(resource, "Released");
	if (resource.kind !== "Project") return yield* removeIdentity(resource, actor, context);
	const project = yield* lockProject("uid", uid, context);
	if (project === undefined || project.deletedAt !== undefined) return;
	const revision = project.revision + 1;
	yield* reviseProject(project.name, revision);
	yield* emit(context, project.store, { kind: "project-released", uid, name: project.name, revision, actor });
}

function* realize(wanted: DesiredResource, actor: string, context: StepContext): Step<Outcome> {
	const { kind, uid, generation } = wanted;
	switch (kind) {
		case "Project": {
			const parsed = parseControlledSpec(kind, wanted.spec);
			if ("invalid" in parsed) return refusal("Invalid", parsed.invalid);
			return yield* putProject({ uid, generation, spec: parsed.spec, actor }, context);
		}
		case "User": {
			const parsed = parseControlledSpec(kind, wanted.spec);
			if ("invalid" in parsed) return refusal("Invalid", parsed.invalid);
			return yield* putUser({ uid, generation, spec: parsed.spec, actor }, context);
		}
		case "RobotAccount": {
			const parsed = parseControlledSpec(kind, wanted.spec);
			if ("invalid" in parsed) return refusal("Invalid", parsed.invalid);
			return yield* putRobot({ uid, generation, spec: parsed.spec, actor }, context);
		}
	}
}

function* putProject({ uid, generation, spec, actor }: Change<ProjectSpec>, context: StepContext): Step<Outcome> {
	const named = yield* lockProject("name", spec.name, context);
	const owner = spec.owner ?? uid;
	if (named !== undefined && named.owner !== owner) return nameTaken("project", spec.name);
	const mine = yield* lockProject("uid", uid, context);
	if (mine !== undefined && mine.name !== spec.name) {
		return refusal("Invalid", `the name of a project cannot change, it is ${mine.name}`);
	}
	const project = { ...spec, uid, owner, generation, revision: (named?.revision ?? 0) + 1 };
	const known = yield* findResource(uid);
	// One that was let go is taken hold of again, which is a change though nothing else of it is.
	if (named !== undefined && known?.deleted !== true && isSame(named, project)) return applied;
	if (named !== undefined && named.uid !== uid) {
		// The owner made its resource anew: what the former one said ends here.
		const former = yield* findResource(named.uid);
		if (former !== undefined) yield* writeDeleted(former, "Superseded");
	}
	yield* writeProject(project, context.now);
	yield* emit(context, spec.store, { kind: "project-put", ...project, actor });
	return applied;
}

function isSame(row: ProjectRow, wanted: Omit<ProjectRow, "deletedAt">): boolean {
	const { deletedAt, revision: _, ...present } = row;
	const { revision: __, ...future } = wanted;
	return deletedAt === undefined && inOrder(present) === inOrder(future);
}

/** The same text for records that differ in nothing but the order of their members. */
function inOrder(project: Omit<ProjectRow, "deletedAt" | "revision">): string {
	const members = project.members.map(({ kind, name, role }) => [kind, name, role]);
	const { uid, name, owner, visibility, store, sparseIndexes, quotaBytes, undoWindow, generation } = project;
	const limits = [quotaBytes, undoWindow];
	return JSON.stringify([uid, name, owner, visibility, store, sparseIndexes, limits, generation, members]);
}

function* removeProject(uid: string, actor: string, context: StepContext): Step<void> {
	const project = yield* lockProject("uid", uid, context);
	if (project === undefined || project.deletedAt !== undefined) return;
	const revision = project.revision + 1;
	yield* deleteProject(project.name, revision, context.now);
	yield* emit(context, project.store, { kind: "project-removed", uid, name: project.name, revision, actor });
}

function* putUser({ uid, generation, spec, actor }: Change<UserSpec>, context: StepContext): Step<Outcome> {
	const claim = yield* claimName("users", uid, spec.name, context);
	if (claim.taken) return nameTaken("user", spec.name);
	if (yield* isUnchanged(uid, generation, spec)) return applied;
	yield* writeUser({ ...spec, uid, generation });
	yield* emit(context, IDENTITY_STORE, { kind: "user-put", ...spec, uid, generation, actor });
	if (claim.freed !== undefined) yield* retryName("User", claim.freed, actor, context);
	return applied;
}

function* putRobot({ uid, generation, spec, actor }: Change<RobotAccountSpec>, context: StepContext): Step<Outcome> {
	const claim = yield* claimName("robots", uid, spec.name, context);
	if (claim.taken) return nameTaken("robot account", spec.name);
	if (yield* isUnchanged(uid, generation, spec)) return applied;
	yield* writeRobot({ ...spec, uid, generation });
	yield* emit(context, IDENTITY_STORE, { kind: "robot-put", ...spec, uid, generation, actor });
	if (claim.freed !== undefined) yield* retryName("RobotAccount", claim.freed, actor, context);
	return applied;
}

/** Whether another has the name, and which name the uid would give up for it. */
function* claimName(
	table: IdentityTable,
	uid: string,
	name: string,
	context: StepContext,
): Step<{ readonly taken: boolean; readonly freed: string | undefined }> {
	const named = yield* lockIdentity(table, "name", name, context);
	const mine = yield* lockIdentity(table, "uid", uid, context);
	return {
		taken: named !== undefined && named.uid !== uid,
		freed: mine !== undefined && mine.name !== name ? mine.name : undefined,
	};
}

function* isUnchanged(uid: string, generation: number, spec: UserSpec | RobotAccountSpec): Step<boolean> {
	const known = yield* findResource(uid);
	if (known === undefined || !known.ready || known.generation !== generation) return false;
	return JSON.stringify(known.spec) === JSON.stringify(spec);
}

function* removeIdentity(resource: ResourceRow, actor: string, context: StepContext): Step<void> {
	const { uid, kind } = resource;
	if (kind === "Project") return;
	const known = yield* lockIdentity(identityTables[kind], "uid", uid, context);
	if (known === undefined) return;
	yield* deleteIdentity(identityTables[kind], uid);
	const record = kind === "User" ? "user-removed" : "robot-removed";
	yield* emit(context, IDENTITY_STORE, { kind: record, uid, name: known.name, actor });
	yield* retryName(kind, known.name, actor, context);
}

/** A name became free: whoever waited for it longest gets it. */
function* retryName(kind: ControlledKind, name: string, actor: string, context: StepContext): Step<void> {
	const waiting = yield* findWaiting(kind, name);
	if (waiting !== undefined) yield* applyResource(waiting, actor, context);
}

function nameTaken(what: string, name: string): Outcome {
	return refusal("NameTaken", `another ${what} has the name ${name}`);
}

function refusal(reason: string, message: string): Outcome {
	return { ready: false, reason, message };
}
