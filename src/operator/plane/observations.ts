import { isDeepStrictEqual } from "node:util";
import type { ControlledKind } from "#/api/controlled-specs.ts";
import type { Control, ObservedResource } from "#/control/control.ts";
import { observeAll } from "#/control/observe-all.ts";
import { shareParts } from "#/lib/share-parts.ts";

/** What a data plane says of a resource that it has. */
export interface Standing {
	readonly kind: ControlledKind;
	/** Of which spec it speaks: see `fingerprintOf`. */
	readonly fingerprint: number;
	/** Whether that spec is in force. */
	readonly ready: boolean;
	readonly reason: string;
	readonly message: string;
	/** What a policy's feature says of its runs, unparsed; absent before the first word. */
	readonly report?: { readonly [field: string]: unknown } | undefined;
}

/** What was last observed of the resources that a data plane has; those that are gone are not among them. */
export class Observations {
	readonly #control: Pick<Control, "observe">;
	#standings = new Map<string, Standing>();
	#cursor = 0;
	/** What a look noted that did not come to its end, so that nobody was told of it. */
	#untold: ReadonlySet<string> = new Set();
	/** Thousands say the same. */
	#last: Standing | undefined;

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

	/** Reads what changed; tells which resources, with those that a look before noted and threw. */
	async read(signal: AbortSignal): Promise<ReadonlySet<string>> {
		const changed = new Set(this.#untold);
		this.#untold = changed;
		for await (const observed of observeAll(this.#control, this.#cursor, signal)) {
			this.#note(this.#standings, observed);
			this.#cursor = observed.cursor;
			changed.add(observed.uid);
		}
		this.#untold = new Set();
		return changed;
	}

	/** Reads everything anew; tells which resources are not as they were known, or were not told of. */
	async reread(signal: AbortSignal): Promise<ReadonlySet<string>> {
		const before = this.#standings;
		const standings = new Map<string, Standing>();
		let cursor = 0;
		for await (const observed of observeAll(this.#control, 0, signal)) {
			this.#note(standings, observed);
			cursor = observed.cursor;
		}
		this.#standings = standings;
		this.#cursor = cursor;
		const untold = this.#untold;
		this.#untold = new Set();
		const all = new Set([...before.keys(), ...standings.keys()]);
		return untold.union(new Set([...all].filter((uid) => !isSame(before.get(uid), standings.get(uid)))));
	}

	#note(standings: Map<string, Standing>, observed: ObservedResource): void {
		const { uid, kind, generation: fingerprint, ready, reason, message, report, deleted } = observed;
		if (deleted) {
			standings.delete(uid);
			return;
		}
		this.#last = shareParts({ kind, fingerprint, ready, reason, message, report }, this.#last);
		standings.set(uid, this.#last);
	}
}

const isSame = (a: Standing | undefined, b: Standing | undefined): boolean => isDeepStrictEqual(a, b);
