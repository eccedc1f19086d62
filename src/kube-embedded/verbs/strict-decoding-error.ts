import { StatusError } from "#/kube-embedded/status-error.ts";

/** What strict decoding found, as a bad request. */
export class StrictDecodingError extends StatusError {
	override readonly name = "StrictDecodingError";
	/** In the words of the decoder, without what was decoded. */
	readonly why: string;

	/** @param what cannot be handled as what */
	constructor(what: string, found: readonly string[]) {
		const why = `strict decoding error: ${found.join(", ")}`;
		super("BadRequest", `${what}: ${why}`);
		this.why = why;
	}
}
