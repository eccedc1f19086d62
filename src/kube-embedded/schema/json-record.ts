/** A JSON object. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object (no list, not null). */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
	typeof value === "object" && value !== null && !Array.isArray(value);

/** The JSON object at a key; empty when there is none. */
export const recordAt = (record: JsonRecord, key: string): JsonRecord => {
	const value = record[key];
	return isRecord(value) ? value : {};
};

/** The JSON list at a key; empty when there is none. */
export const listAt = (record: JsonRecord, key: string): readonly unknown[] => {
	const value = record[key];
	return Array.isArray(value) ? value : [];
};

/** The string at a key; absent when there is none. */
export const stringAt = (record: JsonRecord, key: string): string | undefined => {
	const value = record[key];
	return typeof value === "string" ? value : undefined;
};
