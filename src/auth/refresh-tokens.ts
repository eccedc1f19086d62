import { hash } from "node:crypto";
import type { Identities } from "#/metadata/identities.ts";
import type { Identity } from "./identity.ts";
import { recall } from "./recall.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
/** 256 random bits in base64url, then the credential's fingerprint. */
const FORM = /^[A-Za-z0-9_-]{43}\.([A-Za-z0-9_-]{22})$/;

/** What {@link RefreshTokens} works with. */
export interface RefreshTokensDeps {
	readonly identities: Identities;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	readonly randomBytes: (size: number) => Buffer;
}

/** Settings of {@link RefreshTokens}. */
export interface RefreshTokensOpts {
	/** For which service they are good. */
	readonly service: string;
	/** How long one lives, in milliseconds. @defaultValue 30 days */
	readonly lifetimeMs?: number | undefined;
}

/**
 * Refresh tokens of Docker's token flow: opaque, kept only as their SHA-256. One names the credential that it was got
 * with (that it was not changed its hash shows), and so ends with it: a new password, a rotated robot secret, or a user
 * or robot that is disabled or gone.
 */
export class RefreshTokens {
	readonly #deps: RefreshTokensDeps;
	readonly #opts: RefreshTokensOpts;

	constructor(deps: RefreshTokensDeps, opts: RefreshTokensOpts) {
		this.#deps = deps;
		this.#opts = opts;
	}

	/** Makes and keeps one for somebody who just proved who they are. */
	async issue({ subject, credential }: Identity): Promise<string> {
		const { identities, now, randomBytes } = this.#deps;
		const token = `${randomBytes(32).toString("base64url")}.${credential}`;
		await identities.putRefreshToken({
			hash: hash("sha256", token, "hex"),
			principalKind: subject.kind,
			principalUid: subject.uid,
			principal: subject.name,
			service: this.#opts.service,
			expiresAt: now() + (this.#opts.lifetimeMs ?? 30 * DAY_MS),
		});
		return token;
	}

	/** Whose it is, as they are now; undefined when it is not, or no longer, good. */
	async redeem(token: string, signal: AbortSignal): Promise<Identity | undefined> {
		const credential = FORM.exec(token)?.[1];
		if (credential === undefined) return undefined;
		const { identities, now } = this.#deps;
		const found = await identities.findRefreshToken(hash("sha256", token, "hex"), signal);
		if (found === undefined || found.service !== this.#opts.service || found.expiresAt <= now()) return undefined;
		const { principalKind: kind, principal: name, principalUid: uid } = found;
		return recall(identities, { kind, name, uid, credential }, now(), signal);
	}
}
