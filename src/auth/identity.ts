import { hash } from "node:crypto";
import type { Robot, RobotTrust, User } from "#/metadata/identities.ts";
import { compileGrants } from "./robots.ts";
import type { KnownSubject } from "./subject.ts";
import type { Workload } from "./workload/workload.ts";

/** Somebody who proved who they are. */
export interface Identity {
	readonly subject: KnownSubject;
	/** Names the credential that they proved it with and tells nothing else of it; see {@link fingerprintOf}. */
	readonly credential: string;
	/** How long it lasts that they did, where that ends by itself; absent: until the credential is no longer theirs. */
	readonly lasts?: Lasting;
}

/** How long something lasts that rests on the token of somebody else. */
export interface Lasting {
	/** Milliseconds since the epoch. */
	readonly until: number;
	/** How long a token that is issued on it lives at most, seconds; absent: as long as any other. */
	readonly tokenLifetimeS?: number | undefined;
}

/**
 * A short name for a stored verifier (a password's hash, a robot's verifier), to see later whether it is still the same.
 * A verifier holds a random salt or is of a random secret, so this gives nothing to guess by.
 */
const fingerprintOf = (verifier: string): string => hash("sha256", verifier, "base64url").slice(0, 22);

/** The identity of a user whose password was right. */
export const identifyUser = ({ name, uid, admin, passwordHash }: User): Identity => ({
	subject: { kind: "user", name, uid, admin },
	credential: fingerprintOf(passwordHash),
});

/** The identity of a robot whose secret satisfied the verifier. */
export const identifyRobot = ({ name, uid, permissions }: Robot, verifier: string): Identity => ({
	subject: { kind: "robot", name, uid, grants: compileGrants(permissions) },
	credential: fingerprintOf(verifier),
});

/** The identity of a robot that trusts a workload, as long as the workload's token lasts. No refresh token rests on it. */
export const identifyWorkload = (
	{ name, uid, permissions }: Robot,
	{ tokenLifetimeS }: RobotTrust,
	{ expiresAt }: Pick<Workload, "expiresAt">,
): Identity => ({
	subject: { kind: "robot", name, uid, grants: compileGrants(permissions) },
	credential: "",
	lasts: { until: expiresAt, tokenLifetimeS },
});
