import { hash, type Options, verify } from "@node-rs/argon2";
import { FairLimiter } from "#/lib/fair-limiter.ts";

/** Argon2id (the library's default) with 19 MiB, two passes and one lane. */
const PARAMETERS: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash of those parameters that no password has, for users that do not exist. */
const NOBODY = `$argon2id$v=19$m=19456,t=2,p=1$bGltYW5pIG5vYm9keSE$${"A".repeat(43)}`;

/** The Argon2id hash of a password that a person chose, as a PHC string with a salt of its own. */
export const hashPassword = (password: string): Promise<string> => hash(password, PARAMETERS);

/**
 * The same with a given salt: always the same string for the same password, so that who holds the password can tell
 * whether a hash is still right without an effect on whoever has it.
 *
 * @param salt 16 bytes, other ones for each user
 */
export const hashPasswordWith = (password: string, salt: Uint8Array): Promise<string> =>
	hash(password, { ...PARAMETERS, salt });

/** Settings of {@link Passwords}. */
export interface PasswordsOpts {
	/**
	 * How many hashes are computed at once. They run on the threads that file I/O runs on, of which there are four.
	 *
	 * @defaultValue 2
	 */
	readonly concurrency?: number;
	/** How many more checks may wait, at some 8 ms each. @defaultValue 64 */
	readonly maxWaiting?: number;
}

/**
 * Checks passwords, a bounded number of them at once: each takes 19 MiB and a core for 8 ms. Those who ask take turns
 * by their network, and none of them fills the line for the others.
 */
export class Passwords {
	readonly #limiter: FairLimiter;

	constructor({ concurrency = 2, maxWaiting = 64 }: PasswordsOpts = {}) {
		this.#limiter = new FairLimiter({ concurrency, maxWaiting });
	}

	/**
	 * Whether the password has that hash. Without a hash it takes as long, and is false: that is how a user who does not
	 * exist is as dear as one who does. An empty password is nobody's, whatever its hash. Undefined when too many checks
	 * are waiting.
	 *
	 * @param network of the client that asks; those without one take turns as one
	 */
	tryVerify(passwordHash: string | undefined, password: string, network = ""): Promise<boolean | undefined> {
		return this.#limiter.tryRun(network, async () => {
			const matches = await verify(passwordHash ?? NOBODY, password);
			return matches && passwordHash !== undefined && password !== "";
		});
	}
}
