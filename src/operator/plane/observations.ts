import type { ControlledKind } from "#/api/controlled-specs.ts";
import type { Control, ObservedResource } from "#/control/control.ts";
import { observeAll } from "#/control/observe-all.ts";

/** What a data plane says of a resource that it has. */
export interface Standing {
	readonly kind: ControlledKind;
	/** Of which spec it speaks: see `fingerprintOf`. */
	readonly fingerprint: number;
	/** Whether that spec is in force. */
	readonly ready: boolean;
	readonly reason: string;
	readonly message: string;
}

/** What was last observed of the resources that a data plane has; those that are gone are not among them. */
export class Observations {
	readonly #control: Pick<Control, "observe">;
	#standings = new Map<string, Standing>();
	#cursor = 0;

	constructor(control: Pick<Control, "observe">) {
		this.#control = control;
	}

	/** What is known of a resource; absent when the data plane has none. */
	find(uid: string): Standing | undefined {
		return this.#standings.get(uid);
	}

	/** All that it has. */
	entries(): Iterable<readonly [uid: string, standing: Standing]> {
		return this.#standings;
	}

	/** Reads what changed; tells which resources. */
	async read(signal: AbortSignal): Promise<ReadonlySet<string>> {
		const changed = new Set<string>();
		for await (const observed of observeAll(this.#control, this.#cursor, signal)) {
			note(this.#standings, observed);
			this.#cursor = observed.cursor;
			changed.add(observed.uid);
		}
		return changed;
	}

	/** Reads everything anew; tells which resources are not as they were known. */
	async reread(signal: AbortSignal): Promise<ReadonlySet<string>> {
		const before = this.#standings;
		const standings = new Map<string, Standing>();
		let cursor = 0;
		for await (const observed of observeAll(this.#control, 0, signal)) {
			note(standings, observed);
			cursor = observed.cursor;
		}
		this.#standings = standings;
		this.#cursor = cursor;
		const all = new Set([...before.keys(), ...standings.keys()]);
		return new Set([...all].filter((uid) => !isSame(before.get(uid), standings.get(uid))));
	}
}

const note = (standings: Map<string, Standing>, observed: ObservedResource): void => {
	const { uid, kind, generation: fingerprint, ready, reason, message, deleted } = observed;
	if (deleted) standings.delete(uid);
	else standings.set(uid, { kind, fingerprint, ready, reason, message });
};

const isSame = (a: Standing | undefined, b: Standing | undefined): boolean =>
	a?.fingerprint === b?.fingerprint && a?.ready === b?.ready && a?.reason === b?.reason && a?.message === b?.message;
