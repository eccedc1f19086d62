import type { IncomingMessage } from "node:http";

/** What is known of a request once it was answered. */
export interface RequestRecord {
	readonly id: string;
	readonly request: IncomingMessage;
	/** The client's, not that of a proxy that is trusted; absent where it is not known. */
	readonly address: string | undefined;
	readonly status: number;
	/** The kind of endpoint: a bounded set, fit for a label. */
	readonly route: string;
	readonly seconds: number;
	readonly repository: string | undefined;
	/** Absent where nobody was authorized. */
	readonly actor: string | undefined;
	/** What went wrong, if anything did. */
	readonly error: unknown;
}

/** Takes a record of every answered request: the one place where requests are counted and logged. */
export interface RequestObserver {
	observe(record: RequestRecord): void;
}
