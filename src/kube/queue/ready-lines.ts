import type { ObjectKey } from "#/kube/kube-object.ts";

/** A key whose turn may come any time. */
export interface Ready {
	readonly key: ObjectKey;
	readonly priority: number;
	/** Since when it waits, by the monotonic clock. */
	readonly since: number;
}

interface Ticket extends Ready {
	readonly order: number;
}

/** The tickets of one priority, first come first. Those before `head` are gone. */
interface Line {
	tickets: Ticket[];
	head: number;
}

const TRIM_AT = 1024;

/**
 * Keys that could be taken, each once: the higher priority first, within one priority who came first. So that a stream
 * of urgent keys does not keep the others waiting for ever, after `overtakes` of them in a row the one that waits
 * longest in the other lines gets a turn.
 */
export class ReadyLines {
	readonly #overtakes: number;
	readonly #tickets = new Map<ObjectKey, Ticket>();
	readonly #lines = new Map<number, Line>();
	#order = 0;
	#overtaken = 0;

	constructor(overtakes: number) {
		this.#overtakes = overtakes;
	}

	/** Whether that key waits here. */
	has(key: ObjectKey): boolean {
		return this.#tickets.has(key);
	}

	/** Lets a key wait for its turn; one that waits already changes to the line of the higher priority. */
	add({ key, priority, since }: Ready): void {
		const known = this.#tickets.get(key);
		if (known !== undefined && known.priority >= priority) return;
		const ticket = { key, priority, since: known?.since ?? since, order: this.#order++ };
		this.#tickets.set(key, ticket);
		const line = this.#lines.get(priority);
		if (line === undefined) this.#lines.set(priority, { tickets: [ticket], head: 0 });
		else line.tickets.push(ticket);
	}

	/** The next one; absent when none waits. */
	take(): Ready | undefined {
		const heads = this.#heads();
		const [urgent, ...others] = heads.sort((a, b) => b.priority - a.priority);
		if (urgent === undefined) return undefined;
		const ticket = this.#choose(urgent, others);
		this.#tickets.delete(ticket.key);
		return ticket;
	}

	/** How many wait, by priority. */
	depths(): ReadonlyMap<number, number> {
		const depths = new Map<number, number>();
		for (const { priority } of this.#tickets.values()) depths.set(priority, (depths.get(priority) ?? 0) + 1);
		return depths;
	}

	/** Forgets all of them. */
	clear(): void {
		this.#tickets.clear();
		this.#lines.clear();
	}

	#choose(urgent: Ticket, others: readonly Ticket[]): Ticket {
		if (others.length === 0) {
			this.#overtaken = 0;
			return urgent;
		}
		this.#overtaken++;
		if (this.#overtaken <= this.#overtakes) return urgent;
		this.#overtaken = 0;
		return others.reduce((oldest, other) => (other.order < oldest.order ? other : oldest));
	}

	#heads(): Ticket[] {
		const heads: Ticket[] = [];
		for (const [priority, line] of this.#lines) {
			const head = this.#headOf(line);
			if (head === undefined) this.#lines.delete(priority);
			else heads.push(head);
		}
		return heads;
	}

	/** A ticket that was taken, or given up for one of higher priority, falls away when it comes to the front. */
	#headOf(line: Line): Ticket | undefined {
		for (; line.head < line.tickets.length; line.head++) {
			const ticket = line.tickets[line.head];
			if (ticket === undefined || this.#tickets.get(ticket.key) !== ticket) continue;
			if (line.head >= TRIM_AT && 2 * line.head >= line.tickets.length) {
				line.tickets = line.tickets.slice(line.head);
				line.head = 0;
			}
			return ticket;
		}
		return undefined;
	}
}
