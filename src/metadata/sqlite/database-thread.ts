import { type MessagePort, parentPort, Worker, workerData } from "node:worker_threads";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { Generation } from "./generation.ts";
import { type Channel, fromWire, hasKind, type WireFailure } from "./wire.ts";

/** How long a thread may take to finish what it is doing when it is told to close, milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000;

/** A running thread that owns connections to the database; disposing lets it finish what it has and ends it. */
export interface DatabaseThread extends AsyncDisposable {
	/** Closes when the thread ends, for whatever reason. */
	readonly channel: Channel;
	/** Resolves when the thread has ended, with the reason when it was not told to. */
	readonly ended: Promise<Error | undefined>;
}

/**
 * Starts a thread and waits until it is ready.
 *
 * @param entry module that calls {@link threadStart}
 * @param file the database
 * @param generation what the thread tells of its writes by; absent: it writes nothing
 * @throws what kept it from getting ready
 */
export async function startThread(entry: URL, file: string, generation?: Generation): Promise<DatabaseThread> {
	const worker = new Worker(entry, { workerData: { file, generation: generation?.shared }, name: "limani-metadata" });
	const life = new ThreadLife(worker);
	await life.ready;
	return life;
}

/** What a thread finds when it starts. */
export interface ThreadStart {
	readonly port: MessagePort;
	readonly file: string;
	/** Shared with readers, where somebody reads by it. */
	readonly generation: Generation;
}

/** Inside a thread: what {@link startThread} gave it. */
export function threadStart(): ThreadStart {
	const data: unknown = workerData;
	if (parentPort === null || typeof data !== "object" || data === null || !("file" in data)) {
		throw new Error("not started as a database thread");
	}
	const shared = "generation" in data && data.generation instanceof SharedArrayBuffer ? data.generation : undefined;
	return { port: parentPort, file: String(data.file), generation: new Generation(shared) };
}

class ThreadLife implements DatabaseThread {
	readonly channel: Channel;
	readonly ready: Promise<void>;
	readonly ended: Promise<Error | undefined>;
	readonly #worker: Worker;
	#reason: Error | undefined;
	#closing = false;

	constructor(worker: Worker) {
		this.#worker = worker;
		worker.on("error", (error) => {
			this.#reason ??= error instanceof Error ? error : new Error(String(error));
		});
		worker.on("message", (message) => {
			if (isFailed(message)) this.#reason ??= fromWire(message.failure);
		});
		this.ended = new Promise((resolve) => worker.on("exit", (code) => resolve(this.#outcome(code))));
		this.ready = this.#untilReady();
		this.channel = {
			send: (message) => worker.postMessage(message),
			onMessage: (listener) => worker.on("message", listener),
			onClose: (listener) => worker.on("exit", listener),
		};
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#closing = true;
		this.#worker.postMessage({ kind: "close" });
		const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_TIMEOUT_MS);
		await this.ended;
		clearTimeout(timer);
	}

	async #untilReady(): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#worker.on("message", (message) => {
			if (hasKind(message, "ready")) resolve();
		});
		const reason = await Promise.race([promise, this.ended]);
		if (reason !== undefined) throw reason;
	}

	#outcome(code: number): Error | undefined {
		if (this.#closing) return undefined;
		return this.#reason ?? new MetadataError("UNAVAILABLE", `the database thread ended with code ${code}`);
	}
}

function isFailed(message: unknown): message is { readonly kind: "failed"; readonly failure: WireFailure } {
	return hasKind(message, "failed") && "failure" in message;
}
