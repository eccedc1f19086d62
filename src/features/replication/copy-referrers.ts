import type { Digest } from "#/oci/digest.ts";
import type { Pair } from "./copier.ts";
import type { RunContext } from "./run-context.ts";

/** Referrers of referrers, and so on. */
const MAX_DEPTH = 4;

/**
 * Copies what refers to manifests, and to that.
 *
 * @param before done once before the first is copied; not at all when there is none
 * @returns the digests of all referrers, those that were there already too
 */
export const copyReferrers = async (
	run: RunContext,
	pair: Pair,
	subjects: readonly Digest[],
	before: (() => Promise<void>) | undefined,
	signal: AbortSignal,
): Promise<readonly Digest[]> => {
	const { copier, source } = run;
	const found = new Set<Digest>();
	let first = before;
	let layer = subjects;
	for (let depth = 0; depth < MAX_DEPTH && layer.length > 0; depth++) {
		const next: Digest[] = [];
		for (const subject of layer) {
			for (const { digest } of await source.registry.referrers(pair.source, subject, signal)) {
				if (found.has(digest)) continue;
				found.add(digest);
				await first?.();
				first = undefined;
				await copier.copy(pair, digest, signal);
				next.push(digest);
			}
		}
		layer = next;
	}
	return [...found];
};
