/** Bytes and their hash, which goes into the signature: a server that is given other bytes refuses them. */
export interface Payload {
	readonly bytes: Uint8Array;
	/** SHA-256 of the bytes, lower-case hex. */
	readonly sha256: string;
}

/** Where {@link signWith} takes its place among what the SDK does with a request. */
export const BEFORE_SIGNING = { step: "build", name: "limaniSignWith" } as const;

/**
 * Middleware that tells the signer the hash of the body. It was made while the bytes came in; left alone, the signer
 * would hash the whole body in one go, and keep everything else waiting for it.
 *
 * @example command.middlewareStack.add(signWith(payload.sha256), BEFORE_SIGNING)
 */
export const signWith =
	(sha256: string) =>
	<Args extends object, Answer>(next: (args: Args) => Promise<Answer>) =>
	(args: Args): Promise<Answer> => {
		const headers = headersOf(args);
		if (headers !== undefined) Object.assign(headers, { "x-amz-content-sha256": sha256 });
		return next(args);
	};

const headersOf = (args: object): object | undefined => {
	const request: unknown = "request" in args ? args.request : undefined;
	if (typeof request !== "object" || request === null || !("headers" in request)) return undefined;
	const { headers } = request;
	return typeof headers === "object" && headers !== null ? headers : undefined;
};
