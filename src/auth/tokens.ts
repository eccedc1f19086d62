import type { KeyObject } from "node:crypto";
import { LRUCache } from "@thi.ng/cache/lru";
import type { Principal } from "./access.ts";
import { type Claims, claimedPrincipal, claimedScopes, claimsSchema, toClaims } from "./claims.ts";
import type { Lasting } from "./identity.ts";
import { parseJwt, signJwt, verifyJwt } from "./jwt.ts";
import type { Keyring } from "./keyring.ts";
import type { Scopes } from "./scopes.ts";

/** Docker's specification: a token never has less than this to live, in seconds. */
const MIN_LIFETIME_S = 60;
/** How far replicas' clocks may be apart, in seconds. */
const CLOCK_SKEW_S = 60;
/** Bounds of the verified tokens that are remembered: how many, and how many characters in all. */
const MAX_REMEMBERED = 16_384;
const MAX_REMEMBERED_CHARS = 16 * 1024 * 1024;

/** What {@link Tokens} works with. */
export interface TokensDeps {
	readonly keyring: Pick<Keyring, "signer" | "find" | "findAnew">;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** That many random bytes. */
	readonly randomBytes: (size: number) => Buffer;
}

/** Settings of {@link Tokens}. */
export interface TokensOpts {
	/** Who issues: the registry's external URL. */
	readonly issuer: string;
	/** For whom: the registry's service name. */
	readonly service: string;
	/** How long a token lives, in seconds; at least 60. @defaultValue 300 */
	readonly lifetimeS?: number | undefined;
}

/** A token that was just made. */
export interface IssuedToken {
	readonly token: string;
	/** Seconds from `issuedAt`. */
	readonly expiresIn: number;
	/** Milliseconds since the epoch, in whole seconds. */
	readonly issuedAt: number;
}

/** What a valid token says. */
export interface TokenFacts {
	readonly principal: Principal;
	readonly granted: Scopes;
}

interface Remembered<T> {
	readonly value: T;
	readonly kid: string;
	readonly key: KeyObject;
	readonly expiresAt: number;
}

/** Issues and verifies the registry's bearer tokens. `T` is what the caller makes of a token's facts, once a token. */
export class Tokens<T> {
	readonly #deps: TokensDeps;
	readonly #opts: TokensOpts & { readonly lifetimeS: number };
	readonly #make: (facts: TokenFacts) => T;
	readonly #verified = new LRUCache<string, Remembered<T>>(null, {
		maxlen: MAX_REMEMBERED,
		maxsize: MAX_REMEMBERED_CHARS,
		ksize: (token) => token.length,
	});

	/** @throws RangeError when tokens would live for less than 60 seconds */
	constructor(deps: TokensDeps, opts: TokensOpts, make: (facts: TokenFacts) => T) {
		const lifetimeS = opts.lifetimeS ?? 300;
		if (lifetimeS < MIN_LIFETIME_S) throw new RangeError(`tokens live for at least ${MIN_LIFETIME_S} seconds`);
		this.#deps = deps;
		this.#opts = { ...opts, lifetimeS };
		this.#make = make;
	}

	/**
	 * Makes a token. Who may have it was decided before.
	 *
	 * @param lasts how long what it rests on lasts, which it does not outlive; absent: longer than any token
	 * @throws MetadataError UNAVAILABLE
	 */
	async issue(principal: Principal, granted: Scopes, lasts?: Lasting): Promise<IssuedToken> {
		const { kid, key } = await this.#deps.keyring.signer();
		const { issuer, service } = this.#opts;
		const iat = Math.floor(this.#deps.now() / 1000);
		const lifetimeS = lasts === undefined ? this.#opts.lifetimeS : this.#lifetimeWithin(lasts, iat);
		const claims: Claims = {
			iss: issuer,
			aud: service,
			exp: iat + lifetimeS,
			nbf: iat,
			iat,
			jti: this.#deps.randomBytes(16).toString("base64url"),
			...toClaims(principal, granted),
		};
		return { token: signJwt(claims, kid, key), expiresIn: lifetimeS, issuedAt: iat * 1000 };
	}

	/**
	 * What was made of a token that is valid now; undefined when it is not valid. It is remembered until it expires or
	 * its key goes, so that the signature is looked at once.
	 */
	verify(token: string): T | undefined | Promise<T | undefined> {
		const known = this.#verified.get(token);
		if (known !== undefined) {
			if (this.#deps.now() < known.expiresAt && this.#deps.keyring.find(known.kid) === known.key) return known.value;
			this.#verified.delete(token);
		}
		return this.#verifyAnew(token);
	}

	async #verifyAnew(token: string): Promise<T | undefined> {
		const jwt = parseJwt(token);
		if (jwt === undefined) return undefined;
		const { kid } = jwt;
		const key = this.#deps.keyring.find(kid) ?? (await this.#deps.keyring.findAnew(kid));
		if (key === undefined) return undefined;
		const claims = claimsSchema.safeParse(verifyJwt(jwt, key));
		if (!claims.success || !this.#isValid(claims.data)) return undefined;
		const value = this.#make({ principal: claimedPrincipal(claims.data), granted: claimedScopes(claims.data) });
		this.#verified.delete(token);
		this.#verified.set(token, { value, kid, key, expiresAt: claims.data.exp * 1000 });
		return value;
	}

	/** Shorter than Docker's 60 seconds where what it rests on is about to end: clients then ask anew. */
	#lifetimeWithin({ until, tokenLifetimeS = Number.POSITIVE_INFINITY }: Lasting, iat: number): number {
		const left = Math.floor(until / 1000) - iat;
		return Math.max(0, Math.min(this.#opts.lifetimeS, tokenLifetimeS, left));
	}

	/** Another clock may be ahead of ours; life is never longer for it, since revocation counts on its end. */
	#isValid({ iss, aud, exp, nbf, iat }: Claims): boolean {
		const now = this.#deps.now() / 1000;
		const isOurs = iss === this.#opts.issuer && aud === this.#opts.service;
		return isOurs && now < exp && nbf <= now + CLOCK_SKEW_S && iat <= now + CLOCK_SKEW_S;
	}
}
