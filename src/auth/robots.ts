import { hash, timingSafeEqual } from "node:crypto";
import { compileGlob, type GlobMatcher } from "#/lib/glob.ts";
import type { Robot, RobotPermission } from "#/metadata/identities.ts";
import type { Action } from "./access.ts";

/** How every robot's full name begins; no user's name does. */
const PREFIX = "robot$";

/** Whether a user name given with credentials is a robot's. */
export const isRobotName = (name: string): boolean => name.startsWith(PREFIX);

/** The namespace that a robot is of, by its full name `robot$NAMESPACE+NAME`; undefined when it is of none. */
export const namespaceOfRobot = (name: string): string | undefined => {
	const end = name.indexOf("+");
	return isRobotName(name) && end !== -1 ? name.slice(PREFIX.length, end) : undefined;
};

/**
 * The verifier of a robot's secret, in lower-case hex: SHA-256 over the uid, a NUL and the secret, all in UTF-8.
 * Deterministic and fast, which is safe because robot secrets are 256 random bits, never chosen by people.
 */
export const robotVerifier = (uid: string, secret: string): string => hash("sha256", `${uid}\0${secret}`, "hex");

/**
 * The verifier that the secret satisfies, of those that are valid at `now`; undefined when it satisfies none. Every
 * verifier is compared in full, whichever matches.
 *
 * @param now milliseconds since the epoch
 */
export const findVerifier = (
	robot: Pick<Robot, "uid" | "verifiers">,
	secret: string,
	now: number,
): string | undefined => {
	const given = Buffer.from(robotVerifier(robot.uid, secret));
	let found: string | undefined;
	for (const { hash: verifier, notAfter } of robot.verifiers) {
		const wanted = Buffer.from(verifier);
		const matches = wanted.length === given.length && timingSafeEqual(wanted, given);
		if (matches && isBefore(now, notAfter)) found = verifier;
	}
	return found;
};

/** Why the robot may not be used at `now`, for the one who holds its secret; undefined when it may. */
export const robotObstacle = ({ disabled, expiresAt }: Robot, now: number): string | undefined => {
	if (disabled) return "the robot account is disabled";
	return isBefore(now, expiresAt) ? undefined : "the robot account has expired";
};

const isBefore = (now: number, limit: number | undefined): boolean => limit === undefined || now < limit;

/** A robot's permission, ready to be asked. */
export interface Grant {
	readonly actions: readonly Action[];
	readonly matchesProject: GlobMatcher;
	/** Asked with the repository's name below its project. */
	readonly matchesRepository: GlobMatcher;
	/** True when it covers whatever repository the project has. */
	readonly coversAll: boolean;
}

/** Compiles a robot's permissions, once for all the decisions that are made with them. */
export const compileGrants = (permissions: readonly RobotPermission[]): readonly Grant[] =>
	permissions.map(({ project, repositories, actions }) => {
		const coversAll = repositories === undefined || repositories.includes("**");
		const matchers = repositories?.map(compileGlob) ?? [];
		return {
			actions,
			coversAll,
			matchesProject: compileGlob(project),
			matchesRepository: (name) => coversAll || matchers.some((matches) => matches(name)),
		};
	});
