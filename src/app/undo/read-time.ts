import { ConfigError } from "#/app/config/load.ts";

/** Milliseconds since the epoch. @throws ConfigError for what is no time with its zone */
export const readTime = (option: string, text: string): number => {
	const ms = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
	if (!Number.isNaN(ms)) return ms;
	throw new ConfigError(`${option}: got ${JSON.stringify(text)}: expected a time such as 2026-01-31T12:00:00Z`);
};
