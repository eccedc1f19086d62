import type { KeyObject } from "node:crypto";
import type { SigningKey, SigningKeys } from "#/metadata/signing-keys.ts";
import type { MasterKey } from "./master-key.ts";
import { createSigningKey, openPrivateKey, type PublicJwk, readPublicKey } from "./signing-key-pair.ts";

/** How old a replica's view of the keys gets before it looks again, in milliseconds. */
const REFRESH_MS = 30_000;
/** `next` is known to every replica before it signs: two cache lifetimes. */
const PUBLISH_MS = 2 * REFRESH_MS;
/** An unknown kid makes us look again, but no more often than this: anybody can send one. */
const UNKNOWN_KID_INTERVAL_MS = 1_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** What {@link Keyring} works with. */
export interface KeyringDeps {
	readonly signingKeys: SigningKeys;
	readonly masterKey: MasterKey;
	/** Milliseconds since the epoch, of about the clock that metadata stamps keys with. */
	readonly now: () => number;
	/** Told of refreshes in the background that failed; the keys known so far stay in use. */
	readonly onRefreshError: (error: unknown) => void;
}

/** Settings of a {@link Keyring}. */
export interface KeyringOpts {
	/** The longest life of a token, in milliseconds. */
	readonly tokenLifetimeMs: number;
	/** How long a key signs, in milliseconds. @defaultValue 30 days */
	readonly signMs?: number | undefined;
}

/** A key that signs. */
export interface ActiveKey {
	readonly kid: string;
	readonly key: KeyObject;
}

interface PublicHalf {
	readonly jwk: PublicJwk;
	readonly key: KeyObject;
}

/**
 * The token signing keys as this process knows them, looked at again every 30 seconds and when a token names an unknown
 * one. A key is published for two such periods before it signs, and verifies for as long as a token that it signed
 * lives. A look that finds nothing due writes nothing.
 */
export class Keyring implements Disposable {
	readonly #deps: KeyringDeps;
	readonly #steps: { readonly publishMs: number; readonly signMs: number; readonly retireMs: number };
	readonly #timer: NodeJS.Timeout;
	#publicHalves: ReadonlyMap<string, PublicHalf> = new Map();
	#active: ActiveKey | undefined;
	#refreshing: Promise<void> | undefined;
	#lookedForUnknownAt = Number.NEGATIVE_INFINITY;
	/** When the look began that found what is known here. */
	#lookedAt = Number.NEGATIVE_INFINITY;

	private constructor(deps: KeyringDeps, opts: KeyringOpts) {
		this.#deps = deps;
		this.#steps = {
			publishMs: PUBLISH_MS,
			signMs: opts.signMs ?? 30 * DAY_MS,
			// A replica may go on signing with the key that was active for so long without looking again.
			retireMs: opts.tokenLifetimeMs + PUBLISH_MS,
		};
		this.#timer = setInterval(() => void this.refresh().catch(deps.onRefreshError), REFRESH_MS);
		this.#timer.unref();
	}

	/**
	 * Reads the keys, making the first one where there is none.
	 *
	 * @throws MasterKeyError when the active key cannot be opened; MetadataError UNAVAILABLE
	 */
	static async open(deps: KeyringDeps, opts: KeyringOpts): Promise<Keyring> {
		const keyring = new Keyring(deps, opts);
		try {
			await keyring.refresh();
			return keyring;
		} catch (error) {
			keyring[Symbol.dispose]();
			throw error;
		}
	}

	/** The key that signs, as this process knows it. */
	get active(): ActiveKey {
		if (this.#active === undefined) throw new Error("the keyring was used before it was opened");
		return this.#active;
	}

	/**
	 * The key to sign with now, which others believe for as long as what it signs lives. Looks again first where that was
	 * not done for so long, because the process stood still or metadata was away, that the key may be gone.
	 *
	 * @throws MetadataError UNAVAILABLE
	 */
	async signer(): Promise<ActiveKey> {
		while (this.#isStale) {
			await this.refresh().catch((error: unknown) => {
				if (this.#isStale) throw error;
			});
		}
		return this.active;
	}

	/** The public key of that id, when it is known here. */
	find(kid: string): KeyObject | undefined {
		return this.#publicHalves.get(kid)?.key;
	}

	/** As {@link find}, after looking again for an id that is not known here, which is done once a second at most. */
	async findAnew(kid: string): Promise<KeyObject | undefined> {
		const now = this.#deps.now();
		const since = now - this.#lookedForUnknownAt;
		if (this.#refreshing === undefined && since >= 0 && since < UNKNOWN_KID_INTERVAL_MS) return undefined;
		this.#lookedForUnknownAt = now;
		await this.refresh();
		return this.find(kid);
	}

	/** All public keys, as a JWK set (RFC 7517 §5). */
	jwks(): { readonly keys: readonly object[] } {
		const keys = [...this.#publicHalves].map(([kid, { jwk }]) => ({ ...jwk, kid, use: "sig", alg: "ES256" }));
		return { keys };
	}

	/** Looks at the keys again, and takes the step that is due. Callers at the same time share one look. */
	refresh(): Promise<void> {
		this.#refreshing ??= this.#refresh().finally(() => {
			this.#refreshing = undefined;
		});
		return this.#refreshing;
	}

	/** Stops looking in the background. */
	[Symbol.dispose](): void {
		clearInterval(this.#timer);
	}

	async #refresh(): Promise<void> {
		const { signingKeys, masterKey, now } = this.#deps;
		const lookedAt = now();
		const keys = await signingKeys.list();
		// A look is a look, also where the step that is due cannot be taken: a full disk must not cost anybody a token.
		if (keys.some(({ state }) => state === "active")) this.#know(keys, lookedAt);
		if (!this.#isStepDue(keys)) return;
		this.#know(await signingKeys.advance({ fresh: await createSigningKey(masterKey), ...this.#steps }), lookedAt);
	}

	#know(keys: readonly SigningKey[], lookedAt: number): void {
		this.#take(keys);
		this.#lookedAt = lookedAt;
	}

	/** A retired key stays for as long as tokens live after the last view that has it active went stale. */
	get #isStale(): boolean {
		const age = this.#deps.now() - this.#lookedAt;
		return age < 0 || age >= PUBLISH_MS;
	}

	#isStepDue(keys: readonly SigningKey[]): boolean {
		const { publishMs, signMs, retireMs } = this.#steps;
		const isOlder = ({ since }: SigningKey, ms: number): boolean => this.#deps.now() - since >= ms;
		if (keys.some((key) => key.state === "retired" && isOlder(key, retireMs))) return true;
		const active = keys.find(({ state }) => state === "active");
		const next = keys.find(({ state }) => state === "next");
		if (active === undefined) return true;
		if (next === undefined) return isOlder(active, signMs - publishMs);
		return isOlder(active, signMs) && isOlder(next, publishMs);
	}

	#take(keys: readonly SigningKey[]): void {
		const active = keys.find(({ state }) => state === "active");
		if (active === undefined) throw new Error("metadata gave no active signing key");
		const privateKey =
			this.#active?.kid === active.kid ? this.#active.key : openPrivateKey(active, this.#deps.masterKey);
		this.#publicHalves = new Map(
			keys.map((key) => [key.kid, this.#publicHalves.get(key.kid) ?? readPublicKey(key)] as const),
		);
		this.#active = { kid: active.kid, key: privateKey };
	}
}
