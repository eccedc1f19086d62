import { createHmac } from "node:crypto";
import { FreshCache } from "#/lib/fresh-cache.ts";
import type { Identities } from "#/metadata/identities.ts";
import { OciError } from "#/oci/error.ts";
import type { FailureThrottle, ThrottleKey } from "./failure-throttle.ts";
import { type Identity, identifyRobot, identifyUser } from "./identity.ts";
import type { Passwords } from "./passwords.ts";
import { findVerifier, isRobotName, robotObstacle } from "./robots.ts";
import { looksLikeJwt } from "./workload/foreign-jwt.ts";
import type { WorkloadLogins } from "./workload/workload-logins.ts";

/** How long a success is remembered: a user who is disabled is out after this. */
const MAX_AGE_MS = 5_000;
const MAX_REMEMBERED = 8_192;
const WRONG = "the user name or the secret is wrong";

/** A user name with what is to prove it, and where it came from. */
export interface Attempt {
	readonly name: string;
	readonly secret: string;
	/** The client's address; absent where it is not known: such clients are slowed down as one. */
	readonly address?: string | undefined;
}

/** What came of an attempt. `failed` says why, without secrets. */
export type AttemptOutcome = { readonly identity: Identity } | { readonly failed: string };

/** What {@link Credentials} works with. */
export interface CredentialsDeps {
	readonly identities: Pick<Identities, "findUser" | "findRobot">;
	readonly passwords: Passwords;
	readonly throttle: FailureThrottle;
	/** Lets workloads in by their own tokens; absent: nobody's are accepted. */
	readonly workloads?: Pick<WorkloadLogins, "check"> | undefined;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	readonly randomBytes: (size: number) => Buffer;
}

/**
 * Checks user names with passwords, robots with secrets, and workloads with tokens of their own. A success is remembered for 5 seconds under a keyed hash
 * of both, so that clients that send Basic with every request are cheap; the same attempt many times at once is checked
 * once. What is remembered is read anew after that, so that revocation works within those 5 seconds.
 */
export class Credentials {
	readonly #deps: CredentialsDeps;
	readonly #key: Buffer;
	readonly #known: FreshCache<string, Identity>;

	constructor(deps: CredentialsDeps) {
		this.#deps = deps;
		this.#key = deps.randomBytes(32);
		this.#known = new FreshCache({ now: deps.now }, { maxAgeMs: MAX_AGE_MS, maxEntries: MAX_REMEMBERED });
	}

	/**
	 * Looks at one attempt. Robots are not slowed down: nobody guesses 256 bits, and one job with an old secret must not
	 * shut out the others behind its address.
	 *
	 * @throws OciError TOOMANYREQUESTS after too many failures from there; UNAVAILABLE while too many passwords are being
	 * checked. MetadataError UNAVAILABLE
	 */
	async check(attempt: Attempt, signal: AbortSignal): Promise<AttemptOutcome> {
		signal.throwIfAborted();
		const look = this.#lookAt(attempt);
		let failed = WRONG;
		const identity = await this.#known.get(this.#rememberedAs(attempt), async () => {
			const outcome = await look();
			if ("identity" in outcome) return outcome.identity;
			failed = outcome.failed;
			return undefined;
		});
		if (identity === undefined) return { failed };
		const isOver = identity.lasts !== undefined && identity.lasts.until <= this.#deps.now();
		return isOver ? { failed: "the token has expired" } : { identity };
	}

	/** How to look at an attempt, which is only done where none of its kind is remembered. */
	#lookAt(attempt: Attempt): () => Promise<AttemptOutcome> {
		const { workloads } = this.#deps;
		if (workloads !== undefined && looksLikeJwt(attempt.secret)) return () => workloads.check(attempt);
		if (isRobotName(attempt.name)) return () => this.#checkRobot(attempt);
		const slowedAs = this.#admit(attempt);
		return () => this.#checkUser(attempt, slowedAs);
	}

	/** Asked even where a success is remembered: otherwise that would tell a guesser who was turned away of a hit. */
	#admit({ name, address }: Attempt): ThrottleKey {
		const key = this.#deps.throttle.keyOf(address, name);
		if (this.#deps.throttle.isBlocked(key)) {
			throw new OciError("TOOMANYREQUESTS", { message: "too many failed attempts; try again in a minute" });
		}
		return key;
	}

	async #checkUser({ name, secret }: Attempt, slowedAs: ThrottleKey): Promise<AttemptOutcome> {
		const { identities, passwords, throttle } = this.#deps;
		throttle.count(slowedAs);
		let isFailure = false;
		try {
			const user = await identities.findUser(name);
			const matches = await passwords.tryVerify(user?.passwordHash, secret, slowedAs.network);
			if (matches === undefined) throw new OciError("UNAVAILABLE", { message: "too many passwords to check" });
			isFailure = !matches;
			if (user === undefined || !matches) return { failed: WRONG };
			return user.disabled ? { failed: "the user is disabled" } : { identity: identifyUser(user) };
		} finally {
			if (!isFailure) throttle.giveBack(slowedAs);
		}
	}

	async #checkRobot({ name, secret }: Attempt): Promise<AttemptOutcome> {
		const robot = await this.#deps.identities.findRobot(name);
		const now = this.#deps.now();
		const verifier = robot === undefined ? undefined : findVerifier(robot, secret, now);
		if (robot === undefined || verifier === undefined) return { failed: WRONG };
		const obstacle = robotObstacle(robot, now);
		return obstacle === undefined ? { identity: identifyRobot(robot, verifier) } : { failed: obstacle };
	}

	/** The length keeps apart pairs that read alike when joined. */
	#rememberedAs({ name, secret }: Attempt): string {
		return createHmac("sha256", this.#key).update(`${name.length}:${name}${secret}`).digest("base64url");
	}
}
