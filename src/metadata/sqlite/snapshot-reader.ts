import type { EngineReader } from "#/metadata/sql/engine/engine.ts";
import { type DatabaseThread, startThread } from "./database-thread.ts";
import { RequestClient } from "./request-client.ts";
import { reserved } from "./wire.ts";

/** Where snapshots come from: a thread that is started with the first and kept. */
export class SnapshotReaders implements AsyncDisposable {
	readonly #entry: URL;
	readonly #file: string;
	#thread: Promise<{ readonly thread: DatabaseThread; readonly client: RequestClient }> | undefined;
	#count = 0;

	/** @param entry module of the thread */
	constructor(entry: URL, file: string) {
		this.#entry = entry;
		this.#file = file;
	}

	/** A view of the database as it is now. @throws MetadataError UNAVAILABLE */
	async open(signal: AbortSignal): Promise<EngineReader> {
		signal.throwIfAborted();
		const { client } = await this.#client();
		const id = String(++this.#count);
		await client.request(reserved.openSnapshot, undefined, id);
		return new SnapshotReader(client, id);
	}

	/** Ends the thread, and with it every snapshot. */
	async [Symbol.asyncDispose](): Promise<void> {
		const started = await this.#thread?.catch(() => undefined);
		await started?.thread[Symbol.asyncDispose]();
	}

	#client(): Promise<{ readonly thread: DatabaseThread; readonly client: RequestClient }> {
		this.#thread ??= this.#start();
		return this.#thread;
	}

	async #start(): Promise<{ readonly thread: DatabaseThread; readonly client: RequestClient }> {
		try {
			const thread = await startThread(this.#entry, this.#file);
			// The next snapshot starts another thread when this one is gone.
			void thread.ended.then(() => {
				this.#thread = undefined;
			});
			return { thread, client: new RequestClient(thread.channel) };
		} catch (error) {
			this.#thread = undefined;
			throw error;
		}
	}
}

class SnapshotReader implements EngineReader {
	readonly #client: RequestClient;
	readonly #id: string;

	constructor(client: RequestClient, id: string) {
		this.#client = client;
		this.#id = id;
	}

	async read(name: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
		signal?.throwIfAborted();
		const answer = await this.#client.request(name, input, this.#id);
		signal?.throwIfAborted();
		return answer;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		// A thread that is gone has closed its snapshots.
		await this.#client.request(reserved.closeSnapshot, undefined, this.#id).catch(() => {});
	}
}
