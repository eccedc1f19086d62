import type { Algorithm, Digest } from "#/oci/digest.ts";

/** What the I/O thread is asked. Descriptors belong to the process, so both threads can use one. */
export type IoRequest =
	/** Hash the first `hashed` bytes of the file, then go on with every `write` of this `file`. */
	| {
			readonly op: "start";
			readonly file: number;
			readonly descriptor: number;
			readonly algorithm: Algorithm;
			readonly hashed: number;
	  }
	| {
			readonly op: "write";
			readonly file: number;
			readonly pieces: readonly Uint8Array<ArrayBuffer>[];
			readonly position: number;
	  }
	/** The digest of what `start` and `write` brought. */
	| { readonly op: "digest"; readonly file: number }
	/** Forget the file. */
	| { readonly op: "end"; readonly file: number }
	/** Read and hash the first `size` bytes, in slices between other requests. */
	| { readonly op: "hash"; readonly descriptor: number; readonly size: number; readonly algorithm: Algorithm }
	/** Stop the `hash` request with this sequence number. */
	| { readonly op: "cancel"; readonly request: number };

/** A numbered {@link IoRequest}; each is answered by one {@link IoReply} of the same number. */
export interface IoCall {
	readonly seq: number;
	readonly request: IoRequest;
}

/** An answer: a failure carries what is needed to make an error of the same code. */
export type IoReply =
	| { readonly seq: number; readonly ok: true; readonly digest?: Digest }
	| { readonly seq: number; readonly ok: false; readonly code: string | undefined; readonly message: string };
