import { Normaliser } from "./normalise.ts";

/** Where versions of objects stand, in all forms of output. */
const VERSIONS = /(resourceVersion"?: ?"?|Resource Version: +|the ResourceVersion in record \()\d+/g;
const UIDS = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const TIMES = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?Z| [+-]\d{4})/g;
/** A cell of a table. */
const AGES = /(?<=\s|^)(<invalid>|\d+[smhd](\d+[smh])?)(?=\s|$)/gm;
/** The first line of a table that tells ages. */
const AGE_HEAD = /^.*\b(?:AGE|LAST SEEN)\b/;
/** kubectl says when it holds itself back. */
const PATIENCE = /^.*client-side throttling.*\n/gm;
/** kubectl's own log says when a server ended a watch sooner or later than it likes. */
const WATCHED = /^[EIW]\d{4} .* reflector\.go:\d+\].*\n/gm;
const MADE = /\b(made-)[a-z0-9]{5}\b/g;
const SERVERS = /https:\/\/127\.0\.0\.1:\d+/g;
/** kubectl's own, with its timestamp. */
const LOGGED = /^([EIW]\d{4}) \d\d:\d\d:\d\d\.\d+ +\d+ /gm;
/** Folders that `diff` compares, and files that `edit` leaves. */
const FILES = /\/(LIVE|MERGED|kubectl-edit)-\d+/g;
/** What is wrong with an object, in an order that is chance. */
const MISTAKES = /(?:^\* \S+: .*\n)+/gm;

/**
 * What kubectl printed, without what no two runs have in common, and nothing else:
 *
 * - uids are told apart by the order in which they come;
 * - versions, times, the server's address, kubectl's home, its temporary files and names that a server made are told by
 *   being there alone, and so are ages, with the width of columns, in tables that have some;
 * - JSON is compared as JSON ({@link Normaliser}), and mistakes of one object in one order;
 * - whether kubectl held itself back is not told, nor when it began a watch anew.
 */
export class TextNormaliser {
	readonly #uids = new Map<string, string>();
	readonly #json = new Normaliser();
	readonly #home: string;

	/** @param home where kubectl runs */
	constructor(home: string) {
		this.#home = home;
	}

	apply(text: string): string {
		const json = text.startsWith("{") ? this.#ofJson(text) : undefined;
		if (json !== undefined) return json;
		const plain = text
			.replaceAll(this.#home, "(home)")
			.replaceAll(PATIENCE, "")
			.replaceAll(WATCHED, "")
			.replaceAll(FILES, "/$1")
			.replaceAll(VERSIONS, "$1(version)")
			.replaceAll(UIDS, (uid) => this.#uid(uid))
			.replaceAll(TIMES, "(time)")
			.replaceAll(LOGGED, "$1 ")
			.replaceAll(SERVERS, "(server)")
			.replaceAll(MADE, "$1(made)")
			.replaceAll(MISTAKES, (lines) =>
				lines
					.split(/(?<=\n)/)
					.toSorted()
					.join(""),
			);
		return AGE_HEAD.test(plain) ? plain.replaceAll(AGES, "(age)").replaceAll(/(?<=\S) {2,}/g, "  ") : plain;
	}

	#ofJson(text: string): string | undefined {
		try {
			return JSON.stringify(this.#json.apply(JSON.parse(text)), null, 2);
		} catch {
			return undefined;
		}
	}

	#uid(uid: string): string {
		const known = this.#uids.get(uid) ?? `(uid ${this.#uids.size + 1})`;
		this.#uids.set(uid, known);
		return known;
	}
}
