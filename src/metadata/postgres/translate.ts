import { createHash } from "node:crypto";

/** A statement as PostgreSQL takes it. */
export interface NamedText {
	/** Of the prepared statement; the same for the same text, in every process. */
	readonly name: string;
	/** With `$1`, `$2` … for the parameters. */
	readonly text: string;
}

/** Quoted strings, quoted names and comments, in which a question mark is none of ours; and the question marks. */
const pieces = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\?/g;

/** Numbers the parameters of a statement: the first `?` is `$1`. */
export function numberParameters(sql: string): string {
	let count = 0;
	return sql.replaceAll(pieces, (piece) => (piece === "?" ? `$${++count}` : piece));
}

/** Translates statements; texts are constants, so each is translated once and kept. */
export class Translator {
	readonly #known = new Map<string, NamedText>();

	/** The statement in PostgreSQL's words. */
	translate(sql: string): NamedText {
		let found = this.#known.get(sql);
		if (found === undefined) {
			found = { name: createHash("sha256").update(sql).digest("hex").slice(0, 32), text: numberParameters(sql) };
			this.#known.set(sql, found);
		}
		return found;
	}
}
