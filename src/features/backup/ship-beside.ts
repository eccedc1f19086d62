import { setTimeout as sleep } from "node:timers/promises";
import type { BackupDeps, Work } from "./backup-work.ts";
import { shipJournal, writeMark } from "./ship-journal.ts";

/** How the journal is shipped beside other work at the archive. */
export interface Shipping {
	readonly work: Work;
	/** As {@link shipJournal} has it. */
	readonly needed: ReadonlyMap<string, number>;
	/** From the end of one round to the next one, milliseconds. */
	readonly intervalMs: number;
}

/**
 * Ships the journal in rounds while `act` goes on, so that what would be lost with the registry is no older for what is
 * done; the first round is over before it begins, and the last one when this resolves. A round that fails ends `act`.
 *
 * @throws what `act` throws; BackupError, StoreError, MetadataError of a round
 */
export const shipBeside = async <T>(
	deps: BackupDeps,
	shipping: Shipping,
	act: (signal: AbortSignal) => Promise<T>,
	signal: AbortSignal,
): Promise<T> => {
	await shipRound(deps, shipping, signal);
	const acted = new AbortController();
	const failed = new AbortController();
	const within = AbortSignal.any([signal, failed.signal]);
	const rounds = shipInRounds(deps, shipping, { acted: acted.signal, signal: within }).catch((error: unknown) =>
		failed.abort(error),
	);
	try {
		const result = await act(within);
		acted.abort();
		await rounds;
		failed.signal.throwIfAborted();
		return result;
	} catch (error) {
		acted.abort();
		failed.abort(error);
		await rounds;
		throw error;
	}
};

const shipInRounds = async (
	deps: BackupDeps,
	shipping: Shipping,
	{ acted, signal }: { readonly acted: AbortSignal; readonly signal: AbortSignal },
): Promise<void> => {
	const resting = AbortSignal.any([acted, signal]);
	for (;;) {
		await sleep(shipping.intervalMs, undefined, { signal: resting }).catch(() => undefined);
		if (resting.aborted) return;
		await shipRound(deps, shipping, signal);
	}
};

const shipRound = async (deps: BackupDeps, { work, needed }: Shipping, signal: AbortSignal): Promise<void> => {
	const { mark, shipped } = await shipJournal(deps, work, needed, signal);
	if (shipped > 0) await writeMark(deps, mark, signal);
	deps.meter.shipped(mark.until);
};
