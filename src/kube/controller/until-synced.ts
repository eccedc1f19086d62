import { KubeError } from "#/kube/kube-error.ts";
import type { Timing } from "#/lib/timing.ts";

/** Something that is to be filled. */
export interface Filling {
	readonly name: string;
	readonly synced: boolean;
}

const LOOK_EVERY_MS = 50;

/**
 * Until all are filled.
 *
 * @throws KubeError UNAVAILABLE after `timeoutMs`, naming those that are not
 */
export const untilSynced = async (
	all: readonly Filling[],
	{ timing, timeoutMs }: { readonly timing: Timing; readonly timeoutMs: number },
	signal: AbortSignal,
): Promise<void> => {
	const end = timing.monotonic() + timeoutMs;
	for (let missing = all.filter(isMissing); missing.length > 0; missing = missing.filter(isMissing)) {
		if (timing.monotonic() >= end) {
			const names = missing.map(({ name }) => name).join(", ");
			throw new KubeError("UNAVAILABLE", `not filled after ${timeoutMs / 1000} s: ${names}`);
		}
		await timing.sleep(LOOK_EVERY_MS, signal);
	}
};

const isMissing = ({ synced }: Filling): boolean => !synced;
