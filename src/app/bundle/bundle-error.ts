import { CodedError } from "#/lib/coded-error.ts";

/** A bundle or an image that is not what it says: the message names what is wrong with it, and where. */
export class BundleError extends CodedError<"BUNDLE_INVALID"> {
	override readonly name = "BundleError";

	constructor(message: string, options?: ErrorOptions) {
		super("BUNDLE_INVALID", message, options);
	}
}
