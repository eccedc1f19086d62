import { z } from "zod";
import { excerpt } from "#/lib/excerpt.ts";
import type { Answer } from "./answer.ts";
import { RemoteError } from "./remote-error.ts";
import { parseRetryAfter } from "./retry.ts";
import { withoutSecrets } from "./shown-secrets.ts";
import { TransientError } from "./transient-error.ts";

/** Bodies of failures are read up to here. */
const MAX_BYTES = 64 * 1024;
/** Codes by which a registry says that something is not there; the last one is Harbor's. */
const ABSENT = new Set([
	"NAME_UNKNOWN",
	"MANIFEST_UNKNOWN",
	"BLOB_UNKNOWN",
	"BLOB_UPLOAD_UNKNOWN",
	"TAG_UNKNOWN",
	"REPOSITORY_UNKNOWN",
	"NOT_FOUND",
]);

/** The body of a failure (distribution specification, "Error Codes"). */
const errorsSchema = z.object({
	errors: z.array(z.object({ code: z.string(), message: z.string().nullish() })).min(1),
});

/** What a registry said when it did not do what it was asked. */
export interface Failure {
	/** In the words of the distribution specification; empty: in none. */
	readonly codes: readonly string[];
	readonly text: string;
}

/** Reads the body of an answer that is no success; one that breaks off says nothing. */
export const readFailure = async (answer: Answer): Promise<Failure> => {
	let body = "";
	try {
		body = (await answer.bytes(MAX_BYTES)).toString("utf8");
	} catch (error) {
		if (!(error instanceof RemoteError)) throw error;
	}
	const parsed = errorsSchema.safeParse(parseJson(body));
	if (!parsed.success) return { codes: [], text: "" };
	const codes = parsed.data.errors.map(({ code }) => code);
	const text = parsed.data.errors.map(({ code, message }) => (message ? `${code}: ${message}` : code)).join("; ");
	return { codes, text: excerpt(withoutSecrets(text, answer.asked.secrets ?? []), 300) };
};

/** Whether a 404 says, in the words of the distribution specification, that the thing is not there. */
export const saysAbsent = ({ codes }: Failure): boolean => codes.some((code) => ABSENT.has(code));

/** The error for an answer that is no success. 429 and 5xx may pass, and are {@link TransientError}s. */
export const errorOf = (answer: Answer, { text }: Failure): RemoteError => {
	const { status, what } = answer;
	const message = `${what} was answered by ${status}${text === "" ? "" : ` ${text}`}`;
	if (status === 401 || status === 403) return new RemoteError("REFUSED", message);
	if (status === 408 || status === 429 || status >= 500) {
		const retryAfterMs = parseRetryAfter(answer.header("retry-after"), answer.asked.now);
		// 501 will be the same tomorrow.
		return status === 501
			? new RemoteError("FAILED", message)
			: new TransientError("FAILED", message, { retryAfterMs });
	}
	if (status >= 300 && status < 400) {
		const to = answer.header("location") ?? "nowhere";
		const origin = URL.parse(to, answer.asked.url)?.origin ?? "nowhere";
		return new RemoteError("INVALID", `${message}, a redirect to ${origin}, which is not followed`);
	}
	return new RemoteError("INVALID", message);
};

/** Reads the answer's body and makes the error of it, see {@link errorOf}. */
export const toError = async (answer: Answer): Promise<RemoteError> => errorOf(answer, await readFailure(answer));

const parseJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};
