import type { IncomingMessage } from "node:http";
import { OciError } from "#/oci/error.ts";

interface Waiting {
	readonly resolve: (result: IteratorResult<Uint8Array>) => void;
	readonly reject: (error: unknown) => void;
}

const END: IteratorResult<Uint8Array> = { done: true, value: undefined };

/**
 * A request's body, to be read once, piece by piece. Whoever stops reading leaves the connection in order, so that an
 * answer can still be sent. Fails with OciError REQUEST_TIMEOUT when the client lets the reader wait for as long as the
 * server's `timeout`, and with the connection's error when that breaks.
 */
export class RequestBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
	readonly #request: IncomingMessage;
	readonly #onFirst: () => void;
	#waiting: Waiting | undefined;
	#failure: { readonly error: unknown } | undefined;
	#isStarted = false;

	/** @param onFirst called when the first piece is asked for */
	constructor(request: IncomingMessage, onFirst: () => void) {
		this.#request = request;
		this.#onFirst = onFirst;
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	next(): Promise<IteratorResult<Uint8Array>> {
		if (!this.#isStarted) this.#start();
		const piece = this.#read();
		if (piece !== undefined) return Promise.resolve(piece);
		if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
		return new Promise((resolve, reject) => {
			this.#waiting = { resolve, reject };
		});
	}

	return(): Promise<IteratorResult<Uint8Array>> {
		this.stop();
		return Promise.resolve(END);
	}

	/** Leaves the rest unread. */
	stop(): void {
		const request = this.#request;
		request.off("readable", this.#onReadable);
		request.off("end", this.#onReadable);
		request.off("timeout", this.#onTimeout);
	}

	#start(): void {
		this.#isStarted = true;
		const request = this.#request;
		// Before the listeners, so that a client is asked for its bytes when they are about to be read.
		this.#onFirst();
		request.on("readable", this.#onReadable);
		request.on("end", this.#onReadable);
		request.on("timeout", this.#onTimeout);
		request.on("error", (error: unknown) => this.#fail(error));
		const closed = (): void => this.#fail(new Error("the connection was closed"));
		if (request.destroyed && !request.readableEnded) closed();
		else request.on("close", closed);
	}

	#read(): IteratorResult<Uint8Array> | undefined {
		const value: Buffer | null = this.#request.read();
		if (value !== null) return { done: false, value };
		return this.#request.readableEnded ? END : undefined;
	}

	readonly #onReadable = (): void => {
		if (this.#waiting === undefined) return;
		const result = this.#read();
		if (result === undefined) return;
		this.#waiting.resolve(result);
		this.#waiting = undefined;
	};

	readonly #onTimeout = (): void => {
		if (this.#waiting !== undefined) this.#fail(new OciError("REQUEST_TIMEOUT"));
	};

	#fail(error: unknown): void {
		this.#failure ??= { error };
		this.#waiting?.reject(this.#failure.error);
		this.#waiting = undefined;
	}
}
