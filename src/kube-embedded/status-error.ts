import type { ResourceType } from "#/kube/resource-type.ts";
import { CodedError } from "#/lib/coded-error.ts";

/** The reasons of a Kubernetes `Status` that this API gives. */
export type StatusReason =
	| "AlreadyExists"
	| "BadRequest"
	| "Conflict"
	| "Expired"
	| "Forbidden"
	| "InternalError"
	| "Invalid"
	| "MethodNotAllowed"
	| "NotAcceptable"
	| "NotFound"
	| "RequestEntityTooLarge"
	| "ServiceUnavailable"
	| "Timeout"
	| "TooManyRequests"
	| "Unauthorized"
	/** None: Kubernetes names no reason for it. */
	| "Unknown"
	| "UnsupportedMediaType";

const HTTP: Readonly<Record<StatusReason, number>> = {
	AlreadyExists: 409,
	BadRequest: 400,
	Conflict: 409,
	Expired: 410,
	Forbidden: 403,
	InternalError: 500,
	Invalid: 422,
	MethodNotAllowed: 405,
	NotAcceptable: 406,
	NotFound: 404,
	RequestEntityTooLarge: 413,
	ServiceUnavailable: 503,
	Timeout: 504,
	TooManyRequests: 429,
	Unauthorized: 401,
	Unknown: 500,
	UnsupportedMediaType: 415,
};

/** One cause in the details of a `Status`. */
export interface StatusCause {
	readonly reason: string;
	readonly message: string;
	readonly field?: string;
}

/** The `details` of a `Status`. */
export interface StatusDetails {
	readonly name?: string;
	readonly group?: string;
	readonly kind?: string;
	readonly uid?: string;
	readonly causes?: readonly StatusCause[];
	readonly retryAfterSeconds?: number;
}

/** A refusal, in the words that Kubernetes uses for it. */
export class StatusError extends CodedError<StatusReason> {
	override readonly name: string = "StatusError";
	readonly details: StatusDetails | undefined;

	constructor(reason: StatusReason, message: string, details?: StatusDetails, cause?: unknown) {
		super(reason, message, cause === undefined ? undefined : { cause });
		this.details = details;
	}

	/** The HTTP status that goes with the reason. */
	get status(): number {
		return HTTP[this.code];
	}

	/** The `Status` object that clients get. */
	toStatus(): Readonly<Record<string, unknown>> {
		return {
			kind: "Status",
			apiVersion: "v1",
			metadata: {},
			status: "Failure",
			message: this.message,
			...(this.code === "Unknown" ? {} : { reason: this.code }),
			...(this.details === undefined ? {} : { details: this.details }),
			code: this.status,
		};
	}
}

type Named = Pick<ResourceType, "group" | "plural" | "kind">;

const qualified = (word: string, group: string): string => (group === "" ? word : `${word}.${group}`);

const detailsOf = ({ group, plural }: Named, name: string): StatusDetails => ({
	name,
	...(group === "" ? {} : { group }),
	kind: plural,
});

/** There is no such object. */
export const notFound = (type: Named, name: string): StatusError =>
	new StatusError("NotFound", `${qualified(type.plural, type.group)} "${name}" not found`, detailsOf(type, name));

/** There is one of that name. */
export const alreadyExists = (type: Named, name: string): StatusError =>
	new StatusError(
		"AlreadyExists",
		`${qualified(type.plural, type.group)} "${name}" already exists`,
		detailsOf(type, name),
	);

/** Somebody else was there first. */
export const conflict = (type: Named, name: string, why: string): StatusError =>
	new StatusError(
		"Conflict",
		`Operation cannot be fulfilled on ${qualified(type.plural, type.group)} "${name}": ${why}`,
		detailsOf(type, name),
	);

/** The words for a write that stands on an old version of the object. */
export const MODIFIED = "the object has been modified; please apply your changes to the latest version and try again";

/** Not now, or never. */
export const forbidden = (type: Named, name: string, why: string): StatusError =>
	new StatusError(
		"Forbidden",
		`${qualified(type.plural, type.group)} "${name}" is forbidden: ${why}`,
		detailsOf(type, name),
	);

/** The object breaks these rules. What breaks one twice is said once. */
export const invalid = (
	type: Pick<Named, "group" | "kind">,
	name: string,
	causes: readonly Required<StatusCause>[],
): StatusError => {
	const texts = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
	const all = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
	return new StatusError("Invalid", `${qualified(type.kind, type.group)} "${name}" is invalid: ${all}`, {
		...(name === "" ? {} : { name }),
		...(type.group === "" ? {} : { group: type.group }),
		kind: type.kind,
		causes,
	});
};

/** The request makes no sense. */
export const badRequest = (message: string, cause?: unknown): StatusError =>
	new StatusError("BadRequest", message, undefined, cause);

/** The options of a request, its query for the most part, break these rules. @param kind e.g. `ListOptions` */
export const invalidOptions = (kind: string, causes: readonly Required<StatusCause>[]): StatusError =>
	invalid({ group: "meta.k8s.io", kind }, "", causes);

/** Nothing is served at a path. Clients get no `Status` but a text, as from a server that knows nothing of objects. */
export class NoSuchPathError extends StatusError {
	/** The body of the answer. */
	readonly text = "404 page not found\n";
}

/** Nothing is served at this path. */
export const noSuchPath = (): NoSuchPathError =>
	new NoSuchPathError("NotFound", "the server could not find the requested resource", {});

/** A built-in group has nothing at this path. */
export const noSuchResource = (): StatusError =>
	new StatusError("NotFound", "the server could not find the requested resource", {});
