/** A key that waits in the model, for its turn or for its time. */
interface Waiting {
	readonly key: string;
	readonly priority: number;
	/** Its place in line; for one whose time has not come, that time. */
	readonly at: number;
}

/** What a work queue is to do, said as plainly as can be: lists that are searched from end to end. */
export class QueueModel {
	readonly begun: string[] = [];
	readonly running = new Set<string>();
	#now = 0;
	#order = 0;
	#takers = 0;
	#overtaken = 0;
	#ready: Waiting[] = [];
	#delayed: Waiting[] = [];
	readonly #dirty = new Map<string, number>();
	readonly #failures = new Map<string, number>();

	/** How many keys wait in any way. */
	get waiting(): number {
		return this.#ready.length + this.#delayed.length + this.#dirty.size;
	}

	get takers(): number {
		return this.#takers;
	}

	add(key: string, priority: number, afterMs: number): void {
		const sooner = this.#dirty.has(key) || this.#ready.some((each) => each.key === key);
		if (afterMs <= 0 || sooner) {
			this.#join(key, priority);
			return;
		}
		const at = this.#now + afterMs;
		const known = this.#delayed.find((each) => each.key === key);
		if (known !== undefined && known.at <= at && known.priority >= priority) return;
		this.#delayed = this.#delayed.filter((each) => each !== known);
		this.#delayed.push({
			key,
			priority: Math.max(priority, known?.priority ?? priority),
			at: Math.min(at, known?.at ?? at),
		});
	}

	retry(key: string, priority: number, chance: number): void {
		const failures = this.#failures.get(key) ?? 0;
		this.#failures.set(key, failures + 1);
		this.add(key, priority, chance * Math.min(900_000, 750 * 2 ** failures));
	}

	forget(key: string): void {
		this.#failures.delete(key);
	}

	take(): void {
		this.#takers++;
		this.#serve();
	}

	done(key: string): void {
		this.running.delete(key);
		const priority = this.#dirty.get(key);
		if (priority === undefined) return;
		this.#dirty.delete(key);
		this.#join(key, priority);
	}

	advance(ms: number): void {
		const end = this.#now + ms;
		for (;;) {
			const due = this.#delayed.filter((each) => each.at <= end).sort((a, b) => a.at - b.at)[0];
			if (due === undefined) break;
			this.#now = due.at;
			this.#delayed = this.#delayed.filter((each) => each !== due);
			this.#join(due.key, due.priority);
		}
		this.#now = end;
	}

	#join(key: string, asked: number): void {
		const delayed = this.#delayed.find((each) => each.key === key);
		this.#delayed = this.#delayed.filter((each) => each !== delayed);
		const priority = Math.max(asked, delayed?.priority ?? asked);
		if (this.running.has(key)) {
			this.#dirty.set(key, Math.max(priority, this.#dirty.get(key) ?? priority));
			return;
		}
		const known = this.#ready.find((each) => each.key === key);
		if (known !== undefined && known.priority >= priority) return;
		this.#ready = this.#ready.filter((each) => each !== known);
		this.#ready.push({ key, priority, at: this.#order++ });
		this.#serve();
	}

	#serve(): void {
		if (this.#takers === 0 || this.#ready.length === 0) return;
		const next = this.#choose();
		this.#ready = this.#ready.filter((each) => each !== next);
		this.#takers--;
		this.running.add(next.key);
		this.begun.push(`${next.key} ${next.priority}`);
	}

	#choose(): Waiting {
		const byAge = [...this.#ready].sort((a, b) => a.at - b.at);
		const top = Math.max(...byAge.map((each) => each.priority));
		const urgent = byAge.filter((each) => each.priority === top);
		const others = byAge.filter((each) => each.priority !== top);
		this.#overtaken = others.length === 0 ? 0 : this.#overtaken + 1;
		const [first] = this.#overtaken > 8 ? others : urgent;
		if (this.#overtaken > 8) this.#overtaken = 0;
		if (first === undefined) throw new Error("nothing is ready");
		return first;
	}
}
