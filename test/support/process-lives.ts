import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { LimaniProcess } from "./limani-process.ts";
import type { Lives } from "./push-ledger.ts";

/** How long workers whose first process died may take to end by themselves, in milliseconds. */
const LINGER_MS = 5_000;

/** The processes that a registry's first process started, as long as that one lives. */
export const childrenOf = ({ child: { pid } }: LimaniProcess): readonly number[] => {
	try {
		const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
		return text.split(" ").flatMap((word) => (word.trim() === "" ? [] : [Number(word)]));
	} catch {
		return [];
	}
};

/** Sends a signal to a process that may be gone. @returns whether it was there */
export const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
	try {
		return process.kill(pid, name);
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
		throw error;
	}
};

/** Counts the lives of a registry. Workers of one life may still be there when the next has begun. */
export class ProcessLives implements Lives {
	current = 0;
	/** By life: processes that were seen in it, and may be left. */
	readonly #left = new Map<number, Set<number>>([[0, new Set()]]);
	readonly #ends: Promise<void>[] = [];

	get dead(): number {
		return Math.min(...this.#left.keys()) - 1;
	}

	/** Remembers the workers that the registry has now. */
	look(limani: LimaniProcess): void {
		for (const pid of childrenOf(limani)) this.#left.get(this.current)?.add(pid);
	}

	/** The first process is dead; its workers are killed now, or end by themselves while the next life begins. */
	end(killWorkers: boolean): void {
		const life = this.current;
		const pids = this.#left.get(life) ?? new Set();
		this.current += 1;
		this.#left.set(this.current, new Set());
		if (killWorkers) for (const pid of pids) signal(pid, "SIGKILL");
		this.#ends.push(this.#bury(life, pids));
	}

	/** Resolves when no process of an ended life is left. */
	async allEnded(): Promise<void> {
		await Promise.all(this.#ends);
	}

	async #bury(life: number, pids: ReadonlySet<number>): Promise<void> {
		const deadline = performance.now() + LINGER_MS;
		for (const pid of pids) {
			while (signal(pid, 0)) {
				if (performance.now() > deadline) signal(pid, "SIGKILL");
				await sleep(20);
			}
		}
		this.#left.delete(life);
	}
}
