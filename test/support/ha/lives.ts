import type { Lives } from "../push-ledger.ts";

/** Lives of a registry of several processes: a new one begins with each process, and is over with the last older one. */
export class ReplicaLives implements Lives {
	current = 0;
	readonly #births = new Map<object, number>();

	get dead(): number {
		return Math.min(this.current, ...this.#births.values()) - 1;
	}

	/** A process begins: what was asked before it began is not in it. */
	born(replica: object): void {
		this.current += 1;
		this.#births.set(replica, this.current);
	}

	/** Nothing of a process is left. */
	ended(replica: object): void {
		this.#births.delete(replica);
	}
}
