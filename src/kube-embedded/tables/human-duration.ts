const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How many whole units, and what is left of the next smaller one where there is any. */
const parts = (ms: number, [unit, letter]: [number, string], [smaller, small]: [number, string]): string => {
	const rest = Math.floor((ms % unit) / smaller);
	return `${Math.floor(ms / unit)}${letter}${rest === 0 ? "" : `${rest}${small}`}`;
};

/** A span of milliseconds as kubectl shows ages: `45s`, `3m20s`, `5d2h`. A clock that is slightly behind gives `0s`. */
export const humanDuration = (ms: number): string => {
	if (ms < -SECOND) return "<invalid>";
	if (ms < 2 * MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))}s`;
	if (ms < 10 * MINUTE) return parts(ms, [MINUTE, "m"], [SECOND, "s"]);
	if (ms < 3 * HOUR) return `${Math.floor(ms / MINUTE)}m`;
	if (ms < 8 * HOUR) return parts(ms, [HOUR, "h"], [MINUTE, "m"]);
	if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
	if (ms < 8 * DAY) return parts(ms, [DAY, "d"], [HOUR, "h"]);
	if (ms < 2 * 365 * DAY) return `${Math.floor(ms / DAY)}d`;
	if (ms < 8 * 365 * DAY) return parts(ms, [365 * DAY, "y"], [DAY, "d"]);
	return `${Math.floor(ms / (365 * DAY))}y`;
};

/** How long ago a point in time was; `<unknown>` where there is none. @param now milliseconds since 1970 */
export const humanAge = (time: unknown, now: number): string => {
	const at = typeof time === "string" ? Date.parse(time) : Number.NaN;
	return Number.isNaN(at) ? "<unknown>" : humanDuration(now - at);
};
