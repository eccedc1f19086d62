/** What a test does to one request. */
export type RequestFault =
	/** Answered so, whatever it asks. */
	| { readonly kind: "answer"; readonly status: 429 | 500 | 503 | 504; readonly retryAfterSeconds?: number }
	/** Done as asked, later. */
	| { readonly kind: "delay"; readonly ms: number }
	/** Never answered, the connection left open. */
	| { readonly kind: "hang" }
	/** The connection is cut. */
	| { readonly kind: "cut" }
	/** Done as asked, and the connection cut before the answer. */
	| { readonly kind: "cut-after" };

/** What a test does to one watch. Counts are of events that reach the client, bookmarks among them. */
export interface WatchFault {
	/** The watch ends after so many events. */
	readonly dropAfter?: number;
	/** The watch says 410 after so many events. */
	readonly goneAfter?: number;
	/** Nothing more comes after so many events, the connection left open. */
	readonly silentAfter?: number;
	/** Each event comes twice. */
	readonly duplicate?: boolean;
	/** How much later events come: with other delays for other kinds, they are told in another order than they happened. */
	readonly delayMs?: number;
}

/** Which request it is. */
export interface FaultyRequest {
	readonly method: string;
	readonly path: string;
	readonly plural: string | undefined;
	readonly isWatch: boolean;
	/** Whether it is a server-side apply, which makes what is not there; absent: that is not known. */
	readonly isApply?: boolean;
	/** Who asks, by its own account; absent: it does not say. */
	readonly userAgent: string | undefined;
}

/** Faults for tests, asked for every request and every watch. No part of what the product offers. */
export interface Faults {
	/** Undefined: none. For an outage, `cut` for all. */
	readonly request?: (request: FaultyRequest) => RequestFault | undefined;
	/** Undefined: none. */
	readonly watch?: (request: FaultyRequest) => WatchFault | undefined;
}
