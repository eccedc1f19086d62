/** Takes a registry's metadata from its embedded database to another one while it is used. */
import type { Timing } from "#/lib/timing.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { Copy, type CopyLimits } from "./copy.ts";
import { assertClocks } from "./load.ts";
import { type SwitchEnd, switchOver } from "./switch-over.ts";
import type { SwitchingExecutor } from "./switching-executor.ts";
import { TransferError } from "./transfer-error.ts";

/** What a transfer is at. `waiting`: for the target, or until what keeps it from being used is put right. */
export type TransferStage = "waiting" | "copying" | "verifying" | "moved";

/** Is told what becomes of a transfer. */
export interface TransferWatch {
	stage(stage: TransferStage): void;
	/** Why it waits; it tries again by itself. */
	failed(error: unknown): void;
	/** So many rows went over. */
	copied(rows: number): void;
	/** So many rows are in the target, of so many that there were when it began. */
	progress(done: number, all: number): void;
	/** Writes were held for so long, milliseconds, and go to the target since. */
	moved(heldMs: number): void;
}

/** What a {@link Transfer} works with. */
export interface TransferDeps {
	/** The embedded database, beside the gate. */
	readonly source: SqlExecutor;
	/** What everybody else uses; it begins on the source. */
	readonly gate: SwitchingExecutor;
	/** Opens the target, with its schema, if it may be used. @throws TransferError, MetadataError, without long waits */
	readonly openTarget: (identity: string) => Promise<SqlExecutor>;
	/** The target in words for people, without secrets. */
	readonly targetName: string;
	readonly newId: () => string;
	readonly timing: Timing;
	readonly watch: TransferWatch;
	/** Ends the process, which cannot tell any more where the registry's metadata is: its next life can. */
	readonly end: (error: unknown) => void;
	readonly limits?: CopyLimits;
	/** How long writes may be held, milliseconds. */
	readonly holdMs?: number;
}

/** How long one snapshot of the source is used: for as long, the source's log grows. */
const STEP_MS = 500;
/** A round that brought over so few rows, or took no longer, can be the last but one: the last is like it. */
const LAST_CHANGES = 500;
const LAST_ROUND_MS = 300;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** After so many failures one after the other the copy is given up: what is caught must not pile up for ever. */
const TRIES = 20;

/** What one attempt works on. */
interface Attempt {
	readonly copy: Copy;
	readonly target: SqlExecutor;
	readonly identity: string;
	readonly transfer: string;
	readonly tables: Parameters<typeof switchOver>[0]["tables"];
	/** Rows of all of them when it began. */
	readonly all: number;
}

/** See the head of this file. */
export class Transfer {
	readonly #deps: TransferDeps;

	constructor(deps: TransferDeps) {
		this.#deps = deps;
	}

	/** Tries until the metadata has moved, or `signal` is aborted. */
	async run(signal: AbortSignal): Promise<void> {
		for (let failures = 0; !signal.aborted; failures++) {
			try {
				return await this.#attempt(signal);
			} catch (error) {
				// What is here is older than what is there: nobody must write to it any more.
				if (error instanceof TransferError && error.code === "ARRIVED") return this.#deps.end(error);
				await this.#wait(error, failures, signal);
			}
		}
	}

