import { Heap } from "@thi.ng/heaps";
import type { ObjectKey } from "#/kube/kube-object.ts";

/** A key whose time has not come. */
export interface Delayed {
	readonly key: ObjectKey;
	/** When it comes, by the monotonic clock. */
	readonly at: number;
	readonly priority: number;
}

interface Entry extends Delayed {
	readonly order: number;
}

const SPARE_ENTRIES = 64;

/**
 * Keys that wait for their time, each once: of two times the earlier one counts, of two priorities the higher one.
 * Entries that no longer count stay in the heap until they surface or become the greater part of it.
 */
export class Delays {
	#heap = newHeap();
	readonly #entries = new Map<ObjectKey, Entry>();
	#order = 0;

	/** How many keys wait. */
	get size(): number {
		return this.#entries.size;
	}

	/** When the next one's time comes; absent when none waits. */
	get nextAt(): number | undefined {
		return this.#head()?.at;
	}

	/** Lets a key wait until `at`. */
	add({ key, at, priority }: Delayed): void {
		const known = this.#entries.get(key);
		if (known !== undefined && known.at <= at && known.priority >= priority) return;
		const entry: Entry = {
			key,
			at: Math.min(at, known?.at ?? at),
			priority: Math.max(priority, known?.priority ?? priority),
			order: this.#order++,
		};
		this.#entries.set(key, entry);
		this.#heap.push(entry);
		this.#sweep();
	}

	/** Waits for that key no longer. Absent when it did not wait. */
	remove(key: ObjectKey): Delayed | undefined {
		const entry = this.#entries.get(key);
		this.#entries.delete(key);
		return entry;
	}

	/** Takes one whose time has come by `now`; absent when there is none. */
	takeDue(now: number): Delayed | undefined {
		const head = this.#head();
		if (head === undefined || head.at > now) return undefined;
		this.#heap.pop();
		this.#entries.delete(head.key);
		return head;
	}

	/** Forgets all of them. */
	clear(): void {
		this.#entries.clear();
		this.#heap.clear();
	}

	#head(): Entry | undefined {
		for (let head = this.#heap.peek(); head !== undefined; head = this.#heap.peek()) {
			if (this.#entries.get(head.key) === head) return head;
			this.#heap.pop();
		}
		return undefined;
	}

	#sweep(): void {
		if (this.#heap.length <= 2 * this.#entries.size + SPARE_ENTRIES) return;
		this.#heap = newHeap(this.#entries.values());
	}
}

const newHeap = (entries?: Iterable<Entry>): Heap<Entry> =>
	new Heap<Entry>(entries, { compare: (a, b) => a.at - b.at || a.order - b.order });
