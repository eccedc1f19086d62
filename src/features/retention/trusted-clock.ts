/** A look at the database's clock, and how long ago it jumped: `ClockWatch`. */
export interface ClockLook {
	/** Milliseconds since the epoch. */
	readonly now: number;
	/** Since the last jump that anybody noticed; infinite without one. */
	readonly quietMs: number;
}

/**
 * The database's clock, of which only those jumps count that came after the first look. A time in which no process ran
 * looks like a jump, and what a policy missed in it is made up for at once.
 */
export class TrustedClock {
	readonly #watch: { look(): Promise<ClockLook> };
	#first: Promise<number> | undefined;

	constructor(watch: { look(): Promise<ClockLook> }) {
		this.#watch = watch;
	}

	/** @throws MetadataError */
	async look(): Promise<ClockLook> {
		if (this.#first === undefined) {
			this.#first = this.#watch.look().then(jumpOf);
			// It is tried again then.
			this.#first.catch(() => {
				this.#first = undefined;
			});
		}
		const first = await this.#first;
		const look = await this.#watch.look();
		return jumpOf(look) === first ? { now: look.now, quietMs: Number.POSITIVE_INFINITY } : look;
	}
}

/** When it jumped. */
const jumpOf = ({ now, quietMs }: ClockLook): number => now - quietMs;
