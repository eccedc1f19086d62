import { type DesiredResource, MAX_CHANGE_BYTES } from "#/control/control.ts";

/** More than everything of a change but its resources weighs, bytes. */
const ENVELOPE_BYTES = 4 * 1024;

/** More resources are not sent at once, so that one transaction of the data plane stays short. */
const MAX_CHANGES = 2_000;

/** What one resource alone may weigh as JSON, bytes. */
export const MAX_RESOURCE_BYTES = MAX_CHANGE_BYTES - ENVELOPE_BYTES;

/** One resource that is to be changed at the data plane. */
export type Change =
	| { readonly act: "upsert"; readonly uid: string; readonly bytes: number; readonly resource: DesiredResource }
	| { readonly act: "delete" | "release"; readonly uid: string; readonly bytes: number };

/**
 * Changes on their way to a data plane, one of a resource at most, the latest. Those that were sent stay in flight until
 * it is known for certain what became of them: a call without an answer may still come to pass.
 */
export class Outbox {
	readonly #waiting = new Map<string, Change>();
	#inFlight: ReadonlyMap<string, Change> = new Map();
	#maxChanges = MAX_CHANGES;

	/** Whether there is nothing to send. */
	get isEmpty(): boolean {
		return this.#waiting.size === 0 && this.#inFlight.size === 0;
	}

	/** Adds a change, in place of one of the same resource that still waits. One that is in flight is not sent twice. */
	put(change: Change): void {
		const flying = this.#inFlight.get(change.uid);
		if (flying !== undefined && isSame(flying, change)) this.#waiting.delete(change.uid);
		else this.#waiting.set(change.uid, change);
	}

	/** Forgets a change that still waits. */
	cancel(uid: string): void {
		this.#waiting.delete(uid);
	}

	/** Whether a change of the resource was sent and nobody knows what became of it. */
	isInFlight(uid: string): boolean {
		return this.#inFlight.has(uid);
	}

	/** What is in flight, or else the next changes that fit one call, which are in flight from now on. */
	next(): readonly Change[] {
		if (this.#inFlight.size === 0) this.#inFlight = this.#takeBatch();
		return [...this.#inFlight.values()];
	}

	/** What was in flight arrived. */
	settle(): void {
		this.#inFlight = new Map();
		this.#maxChanges = Math.min(MAX_CHANGES, this.#maxChanges * 2);
	}

	/** What was in flight did not arrive and never will: it waits again, unless it was overtaken. */
	recall(): void {
		for (const change of this.#inFlight.values()) {
			if (!this.#waiting.has(change.uid)) this.#waiting.set(change.uid, change);
		}
		this.#inFlight = new Map();
	}

	/** Takes the one that was refused out of what is in flight by sending half as much at a time from now on. */
	divide(): void {
		this.#maxChanges = Math.max(1, Math.floor(this.#inFlight.size / 2));
		this.recall();
	}

	/** Forgets the waiting changes that are needless; tells whose they were. */
	prune(isNeedless: (change: Change) => boolean): readonly string[] {
		const needless = [...this.#waiting.values()].filter(isNeedless).map(({ uid }) => uid);
		for (const uid of needless) this.#waiting.delete(uid);
		return needless;
	}

	#takeBatch(): ReadonlyMap<string, Change> {
		const batch = new Map<string, Change>();
		let room = MAX_RESOURCE_BYTES;
		for (const [uid, change] of this.#waiting) {
			if (batch.size >= this.#maxChanges || change.bytes > room) break;
			batch.set(uid, change);
			room -= change.bytes;
			this.#waiting.delete(uid);
		}
		return batch;
	}
}

const isSame = (a: Change, b: Change): boolean =>
	a.act === "upsert" && b.act === "upsert" ? a.resource.generation === b.resource.generation : a.act === b.act;
