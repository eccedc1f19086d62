import { OciError } from "#/oci/error.ts";

/** What a refused client is told to ask for. */
export interface ChallengeRequest {
	/** Scope to ask a token for, e.g. `repository:team/app:pull`. */
	readonly scope: string | undefined;
	readonly error: "invalid_token" | "insufficient_scope" | undefined;
}

/** A refusal that asks for (other) credentials; becomes 401 with a challenge. */
export class ChallengeError extends OciError {
	readonly challenge: ChallengeRequest;

	constructor(challenge: ChallengeRequest, detail: string) {
		super("UNAUTHORIZED", { detail });
		this.challenge = challenge;
	}
}
