import type { Clock } from "#/lib/clock.ts";
import { CodedError } from "#/lib/coded-error.ts";
import type { Move, Moves } from "#/metadata/moves.ts";
import type { MoveCounts } from "./move-project.ts";

/** Tells those who observe a project how its move goes. */
export interface TellMove {
	/** At most every few seconds. */
	progress(counts: MoveCounts): Promise<void>;
	/** It waits, and why. */
	failed(error: unknown, counts: MoveCounts): Promise<void>;
	/** It is over. */
	end(): Promise<void>;
}

/** How often progress is told, milliseconds. */
const INTERVAL_MS = 3_000;

/** Tells of one move, by reports of the form {@link moveReport} of `api/`. */
export const tellMove = (
	{ moves, clock }: { readonly moves: Moves; readonly clock: Pick<Clock, "monotonic"> },
	move: Move,
): TellMove => {
	let toldAt = Number.NEGATIVE_INFINITY;
	const tell = async (counts: MoveCounts, message: string | undefined): Promise<void> => {
		toldAt = clock.monotonic();
		const { repositories, moved } = await moves.progress(move);
		const { blobs: copiedBlobs, bytes: copiedBytes } = counts;
		const progress = { to: move.to, repositories, moved, copiedBlobs, copiedBytes };
		await moves.report(move.uid, { move: { ...progress, ...(message === undefined ? {} : { message }) } });
	};
	return {
		progress: async (counts) => {
			if (clock.monotonic() - toldAt >= INTERVAL_MS) await tell(counts, undefined);
		},
		failed: (error, counts) =>
			tell(counts, error instanceof CodedError ? error.message : "it failed, the log says more"),
		end: () => moves.report(move.uid, {}),
	};
};
