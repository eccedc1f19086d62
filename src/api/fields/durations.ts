import { z } from "zod";
import type { Rule } from "./rules.ts";

/** Days, hours, minutes, seconds: each at most once, in this order. */
const DURATION = /^([0-9]{1,4}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$/;

const UNITS: { readonly [unit: string]: number } = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };

/** A duration such as `30d`, `12h` or `1h30m`. */
export const duration = z.string().min(2).max(26).regex(DURATION, "expected a duration such as 30d, 12h or 1h30m");

/** Milliseconds of what {@link duration} lets pass: at most some 5e12. */
export const durationMs = (text: string): number => {
	let total = 0;
	for (const [, count = "", unit = ""] of text.matchAll(/([0-9]+)([dhms])/g))
		total += Number(count) * (UNITS[unit] ?? 0);
	return total;
};

/**
 * The CEL expression for the seconds of a duration that stands in `path`. CEL's own durations know no days. Cutting by
 * substring, not by split, lets the API server see that the cost is bounded.
 */
export const secondsCel = (path: string): string =>
	`((${path}.contains('d') ? int(${path}.substring(0, ${path}.indexOf('d'))) * 86400 : 0) + ` +
	`duration(${path}.endsWith('d') ? '0s' : ${path}.substring(${path}.indexOf('d') + 1)).getSeconds())`;

/** A duration is not shorter than another, such as `1m`. */
export const atLeast = (shortest: string): Rule<string> => ({
	rule: `${secondsCel("self")} >= ${durationMs(shortest) / 1_000}`,
	message: `expected ${shortest} or more`,
	holds: (text) => durationMs(text) >= durationMs(shortest),
});
