import { shareParts } from "#/lib/share-parts.ts";
import type { KubeObject } from "./kube-object.ts";
import { stripObject } from "./strip-object.ts";

/** More sets of fields are not told apart: those of one type have a few while they come to be. */
const MOST_MODELS = 16;

/**
 * Keeps objects of one type in little memory. Thousands of them say mostly the same, so each is put together from the
 * parts that it shares with its own former version, and with the last one that had the same fields.
 */
export class LikeObjects {
	readonly #models = new Map<string, KubeObject>();

	/** The object as it is kept: see `stripObject`. @param before its former version, kept here too */
	keep(object: KubeObject, before: KubeObject | undefined): KubeObject {
		const fields = fieldsOf(object);
		const model = this.#models.get(fields);
		const kept = stripObject(object, (stripped) => shareParts(shareParts(stripped, before), model));
		if (model === undefined && this.#models.size >= MOST_MODELS) this.#models.clear();
		this.#models.set(fields, kept);
		return kept;
	}
}

/** Objects with the same fields are in the same phase of their lives. */
const fieldsOf = ({ metadata, ...rest }: KubeObject): string =>
	[metadata, rest, rest.status].map((part) => Object.keys(part ?? {}).join()).join(" ");
