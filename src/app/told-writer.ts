import type { Algorithm, Digest } from "#/oci/digest.ts";
import type { BlobWriter, WriterState } from "#/storage/blob-store.ts";

/** The same writer, whose failures leave as `toFailure` says. */
export class ToldWriter implements BlobWriter {
	readonly #writer: BlobWriter;
	readonly #toFailure: (error: unknown, signal?: AbortSignal) => unknown;

	constructor(writer: BlobWriter, toFailure: (error: unknown, signal?: AbortSignal) => unknown) {
		this.#writer = writer;
		this.#toFailure = toFailure;
	}

	get offset(): number {
		return this.#writer.offset;
	}

	append(bytes: Uint8Array): Promise<void> {
		return this.#told(this.#writer.append(bytes));
	}

	checkpoint(signal: AbortSignal): Promise<WriterState> {
		return this.#told(this.#writer.checkpoint(signal), signal);
	}

	digest(algorithm: Algorithm, signal: AbortSignal): Promise<Digest> {
		return this.#told(this.#writer.digest(algorithm, signal), signal);
	}

	commit(signal: AbortSignal): Promise<void> {
		return this.#told(this.#writer.commit(signal), signal);
	}

	abort(signal: AbortSignal): Promise<void> {
		return this.#told(this.#writer.abort(signal), signal);
	}

	[Symbol.asyncDispose](): PromiseLike<void> {
		return this.#writer[Symbol.asyncDispose]();
	}

	#told<T>(doing: Promise<T>, signal?: AbortSignal): Promise<T> {
		return doing.catch((error: unknown) => {
			throw this.#toFailure(error, signal);
		});
	}
}
