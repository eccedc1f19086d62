import { MetadataError } from "#/metadata/metadata-error.ts";
import type { Hook } from "./hooked.ts";
import { type FsyncCall, PowerCutFileSystem, type PowerCutOpts } from "./power-cut-fs.ts";
import { type Random, randomBelow } from "./seeded-random.ts";

/**
 * The power of one machine: its simulated file system and its real metadata go dark together. What the metadata had
 * committed by then stays, for a COMMIT answers after its fsync.
 */
export class Power {
	readonly fileSystem: PowerCutFileSystem;
	#effectsUntil = Number.POSITIVE_INFINITY;
	#callsUntil = Number.POSITIVE_INFINITY;
	#isOff = false;

	/** @param make the file system, given how it is to behave */
	constructor(
		make: (opts: PowerCutOpts) => PowerCutFileSystem = (opts) => new PowerCutFileSystem(opts),
		isSwallowed?: (call: FsyncCall) => boolean,
	) {
		const effectsUntil = (): number => (this.#isOff ? -1 : this.#effectsUntil);
		this.fileSystem = make({
			get cutBefore() {
				return effectsUntil();
			},
			...(isSwallowed && { isSwallowed }),
		});
	}

	/** Whether nothing happens any more. */
	get isOff(): boolean {
		return this.#isOff || this.fileSystem.effects > this.#effectsUntil;
	}

	/** Has the power fail soon: before some effect on the file system, or before or after some call of the metadata. */
	failSoon(random: Random): void {
		if (random() < 0.7) this.#effectsUntil = this.fileSystem.effects + randomBelow(random, 200);
		else this.#callsUntil = randomBelow(random, 120);
	}

	/** Fails now. */
	cut(): void {
		this.#isOff = true;
	}

	/** What a new start finds; one of the legal outcomes, which `random` chooses. */
	restore(random: Random, isSwallowed?: (call: FsyncCall) => boolean): Power {
		return new Power((opts) => this.fileSystem.cut(random, opts), isSwallowed);
	}

	/** Between the registry and its metadata. Each call counts twice: it may be lost, or only its answer. */
	readonly hook: Hook = async () => {
		this.#step();
		return () => this.#step();
	};

	#step(): void {
		if (this.#callsUntil-- <= 0) this.#isOff = true;
		if (this.isOff) throw new MetadataError("UNAVAILABLE", "no power");
	}
}
