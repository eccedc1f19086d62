import { StatusError } from "#/kube-embedded/status-error.ts";

const LIST = "The resourceVersion for the provided list is too old.";
const PAGE =
	"The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

/** A list is asked for at a version that is no longer kept. */
export class ExpiredListError extends StatusError {
	override readonly name = "ExpiredListError";
	readonly #next: string | undefined;

	/** @param next of a page: what the rest, as it is by now, is asked for with */
	constructor(next?: string) {
		super("Expired", next === undefined ? LIST : PAGE);
		this.#next = next;
	}

	override toStatus(): Readonly<Record<string, unknown>> {
		const status = super.toStatus();
		return this.#next === undefined ? status : { ...status, metadata: { continue: this.#next } };
	}
}
