/** Where a token signing key stands: `next` is published, `active` signs, `retired` still verifies. */
export type SigningKeyState = "next" | "active" | "retired";

/** A token signing key. */
export interface SigningKey {
	readonly kid: string;
	readonly state: SigningKeyState;
	/** Public key as a JWK in JSON. */
	readonly publicJwk: string;
	/** Private key sealed by the master key. */
	readonly sealedPrivate: Uint8Array;
	readonly createdAt: number;
	/** When it came into its present state, milliseconds since the epoch. */
	readonly since: number;
}

/** Token signing keys (`docs/decisions`): next → active → retired → gone. */
export interface SigningKeys {
	list(signal?: AbortSignal): Promise<readonly SigningKey[]>;
	/**
	 * One step of the keys' life, safe to call from many replicas at once. `fresh` is used when a `next` (or first
	 * `active`) key is wanted. Promotes `next` after `publishMs`, when `active` is older than `signMs`; drops
	 * `retired` after `retireMs`. Returns the keys as they then are.
	 */
	advance(step: {
		readonly fresh: Omit<SigningKey, "state" | "since" | "createdAt">;
		readonly publishMs: number;
		readonly signMs: number;
		readonly retireMs: number;
	}): Promise<readonly SigningKey[]>;
	/**
	 * Forgets every key at once and starts anew, after a restore or a leak: no token that was signed before is good.
	 *
	 * @param fence of the lease that this is done under; absent: none
	 * @returns whether the lease is still held; otherwise nothing was done
	 */
	replaceAll(fresh: Omit<SigningKey, "state" | "since" | "createdAt">, fence?: number): Promise<boolean>;
}
