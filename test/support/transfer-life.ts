// One life of a process that takes metadata to another database, on databases that outlive it; it can be cut off after
// any of its effects.
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import type { CopyLimits } from "#/metadata/sql/transfer/copy.ts";
import { SwitchingExecutor } from "#/metadata/sql/transfer/switching-executor.ts";
import { Transfer } from "#/metadata/sql/transfer/transfer.ts";

/** Where a life ends: at its so-manieth effect, which is made or not. */
export interface Cut {
	readonly effect: number;
	readonly isMade: boolean;
}

/** What a life works with. */
export interface TransferLifeOpts {
	readonly source: SqlExecutor;
	readonly target: SqlExecutor;
	readonly cut?: Cut;
	readonly limits?: CopyLimits;
	readonly holdMs?: number;
	/** Called before each effect, which waits for it. */
	readonly before?: (name: string) => Promise<void> | void;
}

/** After so many it gives up, which no life does. */
const MAX_FAILURES = 10;

const TINY: CopyLimits = { maxRows: 2, maxBytes: 200, maxChanges: 3 };

/** See the head of this file. */
export class TransferLife {
	readonly gate: SwitchingExecutor;
	readonly failures: unknown[] = [];
	/** Why it ended itself; undefined while it did not. */
	torn: unknown;
	effects = 0;
	isCut = false;
	moved = false;
	/** Rows that went over in pages, of all, as it said last. */
	progress: readonly [done: number, all: number] | undefined;
	readonly #opts: TransferLifeOpts;
	readonly #ending = new AbortController();
	readonly #running: Promise<void>;

	constructor(opts: TransferLifeOpts) {
		this.#opts = opts;
		const source = this.#cut(opts.source);
		this.gate = new SwitchingExecutor(source);
		let now = 0;
		let ids = 0;
		const transfer = new Transfer({
			source,
			gate: this.gate,
			openTarget: async (identity) => {
				const target = this.#cut(opts.target);
				await target.read("transfer.foreign", { identity });
				return target;
			},
			targetName: "another",
			newId: () => `id-${performance.now()}-${ids++}`,
			timing: {
				// A step ends after a few pages.
				monotonic: () => (now += 150),
				random: () => 0,
				sleep: async (_, signal) => {
					await turn();
					signal.throwIfAborted();
				},
			},
			watch: {
				stage: () => undefined,
				failed: (error) => {
					this.failures.push(error);
					if (this.failures.length === MAX_FAILURES) this.#ending.abort();
				},
				copied: () => undefined,
				progress: (done, all) => {
					assert.ok(done <= all);
					this.progress = [done, all];
				},
				moved: () => {
					this.moved = true;
				},
			},
			end: (error) => {
				this.torn = error;
			},
			limits: opts.limits ?? TINY,
			...(opts.holdMs === undefined ? {} : { holdMs: opts.holdMs }),
		});
		this.#running = transfer.run(this.#ending.signal);
	}

	/** Whether it has moved, was cut off, or gave up. */
	get isOver(): boolean {
		return this.moved || this.isCut || this.failures.length >= MAX_FAILURES;
	}

	/** Resolves when it has moved, was cut off, or ended itself. */
	async ended(): Promise<void> {
		await this.#running;
	}

	#cut(engine: SqlExecutor): SqlExecutor {
		const { cut, before } = this.#opts;
		return {
			read: async (name, input, signal) => {
				this.#refuseDead();
				return await engine.read(name, input, signal);
			},
			write: async (name, input, opts) => {
				await turn();
				await before?.(name);
				this.#refuseDead();
				if (name.startsWith("transfer.")) this.effects += 1;
				const isLast = name.startsWith("transfer.") && this.effects === cut?.effect;
				if (isLast && !cut?.isMade) this.#die();
				const answer = await engine.write(name, input, opts);
				if (isLast) this.#die();
				return answer;
			},
			openSnapshot: async (signal) => {
				this.#refuseDead();
				return await engine.openSnapshot(signal);
			},
			ping: (signal) => engine.ping(signal),
			// The databases outlive it.
			[Symbol.asyncDispose]: async () => undefined,
		};
	}

	#die(): never {
		this.isCut = true;
		this.#ending.abort();
		throw new Error("the process died");
	}

	#refuseDead(): void {
		if (this.isCut) throw new Error("the process is dead");
	}
}
