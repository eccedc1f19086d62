import { untilAborted } from "#/lib/until-aborted.ts";
import type { Engine, EngineReader } from "#/metadata/sql/engine/engine.ts";
import type { LocalReader } from "./local-reader.ts";
import type { Answer } from "./serve-guest.ts";
import type { SnapshotReaders } from "./snapshot-reader.ts";
import { reserved } from "./wire.ts";

/** What a {@link SqliteEngine} works with. */
export interface SqliteEngineDeps {
	readonly reader: LocalReader;
	readonly snapshots: SnapshotReaders;
	/** Asks the writer, wherever it is. */
	readonly ask: Answer;
	/** Disposed with the engine: the two above and what this process has of the writer. */
	readonly resources: AsyncDisposable;
}

/** A process's share of an embedded database: connections of its own to read, and a line to the one writer. */
export class SqliteEngine implements Engine {
	readonly #deps: SqliteEngineDeps;

	constructor(deps: SqliteEngineDeps) {
		this.#deps = deps;
	}

	read(name: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
		try {
			signal?.throwIfAborted();
			return Promise.resolve(this.#deps.reader.read(name, input));
		} catch (error) {
			return Promise.reject(error);
		}
	}

	write(name: string, input: unknown, opts?: { readonly id?: string }): Promise<unknown> {
		return this.#deps.ask(name, input, opts?.id);
	}

	openSnapshot(signal: AbortSignal): Promise<EngineReader> {
		return this.#deps.snapshots.open(signal);
	}

	async ping(signal: AbortSignal): Promise<void> {
		await untilAborted(signal, () => this.#deps.ask(reserved.ping, undefined, undefined));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#deps.resources[Symbol.asyncDispose]();
	}
}
