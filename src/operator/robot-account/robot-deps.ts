import { durationMs } from "#/api/fields/durations.ts";
import { instantMs } from "#/api/fields/instants.ts";
import { type RobotAccount, robotFullName } from "#/api/kinds/robot-account.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { controllerReference } from "#/kube/owner-references.ts";
import { FORCE_AT, REQUESTED_AT } from "#/operator/annotations.ts";
import { FINALIZER } from "#/operator/finalizer.ts";
import type { ReportDeps } from "#/operator/report-verdict.ts";
import type { Binding, BindingDeps } from "#/operator/tenancy/find-binding.ts";
import type { AttachDeps } from "./attach-accounts.ts";
import type { CredentialSettings } from "./credential-secret.ts";
import { secretNameOf } from "./judge-robot.ts";
import type { CredentialDeps, CredentialOrder } from "./settle-credential.ts";
import { FIELD_MANAGER } from "./take-step.ts";

/** What the RobotAccount controller works with. */
export interface RobotDeps
	extends Omit<ReportDeps, "fieldManager">,
		BindingDeps,
		Omit<CredentialDeps, "client">,
		AttachDeps {
	readonly client: ReportDeps["client"];
	readonly robotAccounts: ObjectStore;
	readonly projects: ObjectStore;
}

/** A robot, and the Registry that it names. */
export interface LookedRobot {
	readonly object: KubeObject;
	readonly robot: RobotAccount;
	readonly binding: Binding;
}

/** By whom its status is written. */
export const reporting = (deps: RobotDeps): ReportDeps => ({ ...deps, fieldManager: FIELD_MANAGER });

/** How its finalizer is written. */
export const finalizing = ({ client, type }: RobotDeps, object: KubeObject) => ({
	client,
	type,
	object,
	finalizer: FINALIZER,
	fieldManager: FIELD_MANAGER,
});

/** What is asked of the robot's credential. @param host of the registry, with the port unless it is the scheme's own */
export const orderOf = (
	{ object, robot }: Pick<LookedRobot, "object" | "robot">,
	host: string,
): Omit<CredentialOrder, "want" | "minted"> => {
	const { metadata, spec, status } = robot;
	const { interval, gracePeriod } = spec.rotation;
	const { [FORCE_AT]: forceAt, [REQUESTED_AT]: requestedAt } = metadata.annotations;
	return {
		robot: { uid: metadata.uid, namespace: metadata.namespace, name: metadata.name },
		owner: controllerReference(object),
		name: secretNameOf(robot),
		fullName: robotFullName(metadata),
		host,
		settings: settingsOf(spec.secret),
		intervalMs: interval === undefined ? undefined : durationMs(interval),
		graceMs: durationMs(gracePeriod),
		force: forceAt === requestedAt ? forceAt : undefined,
		knownRotation: status.lastRotationTime === undefined ? undefined : instantMs(status.lastRotationTime),
	};
};

/** Of one that is to be None nothing is ever written. */
const settingsOf = ({ type, labels, annotations }: RobotAccount["spec"]["secret"]): CredentialSettings => ({
	type: type === "None" ? "Opaque" : type,
	labels,
	annotations,
});
