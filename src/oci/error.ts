import { CodedError } from "#/lib/coded-error.ts";

/** What a code means to a client. */
interface Meaning {
	readonly status: number;
	readonly message: string;
	/** The code that clients know for it, where ours is finer. */
	readonly wire?: string;
}

/** The codes of the distribution specification ("Error Codes"), then ours. The one place that gives them a status. */
const MEANINGS = {
	BLOB_UNKNOWN: { status: 404, message: "no such blob in this repository" },
	BLOB_UPLOAD_INVALID: { status: 400, message: "the upload cannot be carried on like this" },
	BLOB_UPLOAD_UNKNOWN: { status: 404, message: "no such upload in this repository" },
	DIGEST_INVALID: { status: 400, message: "the digest is malformed or is not that of the content" },
	MANIFEST_BLOB_UNKNOWN: { status: 404, message: "the manifest names a blob or manifest that this repository lacks" },
	MANIFEST_INVALID: { status: 400, message: "the manifest is not valid" },
	MANIFEST_UNKNOWN: { status: 404, message: "no such manifest in this repository" },
	NAME_INVALID: { status: 400, message: "the repository name is not valid" },
	NAME_UNKNOWN: { status: 404, message: "no such repository" },
	SIZE_INVALID: { status: 400, message: "the length given is not that of the content" },
	UNAUTHORIZED: { status: 401, message: "authentication is required" },
	DENIED: { status: 403, message: "access to the resource is denied" },
	UNSUPPORTED: { status: 405, message: "the operation is not supported" },
	TOOMANYREQUESTS: { status: 429, message: "too many requests" },

	RANGE_INVALID: { status: 416, message: "the range does not fit the content" },
	MANIFEST_TOO_LARGE: { status: 413, message: "the manifest is too large", wire: "SIZE_INVALID" },
	PRECONDITION_FAILED: { status: 412, message: "a precondition of the request does not hold" },
	STORAGE_FULL: { status: 507, message: "the registry is out of storage" },
	UNAVAILABLE: { status: 503, message: "the registry is temporarily unavailable" },
	PAGINATION_NUMBER_INVALID: { status: 400, message: "the number of results asked for is not valid" },
	TAG_INVALID: { status: 400, message: "the tag is not valid" },
	CONFLICT: { status: 409, message: "the request conflicts with the present state" },
	REQUEST_TIMEOUT: { status: 408, message: "the request took too long to arrive" },
	UNKNOWN: { status: 500, message: "the registry failed" },
} as const satisfies Readonly<Record<string, Meaning>>;

/** Every failure that the registry tells a client of. */
export type OciErrorCode = keyof typeof MEANINGS;

/** What an {@link OciError} says beyond its code. */
export interface OciErrorOpts {
	/** A sentence for people. @defaultValue the code's own */
	readonly message?: string;
	/** Anything that JSON can carry and that helps the client; it is sent, so it holds no secret. */
	readonly detail?: unknown;
	/** The HTTP status, where this case differs from the code's own. */
	readonly status?: number;
	/** The failure underneath; logged, never sent. */
	readonly cause?: unknown;
}

/**
 * A failure as the registry's clients see it.
 *
 * @example throw new OciError("MANIFEST_INVALID", { detail: "config: required" });
 */
export class OciError extends CodedError<OciErrorCode> {
	override readonly name = "OciError";
	/** The HTTP status to answer with. */
	readonly status: number;
	/** What helps the client; undefined when the code says it all. */
	readonly detail: unknown;

	constructor(code: OciErrorCode, opts: OciErrorOpts = {}) {
		const { status, message } = MEANINGS[code];
		super(code, opts.message ?? message, "cause" in opts ? { cause: opts.cause } : undefined);
		this.status = opts.status ?? status;
		this.detail = opts.detail;
	}
}

/** The body of a failed answer (distribution specification, "Error Codes"). */
export interface ErrorsBody {
	readonly errors: readonly { readonly code: string; readonly message: string; readonly detail?: unknown }[];
}

/** The body for one failure, or for several of one request, in their order. */
export const formatErrors = (error: OciError | readonly OciError[]): ErrorsBody => ({
	errors: (error instanceof OciError ? [error] : error).map(({ code, message, detail }) => ({
		code: wireCodeOf(code),
		message,
		...(detail === undefined ? {} : { detail }),
	})),
});

const wireCodeOf = (code: OciErrorCode): string => {
	const meaning: Meaning = MEANINGS[code];
	return meaning.wire ?? code;
};
