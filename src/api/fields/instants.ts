import { z } from "zod";

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** A point in time as RFC 3339 writes it, with a zone. */
export const instant = z
	.string()
	.max(64)
	.refine(
		(text) => RFC_3339.test(text) && !Number.isNaN(Date.parse(text)),
		"expected a time such as 2030-01-31T12:00:00Z",
	)
	.meta({ format: "date-time" });

/** Milliseconds since the epoch of what {@link instant} lets pass. */
export const instantMs = (text: string): number => Date.parse(text);

/** A point in time as statuses carry it: whole seconds, as the API server writes its own. */
export const formatInstant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/**
 * A point in time that can be asked for again, such as what an archive can restore: to the millisecond, since a whole
 * second before it is another instant, which may not be had.
 */
export const formatExactInstant = (ms: number): string => new Date(ms).toISOString();
