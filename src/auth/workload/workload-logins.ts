import { OWN_CLUSTER } from "#/api/robot-account-spec.ts";
import type { Attempt, AttemptOutcome } from "#/auth/credentials.ts";
import type { FailureThrottle } from "#/auth/failure-throttle.ts";
import { identifyWorkload } from "#/auth/identity.ts";
import { isRobotName, namespaceOfRobot, robotObstacle } from "#/auth/robots.ts";
import type { Identities, Robot, RobotTrust } from "#/metadata/identities.ts";
import { OciError } from "#/oci/error.ts";
import { findTrust } from "./find-trust.ts";
import { serviceAccountOf, type Workload } from "./workload.ts";
import type { WorkloadTokens } from "./workload-tokens.ts";

/** What {@link WorkloadLogins} works with. */
export interface WorkloadLoginsDeps {
	readonly identities: Pick<Identities, "findRobot" | "findTrusting">;
	readonly tokens: Pick<WorkloadTokens, "verify">;
	/** Of its own: a job whose token has ended shuts nobody out who has a password. */
	readonly throttle: FailureThrottle;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
}

interface Trusting {
	readonly robot: Robot;
	readonly trust: RobotTrust;
}

/**
 * Lets workloads in by tokens that others issued to them, as the robots that trust them. The user name says which robot;
 * with any other name it is the one that trusts the service account, of its own namespace before others.
 */
export class WorkloadLogins {
	readonly #deps: WorkloadLoginsDeps;

	constructor(deps: WorkloadLoginsDeps) {
		this.#deps = deps;
	}

	/**
	 * Looks at one attempt whose secret is a JWT.
	 *
	 * @throws OciError TOOMANYREQUESTS after too many failures from there, UNAVAILABLE while the keys of the token's
	 * issuer are not known. MetadataError UNAVAILABLE
	 */
	async check({ name, secret, address }: Attempt): Promise<AttemptOutcome> {
		const { throttle, tokens } = this.#deps;
		const slowedAs = throttle.keyOf(address, name);
		if (throttle.isBlocked(slowedAs)) {
			throw new OciError("TOOMANYREQUESTS", { message: "too many tokens that are not good; try again in a minute" });
		}
		throttle.count(slowedAs);
		let isFailure = false;
		try {
			const verified = await tokens.verify(secret);
			const outcome = "failed" in verified ? verified : await this.#admit(name, verified.workload);
			isFailure = "failed" in outcome;
			return outcome;
		} finally {
			if (!isFailure) throttle.giveBack(slowedAs);
		}
	}

	async #admit(name: string, workload: Workload): Promise<AttemptOutcome> {
		const found = isRobotName(name) ? await this.#named(name, workload) : await this.#trusting(workload);
		if ("failed" in found) return found;
		const { robot, trust } = found;
		const obstacle = robotObstacle(robot, this.#deps.now());
		return obstacle === undefined ? { identity: identifyWorkload(robot, trust, workload) } : { failed: obstacle };
	}

	/** Says the same of a robot that does not exist: who holds a token is not told what others have. */
	async #named(name: string, workload: Workload): Promise<Trusting | { readonly failed: string }> {
		const robot = await this.#deps.identities.findRobot(name);
		const trust = robot && findTrust(robot.trust, workload);
		if (robot === undefined || trust === undefined) {
			return { failed: `no robot account ${name} trusts ${workload.subject}` };
		}
		return { robot, trust };
	}

	async #trusting(workload: Workload): Promise<Trusting | { readonly failed: string }> {
		const account = workload.issuer === OWN_CLUSTER ? serviceAccountOf(workload.subject) : undefined;
		if (account === undefined) {
			return { failed: `give the robot account as the user name: it is not looked for by ${workload.subject}` };
		}
		const all = (await this.#deps.identities.findTrusting(account.namespace)).flatMap((robot) => {
			const trust = findTrust(robot.trust, workload);
			return trust === undefined ? [] : [{ robot, trust }];
		});
		const own = all.filter(({ robot }) => namespaceOfRobot(robot.name) === account.namespace);
		const [found, ...others] = own.length > 0 ? own : all;
		if (found === undefined) return { failed: `no robot account trusts ${workload.subject}` };
		if (others.length === 0) return found;
		return { failed: `several robot accounts trust ${workload.subject}: give one of them as the user name` };
	}
}
