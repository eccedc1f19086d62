import type { Dispatcher } from "undici";
import { RemoteError, type RemoteErrorCode } from "./remote-error.ts";

/** Kubernetes gives its keys as a JWK set (RFC 7517 §8.5) or not at all. */
const ACCEPT = "application/json, application/jwk-set+json";
/** Documents larger than this are refused, bytes. */
const MAX_BYTES = 512 * 1024;

/**
 * What a JSON document at a URL says. Redirects are not followed: whoever names an address means that one.
 *
 * @param authorization the Authorization header; absent: none is sent
 * @throws RemoteError; and whatever `signal` is aborted with
 */
export const fetchJson = async (
	dispatcher: Dispatcher,
	url: URL,
	authorization: string | undefined,
	signal: AbortSignal,
): Promise<unknown> => {
	const { statusCode, body } = await dispatcher
		.request({
			origin: url.origin,
			path: `${url.pathname}${url.search}`,
			method: "GET",
			headers: { accept: ACCEPT, ...(authorization === undefined ? {} : { authorization }) },
			signal,
		})
		.catch((cause: unknown) => {
			signal.throwIfAborted();
			if (cause instanceof RemoteError) throw cause;
			const why = cause instanceof Error ? cause.message : String(cause);
			throw new RemoteError("UNREACHABLE", `${url.href} cannot be reached: ${why}`, { cause });
		});
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of body) {
		const piece = Buffer.from(chunk);
		size += piece.length;
		if (size > MAX_BYTES) throw new RemoteError("INVALID", `${url.href} answered with more than ${MAX_BYTES} bytes`);
		chunks.push(piece);
	}
	if (statusCode !== 200) throw new RemoteError(codeOf(statusCode), `${url.href} answered ${statusCode}`);
	const document = parseJson(Buffer.concat(chunks).toString());
	if (document === undefined) throw new RemoteError("INVALID", `${url.href} answered with something that is not JSON`);
	return document;
};

const parseJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};

const codeOf = (status: number): RemoteErrorCode => {
	if (status === 401 || status === 403) return "REFUSED";
	return status === 429 || status >= 500 ? "FAILED" : "INVALID";
};
