import type { BackupSpec } from "#/api/backup-spec.ts";
import { parseControlledSpec } from "#/api/controlled-specs.ts";
import type { ProjectSpec } from "#/api/project-spec.ts";
import type { ReplicationPolicySpec } from "#/api/replication-policy-spec.ts";
import type { RetentionPolicySpec } from "#/api/retention-policy-spec.ts";
import type { RobotAccountSpec } from "#/api/robot-account-spec.ts";
import type { UserSpec } from "#/api/user-spec.ts";
import type { ControlledKind, DesiredResource } from "#/metadata/control-state.ts";
import type { PolicyKind } from "#/metadata/policies.ts";
import type { Step, StepContext } from "#/metadata/sql/engine/statement.ts";
import {
	deleteIdentity,
	type IdentityTable,
	lockIdentity,
	writeRobot,
	writeUser,
} from "#/metadata/sql/identities/identity-rows.ts";
import { emit, IDENTITY_STORE } from "#/metadata/sql/journal/outbox-rows.ts";
import { deletePolicy, writePolicy } from "#/metadata/sql/policies/policy-rows.ts";
import { emitProject } from "#/metadata/sql/projects/emit-project.ts";
import {
	deleteProject,
	lockProject,
	type ProjectRow,
	reviseProject,
	type WantedProject,
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

/** Takes one resource away: a project hides and keeps its name, everything else goes. Unknown ones are gone already. */
export function* removeResource(uid: string, actor: string, context: StepContext): Step<void> {
	const resource = yield* findResource(uid);
	if (resource === undefined || resource.deleted) return;
	yield* writeDeleted(resource);
	if (resource.kind === "Project") yield* removeProject(uid, actor, context);
	else yield* removeWhole(resource, actor, context);
}

/**
 * Lets go of one resource: a project stays as it is, for its owner to claim again; everything else would be
 * left without anybody to change it, and goes.
 */
export function* releaseResource(uid: string, actor: string, context: StepContext): Step<void> {
	const resource = yield* findResource(uid);
	if (resource === undefined || resource.deleted) return;
	yield* writeDeleted(resource, "Released");
	if (resource.kind !== "Project") return yield* removeWhole(resource, actor, context);
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
		case "RetentionPolicy":
		case "ReplicationPolicy":
		case "Backup": {
			const parsed = parseControlledSpec(kind, wanted.spec);
			if ("invalid" in parsed) return refusal("Invalid", parsed.invalid);
			return yield* putPolicy(kind, { uid, generation, spec: parsed.spec });
		}
	}
}

function* putProject({ uid, generation, spec, actor }: Change<ProjectSpec>, context: StepContext): Step<Outcome> {
	const named = yield* lockProject("name", spec.name, context);
	const owner = spec.owner ?? uid;
	const isFree = named === undefined || named.removal === "done";
	if (!isFree && named.owner !== owner) return nameTaken("project", spec.name);
	if (named?.removal === "begun") {
		return refusal(
			"NameTaken",
			`the deleted project ${spec.name} is being removed; its name is free when that is done`,
		);
	}
	const mine = yield* lockProject("uid", uid, context);
	if (mine !== undefined && mine.name !== spec.name) {
		return refusal("Invalid", `the name of a project cannot change, it is ${mine.name}`);
	}
	const revision = (named?.revision ?? 0) + 1;
	const project = { ...spec, ...placesOf(spec, isFree ? undefined : named), uid, owner, generation, revision };
	const known = yield* findResource(uid);
	// One that was let go is taken hold of again, which is a change though nothing else of it is.
	if (named !== undefined && known?.deleted !== true && isSame(named, project)) return applied;
	if (named !== undefined && named.uid !== uid) {
		// The owner made its resource anew: what the former one said ends here.
		const former = yield* findResource(named.uid);
		if (former !== undefined) yield* writeDeleted(former, "Superseded");
	}
	yield* writeProject(project, context.now);
	yield* emitProject(project, actor);
	return applied;
}

/** What a project has stays where it is until it has been moved: until then that is the store of new repositories too. */
function placesOf({ store }: ProjectSpec, present: ProjectRow | undefined): Pick<WantedProject, "store" | "movingTo"> {
	if (present === undefined) return { store };
	const { movingTo = present.store } = present;
	const isGoing = present.movingTo !== undefined || store !== movingTo;
	return { store: present.store, ...(isGoing ? { movingTo: store } : {}) };
}

function isSame(row: ProjectRow, wanted: WantedProject): boolean {
	const { deletedAt, revision: _, ...present } = row;
	const { revision: __, ...future } = wanted;
	return deletedAt === undefined && inOrder(present) === inOrder(future);
}

/** The same text for records that differ in nothing but the order of their members. */
function inOrder(project: Omit<WantedProject, "revision">): string {
	const members = project.members.map(({ kind, name, role }) => [kind, name, role]);
	const { uid, name, owner, visibility, store, movingTo, sparseIndexes, generation } = project;
	const limits = [project.quotaBytes, project.undoWindow, project.immutability];
	return JSON.stringify([uid, name, owner, visibility, store, movingTo, sparseIndexes, limits, generation, members]);
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

/** Policies claim no names, and their owners bring them back after a rebuild, so that no record tells of them. */
function* putPolicy(
	kind: PolicyKind,
	{ uid, generation, spec }: Omit<Change<RetentionPolicySpec | ReplicationPolicySpec | BackupSpec>, "actor">,
): Step<Outcome> {
	if (!(yield* isUnchanged(uid, generation, spec))) yield* writePolicy({ kind, uid, generation, spec });
	return applied;
}

function* isUnchanged(uid: string, generation: number, spec: object): Step<boolean> {
	const known = yield* findResource(uid);
	if (known === undefined || !known.ready || known.generation !== generation) return false;
	return JSON.stringify(known.spec) === JSON.stringify(spec);
}

function* removeWhole({ uid, kind }: ResourceRow, actor: string, context: StepContext): Step<void> {
	if (kind === "User" || kind === "RobotAccount") yield* removeIdentity(kind, uid, actor, context);
	else yield* deletePolicy(uid);
}

function* removeIdentity(
	kind: keyof typeof identityTables,
	uid: string,
	actor: string,
	context: StepContext,
): Step<void> {
	const known = yield* lockIdentity(identityTables[kind], "uid", uid, context);
	if (known === undefined) return;
	yield* deleteIdentity(identityTables[kind], uid);
	const record = kind === "User" ? "user-removed" : "robot-removed";
	yield* emit(context, IDENTITY_STORE, { kind: record, uid, name: known.name, actor });
	yield* retryName(kind, known.name, actor, context);
}

/** A name became free: whoever waited for it longest gets it. */
export function* retryName(kind: ControlledKind, name: string, actor: string, context: StepContext): Step<void> {
	const waiting = yield* findWaiting(kind, name);
	if (waiting !== undefined) yield* applyResource(waiting, actor, context);
}

function nameTaken(what: string, name: string): Outcome {
	return refusal("NameTaken", `another ${what} has the name ${name}`);
}

function refusal(reason: string, message: string): Outcome {
	return { ready: false, reason, message };
}
