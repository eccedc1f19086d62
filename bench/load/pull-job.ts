/** What the pulling process is asked to do: requests one after the other on each of some connections. */
export interface PullJob {
	readonly port: number;
	/** @defaultValue "GET" */
	readonly method?: "GET" | "HEAD";
	readonly authorization: string | undefined;
	/** The paths that each connection asks for, in turn. */
	readonly connections: readonly (readonly string[])[];
	/** Goes through the paths again and again for so long, milliseconds; absent: once. */
	readonly forMs?: number;
	/** Reads this slowly on every connection, for so long, and then hangs up; absent: as fast as it comes. */
	readonly slowly?: { readonly bytes: number; readonly everyMs: number; readonly forMs: number } | undefined;
}

/** What came of it. */
export interface PullResult {
	/** From the first request to the end of the last answer. */
	readonly seconds: number;
	/** Of bodies; with framing where they came in chunks. */
	readonly bytes: number;
	/** How long each request took, milliseconds. */
	readonly latencies: readonly number[];
}

/** What the process answers: a result, or what went wrong. */
export type PullAnswer = { readonly result: PullResult } | { readonly failed: string };
