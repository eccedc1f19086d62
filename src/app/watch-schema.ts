import { setTimeout as sleep } from "node:timers/promises";
import type { Metadata } from "#/metadata/metadata.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { Report } from "#/registry/report.ts";

/** How often is looked, milliseconds: far less than a rolling update takes. */
const INTERVAL_MS = 5_000;

/** What {@link watchSchema} works with. */
export interface SchemaWatchDeps {
	readonly metadata: Pick<Metadata, "ping">;
	readonly report: Report;
	/** @defaultValue 5 000 ms */
	readonly intervalMs?: number;
}

/**
 * Resolves true when a later release has brought the database to a schema that this one must not write any more: that is
 * checked at the start, and replicas of two releases run side by side. False when `signal` was aborted before.
 */
export const watchSchema = async (
	{ metadata, report, intervalMs = INTERVAL_MS }: SchemaWatchDeps,
	signal: AbortSignal,
): Promise<boolean> => {
	while (!signal.aborted) {
		await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
		try {
			if (!signal.aborted) await metadata.ping(signal);
		} catch (error) {
			// Whether it answers at all is for others to tell.
			if (!(error instanceof MetadataError) || error.code !== "SCHEMA" || signal.aborted) continue;
			report({ event: "housekeeping.ended", level: "error", error });
			return true;
		}
	}
	return false;
};
