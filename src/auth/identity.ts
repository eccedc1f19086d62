import { hash } from "node:crypto";
import type { Robot, User } from "#/metadata/identities.ts";
import { compileGrants } from "./robots.ts";
import type { KnownSubject } from "./subject.ts";

/** Somebody who proved who they are. */
export interface Identity {
	readonly subject: KnownSubject;
	/** Names the credential that they proved it with and tells nothing else of it; see {@link fingerprintOf}. */
	readonly credential: string;
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
