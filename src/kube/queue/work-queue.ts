import type { ObjectKey } from "#/kube/kube-object.ts";
import type { Timing } from "#/lib/timing.ts";
import { Alarm } from "./alarm.ts";
import { Delays } from "./delays.ts";
import type { QueueMeter, QueueState } from "./queue-meter.ts";
import { type Ready, ReadyLines } from "./ready-lines.ts";

/** What a {@link WorkQueue} works with. */
export interface WorkQueueDeps {
	readonly timing: Timing;
	readonly meter: QueueMeter;
}

/** Settings of a {@link WorkQueue}. */
export interface WorkQueueOpts {
	/** Bound of the wait after a key's first failure, milliseconds; it doubles with each one after. @defaultValue 750 */
	readonly minBackOffMs?: number;
	/** Where that bound stops growing, milliseconds. @defaultValue 900000 */
	readonly maxBackOffMs?: number;
	/** How many urgent keys in a row may go before a less urgent one that waits. @defaultValue 8 */
	readonly overtakes?: number;
}

/** How a key joins. */
export interface AddOpts {
	/** The higher, the sooner; of two the higher one counts. @defaultValue 0 */
	readonly priority?: number | undefined;
	/** Not before so many milliseconds; of two times the earlier one counts. @defaultValue 0 */
	readonly afterMs?: number | undefined;
}

/** A key that was taken. */
export interface Work {
	readonly key: ObjectKey;
	readonly priority: number;
}

/**
 * Which objects to look at. A key is in it once, however often it is added; it is never handed out twice at a time, and
 * when it is added while it is worked on, it is handed out exactly once more afterwards. What a key was to do later is
 * void as soon as it joins at once: whoever works on it says anew when to look again.
 */
export class WorkQueue implements Disposable {
	readonly #timing: Timing;
	readonly #meter: QueueMeter;
	readonly #minBackOffMs: number;
	readonly #maxBackOffMs: number;
	readonly #ready: ReadyLines;
	readonly #delays = new Delays();
	readonly #alarm: Alarm;
	/** When the work on a key began. */
	readonly #running = new Map<ObjectKey, number>();
	/** Added while they run. */
	readonly #dirty = new Map<ObjectKey, Ready>();
	readonly #failures = new Map<ObjectKey, number>();
	readonly #takers: ((work: Work | undefined) => void)[] = [];
	#stopped = false;

	constructor({ timing, meter }: WorkQueueDeps, opts: WorkQueueOpts = {}) {
		this.#timing = timing;
		this.#meter = meter;
		this.#minBackOffMs = opts.minBackOffMs ?? 750;
		this.#maxBackOffMs = opts.maxBackOffMs ?? 900_000;
		this.#ready = new ReadyLines(opts.overtakes ?? 8);
		this.#alarm = new Alarm(timing, () => this.#release());
		meter.read(() => this.#state());
	}

	/** Adds a key. */
	add(key: ObjectKey, { priority = 0, afterMs = 0 }: AddOpts = {}): void {
		if (this.#stopped) return;
		if (afterMs > 0) this.#meter.retried();
		if (afterMs <= 0 || this.#ready.has(key) || this.#dirty.has(key)) {
			this.#join(key, priority);
			return;
		}
		this.#delays.add({ key, at: this.#timing.monotonic() + afterMs, priority });
		this.#alarm.set(this.#delays.nextAt);
	}

	/**
	 * Adds a key whose work failed: after a wait that is anything up to a bound, which doubles with each failure in a row.
	 *
	 * @param atLeastMs what somebody asked to wait, milliseconds
	 */
	retry(
		key: ObjectKey,
		{ priority, atLeastMs = 0 }: { priority?: number | undefined; atLeastMs?: number | undefined } = {},
	): void {
		const failures = this.#failures.get(key) ?? 0;
		this.#failures.set(key, failures + 1);
		const boundMs = Math.min(this.#maxBackOffMs, this.#minBackOffMs * 2 ** failures);
		this.add(key, { priority, afterMs: Math.max(atLeastMs, this.#timing.random() * boundMs) });
	}

	/** The key's work went well: its next failure is its first. */
	forget(key: ObjectKey): void {
		this.#failures.delete(key);
	}

	/** The next key, as soon as there is one; absent once the queue has stopped. Whoever takes it calls {@link done}. */
	take(): Promise<Work | undefined> {
		if (this.#stopped) return Promise.resolve(undefined);
		const next = this.#ready.take();
		if (next === undefined) return new Promise((resolve) => this.#takers.push(resolve));
		return Promise.resolve(this.#begin(next));
	}

	/** The work on a key has ended, well or not. */
	done(key: ObjectKey): void {
		const began = this.#running.get(key);
		if (began === undefined) return;
		this.#running.delete(key);
		this.#meter.worked(this.#timing.monotonic() - began);
		const again = this.#dirty.get(key);
		this.#dirty.delete(key);
		if (again !== undefined) this.#offer(again);
	}

	/** Hands out nothing more and takes nothing more; what runs is left to end. */
	[Symbol.dispose](): void {
		this.#stopped = true;
		this.#alarm[Symbol.dispose]();
		this.#delays.clear();
		this.#ready.clear();
		this.#dirty.clear();
		this.#failures.clear();
		for (const taker of this.#takers.splice(0)) taker(undefined);
	}

	#join(key: ObjectKey, asked: number): void {
		const delayed = this.#delays.remove(key);
		if (delayed !== undefined) this.#alarm.set(this.#delays.nextAt);
		const priority = Math.max(asked, delayed?.priority ?? asked);
		const since = this.#timing.monotonic();
		if (!this.#running.has(key)) {
			if (!this.#ready.has(key)) this.#meter.added();
			this.#offer({ key, priority, since });
			return;
		}
		const dirty = this.#dirty.get(key);
		if (dirty === undefined) this.#meter.added();
		this.#dirty.set(key, {
			key,
			priority: Math.max(priority, dirty?.priority ?? priority),
			since: dirty?.since ?? since,
		});
	}

	/** Who waits for work gets it at once, and is not there unless nothing else could be taken. */
	#offer(ready: Ready): void {
		if (this.#stopped) return;
		const taker = this.#takers.shift();
		if (taker === undefined) this.#ready.add(ready);
		else taker(this.#begin(ready));
	}

	#begin({ key, priority, since }: Ready): Work {
		const now = this.#timing.monotonic();
		this.#running.set(key, now);
		this.#meter.taken(now - since);
		return { key, priority };
	}

	#release(): void {
		const now = this.#timing.monotonic();
		for (let due = this.#delays.takeDue(now); due !== undefined; due = this.#delays.takeDue(now)) {
			this.#join(due.key, due.priority);
		}
		this.#alarm.set(this.#delays.nextAt);
	}

	#state(): QueueState {
		const now = this.#timing.monotonic();
		const ages = [...this.#running.values()].map((began) => now - began);
		return {
			depths: this.#ready.depths(),
			unfinishedMs: ages.reduce((sum, age) => sum + age, 0),
			longestMs: Math.max(0, ...ages),
		};
	}
}
