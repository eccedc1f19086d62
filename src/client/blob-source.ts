import { RemoteError } from "./remote-error.ts";

/** Opens a blob's bytes from an offset on. */
export type OpenBytes = (offset: number, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;

interface Stream {
	readonly iterator: AsyncIterator<Uint8Array>;
	position: number;
	rest: Uint8Array;
	isBusy: boolean;
}

const NONE = new Uint8Array();

/** Cuts one long stream of bytes into pieces for requests, and opens it again where a request begins elsewhere. */
export class BlobSource implements AsyncDisposable {
	readonly #open: OpenBytes;
	readonly #signal: AbortSignal;
	#stream: Stream | undefined;

	constructor(open: OpenBytes, signal: AbortSignal) {
		this.#open = open;
		this.#signal = signal;
	}

	/**
	 * So many bytes from `offset` on. One at a time: a new one takes the stream over from an older one.
	 *
	 * @throws whatever the opened bytes throw; RemoteError INVALID when they end too soon
	 */
	async *take(offset: number, length: number): AsyncGenerator<Uint8Array> {
		const stream = await this.#at(offset);
		stream.isBusy = true;
		let left = length;
		while (left > 0) {
			const piece = stream.rest.byteLength > 0 ? stream.rest : await next(stream, offset + length);
			const now = piece.subarray(0, left);
			stream.rest = piece.subarray(now.byteLength);
			stream.position += now.byteLength;
			left -= now.byteLength;
			if (left === 0) stream.isBusy = false;
			yield now;
		}
		stream.isBusy = false;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#drop();
	}

	async #at(offset: number): Promise<Stream> {
		const known = this.#stream;
		if (known !== undefined && !known.isBusy && known.position === offset) return known;
		this.#drop();
		const bytes = await this.#open(offset, this.#signal);
		const stream = { iterator: bytes[Symbol.asyncIterator](), position: offset, rest: NONE, isBusy: false };
		this.#stream = stream;
		return stream;
	}

	/** Whoever reads from it may stand still, so nobody waits for its end. */
	#drop(): void {
		this.#stream?.iterator.return?.().catch(() => undefined);
		this.#stream = undefined;
	}
}

const next = async (stream: Stream, end: number): Promise<Uint8Array> => {
	const { done, value } = await stream.iterator.next();
	if (done !== true) return value;
	throw new RemoteError("INVALID", `the blob ended after ${stream.position} bytes, of ${end} at least`);
};
