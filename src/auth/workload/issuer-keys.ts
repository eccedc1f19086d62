import type { KeySet, VerificationKey } from "./key-set.ts";

/** Who issues tokens, and the keys that it signs them with now. */
export interface IssuerDocument {
	/** The `iss` of its tokens. */
	readonly issuer: string;
	readonly keys: KeySet;
}

/** What {@link IssuerKeys} works with. */
export interface IssuerKeysDeps {
	/** Asks the issuer. */
	readonly load: (signal: AbortSignal) => Promise<IssuerDocument>;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** Told when the issuer could not be asked and what it said before is used on. */
	readonly onError: (error: unknown) => void;
}

/** From this age on it is asked anew behind what is under way, milliseconds. */
const AGING_MS = 60_000;
/** From this age on it is asked before anything is believed: so long a key that was taken back is good. */
const OLD_MS = 5 * 60_000;
/** So old it may be while the issuer cannot be asked: pulls go on without it. */
const USELESS_MS = 60 * 60_000;
/** Between two times that it is asked, whatever is asked for: tokens name whatever key they like. */
const PAUSE_MS = 10_000;
/** How long it may take to answer. */
const PATIENCE_MS = 5_000;

/**
 * The keys of one issuer, asked for when they are needed and kept for 5 minutes; for an hour while it cannot be asked. A
 * key that is not known makes it be asked at once, so that a new key is good at once, every 10 seconds at most.
 */
export class IssuerKeys {
	readonly #deps: IssuerKeysDeps;
	#known: (IssuerDocument & { readonly at: number }) | undefined;
	#flight: Promise<void> | undefined;
	#askedAt = Number.NEGATIVE_INFINITY;
	#failure: unknown;

	constructor(deps: IssuerKeysDeps) {
		this.#deps = deps;
	}

	/** The `iss` of its tokens. @throws whatever kept the issuer from being asked, when nothing is known of it */
	async issuer(): Promise<string> {
		return (await this.#current()).issuer;
	}

	/** The key of that id; undefined when the issuer has none. @throws like {@link IssuerKeys.issuer} */
	async find(kid: string): Promise<VerificationKey | undefined> {
		const found = (await this.#current()).keys.get(kid);
		if (found !== undefined) return found;
		await this.#ask();
		return (await this.#current()).keys.get(kid);
	}

	async #current(): Promise<IssuerDocument> {
		const age = this.#age();
		if (age >= OLD_MS) await this.#ask();
		else if (age >= AGING_MS) void this.#ask();
		if (this.#known !== undefined && this.#age() < USELESS_MS) return this.#known;
		throw this.#failure ?? new Error("the issuer was not asked yet");
	}

	/** A clock that jumped back tells nothing of an age. */
	#age(): number {
		const age = this.#known === undefined ? Number.POSITIVE_INFINITY : this.#deps.now() - this.#known.at;
		return age < 0 ? Number.POSITIVE_INFINITY : age;
	}

	#ask(): Promise<void> {
		const now = this.#deps.now();
		if (this.#flight === undefined && Math.abs(now - this.#askedAt) < PAUSE_MS) return Promise.resolve();
		this.#askedAt = this.#flight === undefined ? now : this.#askedAt;
		this.#flight ??= this.#load(now).finally(() => {
			this.#flight = undefined;
		});
		return this.#flight;
	}

	async #load(at: number): Promise<void> {
		try {
			this.#known = { ...(await this.#deps.load(AbortSignal.timeout(PATIENCE_MS))), at };
			this.#failure = undefined;
		} catch (error) {
			this.#failure = error;
			this.#deps.onError(error);
		}
	}
}
