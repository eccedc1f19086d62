import type { Step } from "#/metadata/sql/engine/statement.ts";
import { endCapture, isCapturing } from "./capture.ts";
import { readSchema } from "./departure.ts";

/**
 * Ends a capture that a life of an earlier release left: its triggers must not be at work while tables change. One of
 * this release's stays, for the writer alone may have started anew.
 *
 * @param schema the number that the database is to be brought to
 */
export function* endStaleCapture(schema: number): Step<void> {
	if ((yield* isCapturing()) && (yield* readSchema()) < schema) yield* endCapture();
}