	/** From the beginning. Resolves when the metadata has moved, or the process is to end. */
	async #attempt(signal: AbortSignal): Promise<void> {
		const { source, openTarget, newId, watch } = this.#deps;
		const identity = await source.write("origins.identify", { candidate: newId() });
		await using opening = new AsyncDisposableStack();
		const target = opening.use(await openTarget(identity));
		signal.throwIfAborted();
		const transfer = newId();
		const tables = await source.read("transfer.tables", undefined, signal);
		await source.write("transfer.beginCapture", { tables });
		try {
			const fence = await this.#claim({ target, identity, transfer, tables });
			const all = await this.#count(tables, signal);
			const { timing, limits } = this.#deps;
			const monotonic = () => timing.monotonic();
			const copied = (rows: number) => watch.copied(rows);
			const copy = new Copy({ source, target, tables, monotonic, copied, limits }, fence);
			await this.#finish({ copy, target, identity, transfer, tables, all }, signal);
			// Whoever uses the gate uses it from now on.
			opening.move();
		} catch (error) {
			await source.write("transfer.endCapture", undefined).catch(() => undefined);
			throw error;
		}
	}

	async #claim({ target, ...claim }: Omit<Attempt, "copy" | "all">): Promise<number> {
		const { source } = this.#deps;
		const schema = await source.read("transfer.schema", undefined);
		const sourceNow = await source.write("transfer.clock", undefined);
		const { fence, now } = await target.write("transfer.claim", { ...claim, schema });
		assertClocks(now - sourceNow);
		return fence;
	}

	async #count(tables: Attempt["tables"], signal: AbortSignal): Promise<number> {
		let all = 0;
		// One after the other: a registry that serves has other things to read.
		for (const table of tables) all += await this.#deps.source.read("transfer.count", { table }, signal);
		return all;
	}

	/** Makes steps until the switch, as often as it takes. */
	async #finish(attempt: Attempt, signal: AbortSignal): Promise<void> {
		const { copy, target, transfer } = attempt;
		let isRaised = true;
		/** Each of them holds writes, so they are never forgotten. */
		let switches = 0;
		for (let failures = 0; ; ) {
			try {
				// What failed may still be on its way: nothing is brought over before it surely has ended.
				if (!isRaised) copy.fence = await target.write("transfer.raiseFence", { transfer });
				isRaised = true;
				await this.#level(attempt, signal, () => {
					failures = switches;
				});
				const switched = await this.#switch(attempt, signal);
				if (switched.end !== "kept") return;
				switches += 1;
				if (switched.isSettled) throw new Unrepeatable(switched.error);
				throw switched.error;
			} catch (error) {
				if (error instanceof Unrepeatable) throw error.cause;
				if (signal.aborted || !isPassing(error) || failures === TRIES) throw error;
				isRaised = false;
				await this.#wait(error, failures, signal);
				failures += 1;
			}
		}
	}

	/**
	 * Brings the target so near to the source that the rest is a matter of moments.
	 *
	 * @param advanced called after each step that the rest is not behind yet
	 */
	async #level({ copy, all }: Attempt, signal: AbortSignal, advanced: () => void): Promise<void> {
		const { watch, timing } = this.#deps;
		for (;;) {
			const { stage } = copy;
			if (stage !== "level") watch.stage(stage);
			const started = timing.monotonic();
			const changes = await copy.step(STEP_MS, signal);
			// What came and went since it began was not counted; at the end of the pages it is.
			watch.progress(copy.paged, copy.stage === "copying" ? Math.max(copy.paged, all) : copy.paged);
			await copy.forget();
			if (stage === "level") {
				if (changes <= LAST_CHANGES || timing.monotonic() - started <= LAST_ROUND_MS) return;
			} else if (copy.stage === "level") await copy.rehearse(signal);
			advanced();
		}
	}

	async #switch(attempt: Attempt, signal: AbortSignal): Promise<SwitchEnd> {
		const { source, gate, targetName, timing, watch, end, holdMs } = this.#deps;
		const started = timing.monotonic();
		const failed = (error: unknown) => watch.failed(error);
		const switched = await switchOver({ ...attempt, source, gate, targetName, timing, failed, holdMs }, signal);
		if (switched.end === "torn") end(switched.error);
		if (switched.end === "switched") {
			watch.stage("moved");
			watch.moved(timing.monotonic() - started);
		}
		return switched;
	}

	async #wait(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
		if (signal.aborted) return;
		const { watch, timing } = this.#deps;
		watch.stage("waiting");
		watch.failed(error);
		const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
		await timing.sleep(pause * (0.5 + timing.random() / 2), signal).catch(() => undefined);
	}
}

/** A failure after which the copy cannot go on as it is. */
class Unrepeatable extends Error {
	constructor(cause: unknown) {
		super("the copy cannot go on", { cause });
	}
}

/** Whether what failed may well succeed when it is tried again: a database was away, or too slow. */
const isPassing = (error: unknown): boolean => {
	if (error instanceof TransferError) return false;
	if (error instanceof MetadataError) return error.code !== "SCHEMA";
	return error instanceof DOMException && error.name === "TimeoutError";
};
