import { durationMs } from "#/api/fields/durations.ts";
import { formatInstant, instantMs } from "#/api/fields/instants.ts";
import { type RobotAccount, type RobotAccountStatus, robotFullName } from "#/api/kinds/robot-account.ts";
import type { Refusal } from "#/operator/tenancy/permit.ts";
import type { StandingReason, Verdict } from "#/operator/verdict.ts";
import type { Ledger } from "./ledger.ts";
import type { Obstacle } from "./spread-copies.ts";

/** How a RobotAccount stands. */
export type RobotVerdict = Verdict<
	StandingReason | "Succeeded" | "NotAllowed" | "NotOurs" | "Suspended" | "Expired" | "Deleting"
>;

/** What was found and done for a robot whose registry is there. */
export interface RobotOutcome {
	/** Whether somebody else's Secret is where the robot's should be. */
	readonly conflict: boolean;
	/** Why the data plane does not have it as wanted; absent when it does. */
	readonly trouble: Verdict<StandingReason> | undefined;
	readonly refusals: readonly Refusal[];
	readonly obstacles: readonly Obstacle[];
}

/** The name of the Secret that the robot's owner reads. */
export const secretNameOf = ({ metadata, spec }: Pick<RobotAccount, "metadata" | "spec">): string =>
	spec.secret.name ?? metadata.name;

/** Judges a robot that may be used; the first thing that keeps it from being as it should be counts. */
export const judgeRobot = (robot: RobotAccount, outcome: RobotOutcome): RobotVerdict => {
	const name = secretNameOf(robot);
	if (outcome.conflict) {
		const message = `Secret ${name} is there already and belongs to somebody else: give another name in spec.secret.name`;
		return { is: "Working", reason: "NotOurs", message };
	}
	if (outcome.trouble !== undefined) return outcome.trouble;
	const problems = [...outcome.refusals, ...outcome.obstacles];
	const [first] = problems;
	if (first !== undefined) {
		// All of it may change without a change here, which is watched.
		const message = problems.map((one) => one.message).join("; ");
		return { is: first.reason === "NotAllowed" ? "Stalled" : "Working", reason: first.reason, message };
	}
	const isBare = robot.spec.secret.type === "None";
	const message = isBare ? "whom it trusts may be it; it has no Secret" : `its credential is in Secret ${name}`;
	return { is: "Ready", reason: "Succeeded", message };
};

/** When a credential is due, milliseconds since the epoch; absent: never. */
const nextRotationMs = ({ spec }: RobotAccount, ledger: Ledger | undefined): number | undefined => {
	const { interval } = spec.rotation;
	const { rotatedAt } = ledger ?? {};
	return interval === undefined || rotatedAt === undefined ? undefined : rotatedAt + durationMs(interval);
};

/** What the status says of a robot's credential, never what it is. Absent members are not known, or do not apply. */
export const credentialFields = (
	robot: RobotAccount,
	ledger: Ledger | undefined,
	has: { readonly secret: boolean; readonly copies: number },
): Omit<RobotAccountStatus, "observedGeneration" | "conditions" | "lastHandledRequestedAt"> => {
	const { expirationTime } = robot.spec;
	const next = nextRotationMs(robot, ledger);
	const revokedAt = ledger?.previous.at(-1)?.notAfter;
	return {
		fullName: robotFullName(robot.metadata),
		...(has.secret ? { secretRef: { name: secretNameOf(robot) } } : {}),
		...(ledger?.rotatedAt === undefined ? {} : { lastRotationTime: formatInstant(ledger.rotatedAt) }),
		...(next === undefined ? {} : { nextRotationTime: formatInstant(next) }),
		...(revokedAt === undefined ? {} : { previousCredentialRevokeTime: formatInstant(revokedAt) }),
		...(expirationTime === undefined ? {} : { expirationTime: formatInstant(instantMs(expirationTime)) }),
		copies: has.copies,
	};
};

/** When time alone changes something, milliseconds from now; absent: never. */
export const nextChangeMs = (robot: RobotAccount, ledger: Ledger | undefined, now: number): number | undefined => {
	const { expirationTime } = robot.spec;
	const times = [
		expirationTime === undefined ? undefined : instantMs(expirationTime),
		nextRotationMs(robot, ledger),
		...(ledger?.previous ?? []).map(({ notAfter }) => notAfter),
	];
	const ahead = times.filter((time) => time !== undefined && time > now).map((time) => (time ?? now) - now);
	return ahead.length === 0 ? undefined : Math.min(...ahead);
};
