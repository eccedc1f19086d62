/** What travels to a database thread and back, between threads and between processes. */
import { MetadataError, type MetadataErrorCode } from "#/metadata/metadata-error.ts";

/** One request on its way. */
export interface WireRequest {
	/** The asker's number for it. */
	readonly seq: number;
	/** A command's or query's name, or one of {@link reserved}. */
	readonly name: string;
	readonly input: unknown;
	/** To the writer: the command's id, for safe repetition. To the snapshot thread: the snapshot that is meant. */
	readonly id: string | undefined;
}

/** A failure in a form that can be sent. */
export interface WireFailure {
	/** Absent when it is no MetadataError, but a mistake. */
	readonly code: MetadataErrorCode | undefined;
	readonly message: string;
	readonly stack: string | undefined;
}

/** What became of one request. A write is durable when `ok`. */
export type WireOutcome =
	| { readonly seq: number; readonly ok: true; readonly value: unknown }
	| { readonly seq: number; readonly ok: false; readonly failure: WireFailure };

/** Names of requests that are neither commands nor queries. */
export const reserved = {
	/** Shows that the writer runs and can read its file. */
	ping: "limani.ping",
	openSnapshot: "limani.open-snapshot",
	closeSnapshot: "limani.close-snapshot",
} as const;

/**
 * A two-way, ordered line that may break. Both a thread's port and the line to another process of a cluster are one.
 * Messages are values that the structured clone algorithm carries.
 */
export interface Channel {
	send(message: unknown): void;
	onMessage(listener: (message: unknown) => void): void;
	/** Calls the listener once, when nothing will come or go any more. */
	onClose(listener: () => void): void;
}

/** Requests that were made in one turn of the event loop. */
export interface RequestsMessage {
	readonly kind: "requests";
	readonly requests: readonly WireRequest[];
}

/** Outcomes of requests, in any order. */
export interface OutcomesMessage {
	readonly kind: "outcomes";
	readonly outcomes: readonly WireOutcome[];
}

/** True for a message of requests. */
export function isRequests(message: unknown): message is RequestsMessage {
	return hasKind(message, "requests") && "requests" in message && Array.isArray(message.requests);
}

/** True for a message of outcomes. */
export function isOutcomes(message: unknown): message is OutcomesMessage {
	return hasKind(message, "outcomes") && "outcomes" in message && Array.isArray(message.outcomes);
}

/** True when `message` is a record whose `kind` is the given one. */
export function hasKind<K extends string>(message: unknown, kind: K): message is { readonly kind: K } {
	return typeof message === "object" && message !== null && "kind" in message && message.kind === kind;
}

/** A failure, to send. */
export function toWire(error: unknown): WireFailure {
	return {
		code: error instanceof MetadataError ? error.code : undefined,
		message: error instanceof Error ? error.message : String(error),
		stack: error instanceof Error ? error.stack : undefined,
	};
}

/** The failure that was sent. */
export function fromWire(failure: WireFailure): Error {
	if (failure.code !== undefined) return new MetadataError(failure.code, failure.message, { cause: failure.stack });
	const error = new Error(failure.message);
	if (failure.stack !== undefined) error.stack = failure.stack;
	return error;
}
