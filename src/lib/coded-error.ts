/**
 * A failure with a code drawn from a closed union, so that callers can switch on it.
 * Each family of failures extends it once; the code says which failure it is, never a class per message.
 */
export class CodedError<Code extends string> extends Error {
	readonly code: Code;

	/**
	 * @param code which failure of the family this is
	 * @param message for people; programs look at the code
	 * @param options the failure underneath, when there is one
	 */
	constructor(code: Code, message: string, options?: { cause?: unknown }) {
		super(message, options);
		this.name = new.target.name;
		this.code = code;
	}
}
