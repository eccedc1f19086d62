import type { Identities, User } from "#/metadata/identities.ts";
import { type Identity, identifyRobot, identifyUser } from "./identity.ts";
import { robotObstacle } from "./robots.ts";

/** Whom to recall: as they were when they last proved who they are. */
export interface Remembered {
	readonly kind: "user" | "robot";
	readonly name: string;
	readonly uid: string;
	/** The credential that they proved it with, which must still be theirs; absent: any will do. */
	readonly credential?: string;
}

/**
 * The present identity of somebody who proved who they are some time ago; undefined when they are gone, disabled or
 * expired, when somebody else has the name now, or when that credential is no longer theirs.
 *
 * @param now milliseconds since the epoch
 */
export const recall = async (
	identities: Pick<Identities, "findUser" | "findRobot">,
	remembered: Remembered,
	now: number,
	signal?: AbortSignal,
): Promise<Identity | undefined> => {
	const found =
		remembered.kind === "user"
			? identitiesOfUser(await identities.findUser(remembered.name, signal))
			: await identitiesOfRobot(identities, remembered, now, signal);
	return found.find(
		({ subject, credential }) =>
			subject.uid === remembered.uid && (remembered.credential === undefined || credential === remembered.credential),
	);
};

const identitiesOfUser = (user: User | undefined): readonly Identity[] =>
	user === undefined || user.disabled ? [] : [identifyUser(user)];

const identitiesOfRobot = async (
	identities: Pick<Identities, "findRobot">,
	{ name, credential }: Remembered,
	now: number,
	signal: AbortSignal | undefined,
): Promise<readonly Identity[]> => {
	const robot = await identities.findRobot(name, signal);
	if (robot === undefined || robotObstacle(robot, now) !== undefined) return [];
	// A robot that trusts workloads need not have a secret.
	if (credential === undefined) return [identifyRobot(robot, "")];
	return robot.verifiers
		.filter(({ notAfter }) => notAfter === undefined || now < notAfter)
		.map(({ hash }) => identifyRobot(robot, hash));
};
