/** Reading columns with their types checked: a mistake in a statement shows at once, and not three layers up. */
import { type Digest, isDigest } from "#/oci/digest.ts";
import type { Row } from "./statement.ts";

/** A text column that is never null. */
export function textOf(row: Row, column: string): string {
	const value = row[column];
	if (typeof value !== "string") throw new TypeError(`column ${column} is no text`);
	return value;
}

/** A whole number that is never null. */
export function intOf(row: Row, column: string): number {
	const value = row[column];
	if (typeof value !== "number") throw new TypeError(`column ${column} is no number`);
	return value;
}

/** Bytes that are never null. */
export function bytesOf(row: Row, column: string): Uint8Array {
	const value = row[column];
	if (!(value instanceof Uint8Array)) throw new TypeError(`column ${column} holds no bytes`);
	return value;
}

/** A text column; undefined for null. */
export function maybeText(row: Row, column: string): string | undefined {
	return row[column] === null ? undefined : textOf(row, column);
}

/** A whole number; undefined for null. */
export function maybeInt(row: Row, column: string): number | undefined {
	return row[column] === null ? undefined : intOf(row, column);
}

/** A 0 or 1 as a boolean. */
export function flagOf(row: Row, column: string): boolean {
	return intOf(row, column) !== 0;
}

/** What one of our own commands wrote as JSON; undefined for null. */
export function jsonOf(row: Row, column: string): unknown {
	const text = maybeText(row, column);
	return text === undefined ? undefined : JSON.parse(text);
}

/** True when the value is a JSON object, whose members are not known yet. */
export function isRecord(value: unknown): value is { readonly [member: string]: unknown } {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A digest that is never null. */
export function digestOf(row: Row, column: string): Digest {
	const text = textOf(row, column);
	if (!isDigest(text)) throw new TypeError(`column ${column} holds no digest`);
	return text;
}

/** A digest; undefined for null. */
export function maybeDigest(row: Row, column: string): Digest | undefined {
	return row[column] === null ? undefined : digestOf(row, column);
}

/** One of a closed set of words. */
export function wordOf<W extends string>(row: Row, column: string, words: readonly W[]): W {
	const text = textOf(row, column);
	const word = words.find((candidate) => candidate === text);
	if (word === undefined) throw new TypeError(`column ${column} holds ${text}, none of ${words.join(", ")}`);
	return word;
}
