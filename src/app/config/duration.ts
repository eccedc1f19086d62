import { z } from "zod";

const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const EXPECTED = "expected a duration such as 90s, 5m or 1h30m";

/** Milliseconds of a duration such as `90s`, `5m` or `1h30m`; undefined when it is none. */
const parseDuration = (text: string): number | undefined => {
	if (!/^(\d+(ms|s|m|h|d))+$/.test(text)) return undefined;
	let total = 0;
	for (const [, count = "", unit = ""] of text.matchAll(/(\d+)(ms|s|m|h|d)/g))
		total += Number(count) * (UNITS[unit] ?? 0);
	return total;
};

/** A schema of durations written like `5m`, or as whole milliseconds, parsed to milliseconds. */
export const durationMs = (fallback: string) =>
	z
		.union([z.string(), z.int().min(0)], { error: EXPECTED })
		.default(fallback)
		.transform((value, context) => {
			const ms = typeof value === "number" ? value : parseDuration(value);
			if (ms !== undefined) return ms;
			context.addIssue({ code: "custom", message: EXPECTED });
			return z.NEVER;
		});
