import type { Timing } from "#/lib/timing.ts";
import { untilAborted } from "#/lib/until-aborted.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { fenced } from "./arrival.ts";
import type { Copy } from "./copy.ts";
import type { SwitchingExecutor } from "./switching-executor.ts";
import type { Table } from "./tables.ts";

/** Writes are held for no longer before the switch is put off, milliseconds. */
const HOLD_MS = 5_000;

/** What {@link switchOver} works with. */
export interface SwitchOverDeps {
	/** The embedded database, beside the gate. */
	readonly source: Pick<SqlExecutor, "read" | "write">;
	readonly target: SqlExecutor;
	readonly gate: SwitchingExecutor;
	readonly copy: Copy;
	readonly tables: readonly Table[];
	/** The transfer's id. */
	readonly transfer: string;
	/** The target in words for people. */
	readonly targetName: string;
	readonly timing: Timing;
	/** Told, once, why writes are held for longer than they should be. */
	readonly failed: (error: unknown) => void;
	/** @defaultValue 5 000 ms */
	readonly holdMs?: number | undefined;
}

/** How a switch ended. `torn`: nobody can go on from here, for what is written where is not known. */
export type SwitchEnd =
	| { readonly end: "switched" }
	/** Writes go on at the source; whether the copy can go on as well. */
	| { readonly end: "kept"; readonly error: unknown; readonly isSettled: boolean }
	| { readonly end: "torn"; readonly error: unknown };

/**
 * Holds writes, brings the last changes over, compares, and lets them go on at the target. The source says durably that
 * the metadata went before anything is written elsewhere: until then it is the registry's database, from then on the
 * target is, which was made whole before.
 */
export const switchOver = async (deps: SwitchOverDeps, signal: AbortSignal): Promise<SwitchEnd> => {
	const { gate, target, source, transfer, targetName } = deps;
	const progress = { isSettled: false };
	const held = AbortSignal.any([signal, AbortSignal.timeout(deps.holdMs ?? HOLD_MS)]);
	try {
		await untilAborted(held, () => makeWhole(deps, progress, held));
	} catch (error) {
		gate.open();
		return { end: "kept", error, isSettled: progress.isSettled };
	}
	try {
		await source.write("transfer.depart", { transfer, target: targetName });
	} catch (error) {
		if (!isUndone(error)) return { end: "torn", error };
		gate.open();
		return { end: "kept", error, isSettled: true };
	}
	// Others may write to the target as soon as it says that it is whole: nobody reads the source from here on.
	gate.use(target);
	try {
		await insistently(deps, signal);
	} catch (error) {
		return { end: "torn", error };
	}
	gate.open();
	return { end: "switched" };
};

const makeWhole = async (
	{ gate, copy, source, target, tables, transfer }: SwitchOverDeps,
	progress: { isSettled: boolean },
	signal: AbortSignal,
): Promise<void> => {
	await gate.close();
	await copy.finish(signal);
	const numbers = await source.read("transfer.numbers", undefined, signal);
	const sourceNow = await source.write("transfer.clock", undefined);
	signal.throwIfAborted();
	progress.isSettled = true;
	await target.write("transfer.settle", { fence: copy.fence, tables, numbers, sourceNow });
	// Another process may have taken it over since.
	const arrival = await target.read("transfer.arrival", undefined, signal);
	if (arrival?.state !== "settled" || arrival.transfer !== transfer || arrival.fence !== copy.fence) throw fenced();
	// Time may have run out while that was on its way.
	signal.throwIfAborted();
};

/** Whether a write was surely undone. A writer that died may have written first. */
const isUndone = (error: unknown): boolean => !(error instanceof MetadataError) || error.code === "FULL";

/** For so long the target is asked to take its mark, while writes wait, milliseconds. */
const INSIST_MS = 300_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Where the metadata is, is known by now: a target that is away for a while comes back with all of it. */
const insistently = async (
	{ target, transfer, timing, failed }: SwitchOverDeps,
	signal: AbortSignal,
): Promise<void> => {
	const end = timing.monotonic() + INSIST_MS;
	for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
		try {
			return await target.write("transfer.arrive", { transfer });
		} catch (error) {
			if (!(error instanceof MetadataError) || timing.monotonic() > end) throw error;
			if (pause === FIRST_PAUSE_MS) failed(error);
			await timing.sleep(pause, signal);
		}
	}
};
