import { OciError } from "#/oci/error.ts";
import { type ForeignClaims, type ForeignJwt, isSignedBy, parseForeignJwt } from "./foreign-jwt.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import type { Workload } from "./workload.ts";

/** An issuer whose tokens are accepted. */
export interface TrustedIssuer {
	/** What trusts call it: its `iss`, or `OWN_CLUSTER`. */
	readonly name: string;
	/** Of these a token must have one. */
	readonly audiences: readonly string[];
	readonly keys: Pick<IssuerKeys, "issuer" | "find">;
}

/** What came of a token. `failed` says why to whoever holds it. */
export type WorkloadOutcome = { readonly workload: Workload } | { readonly failed: string };

/** How far the clocks of issuers may be ahead, in seconds. A token lives no longer for it. */
const CLOCK_SKEW_S = 60;

/** Verifies tokens that others issued to workloads. */
export class WorkloadTokens {
	readonly #issuers: readonly TrustedIssuer[];
	readonly #now: () => number;

	/** @param deps `now` in milliseconds since the epoch */
	constructor(issuers: readonly TrustedIssuer[], deps: { readonly now: () => number }) {
		this.#issuers = issuers;
		this.#now = deps.now;
	}

	/** Who holds a token. @throws OciError UNAVAILABLE while the keys of its issuer are not known */
	async verify(token: string): Promise<WorkloadOutcome> {
		const jwt = parseForeignJwt(token);
		if (jwt === undefined) return { failed: "the token is malformed, or signed in a way that is not accepted" };
		const found = await this.#issuerOf(jwt);
		if (found.issuer !== undefined) return this.#judge(jwt, found.issuer);
		if (found.isUncertain) throw new OciError("UNAVAILABLE", { message: "an issuer of tokens cannot be reached" });
		return { failed: `tokens of ${jwt.claims.iss} are not accepted here` };
	}

	async #issuerOf({ claims }: ForeignJwt): Promise<{ issuer: TrustedIssuer | undefined; isUncertain: boolean }> {
		const named = this.#issuers.find(({ name }) => name === claims.iss);
		if (named !== undefined) return { issuer: named, isUncertain: false };
		let isUncertain = false;
		for (const issuer of this.#issuers) {
			try {
				if ((await issuer.keys.issuer()) === claims.iss) return { issuer, isUncertain: false };
			} catch {
				isUncertain = true;
			}
		}
		return { issuer: undefined, isUncertain };
	}

	async #judge(jwt: ForeignJwt, issuer: TrustedIssuer): Promise<WorkloadOutcome> {
		const key = await issuer.keys.find(jwt.kid).catch((cause: unknown) => {
			const message = `the keys of ${jwt.claims.iss} cannot be had`;
			throw new OciError("UNAVAILABLE", { message, cause });
		});
		if (key === undefined) return { failed: `the token is signed with a key that ${jwt.claims.iss} does not have` };
		if (!isSignedBy(jwt, key)) return { failed: "the token's signature is wrong" };
		const failed = this.#obstacle(jwt.claims, issuer);
		if (failed !== undefined) return { failed };
		const { sub, exp } = jwt.claims;
		return {
			workload: {
				issuer: issuer.name,
				subject: sub,
				audiences: audiencesOf(jwt.claims),
				claims: jwt.claims,
				expiresAt: exp * 1_000,
			},
		};
	}

	/** Said to the holder of a token that is genuine. */
	#obstacle(claims: ForeignClaims, { audiences }: TrustedIssuer): string | undefined {
		const now = this.#now() / 1_000;
		const { exp, nbf = 0, iat = 0 } = claims;
		if (now >= exp) return `the token expired at ${new Date(exp * 1_000).toISOString()}`;
		if (Math.max(nbf, iat) > now + CLOCK_SKEW_S) return "the token is not valid yet";
		const given = audiencesOf(claims);
		if (given.some((audience) => audiences.includes(audience))) return undefined;
		return `the token is for the audience ${given.join(", ")}, and ${audiences.join(" or ")} is expected`;
	}
}

const audiencesOf = ({ aud }: ForeignClaims): readonly string[] => (typeof aud === "string" ? [aud] : aud);
