import type {
	CommandInput,
	CommandName,
	CommandOutput,
	QueryInput,
	QueryName,
	QueryOutput,
} from "#/metadata/sql/catalog.ts";
import type { SqlExecutor, SqlReader } from "#/metadata/sql/executor.ts";

/**
 * An executor whose database can be exchanged while it is used. Reads never wait. Writes wait while it is closed, and
 * closing it waits for the writes under way.
 */
export class SwitchingExecutor implements SqlExecutor {
	#engine: SqlExecutor;
	/** Kept for the reads that began there. */
	readonly #first: SqlExecutor;
	#running = 0;
	#closed: PromiseWithResolvers<void> | undefined;
	#idle: PromiseWithResolvers<void> | undefined;

	constructor(engine: SqlExecutor) {
		this.#engine = engine;
		this.#first = engine;
	}

	read<N extends QueryName>(name: N, input: QueryInput<N>, signal?: AbortSignal): Promise<QueryOutput<N>> {
		return this.#engine.read(name, input, signal);
	}

	async write<N extends CommandName>(
		name: N,
		input: CommandInput<N>,
		opts?: { readonly id?: string },
	): Promise<CommandOutput<N>> {
		// Whoever waited may find it closed again.
		while (this.#closed !== undefined) await this.#closed.promise;
		this.#running += 1;
		try {
			return await this.#engine.write(name, input, opts);
		} finally {
			this.#running -= 1;
			if (this.#running === 0) this.#idle?.resolve();
		}
	}

	openSnapshot(signal: AbortSignal): Promise<SqlReader> {
		return this.#engine.openSnapshot(signal);
	}

	ping(signal: AbortSignal): Promise<void> {
		return this.#engine.ping(signal);
	}

	/** Lets no write begin any more; resolves when none is under way. */
	async close(): Promise<void> {
		this.#closed ??= Promise.withResolvers();
		if (this.#running === 0) return;
		this.#idle ??= Promise.withResolvers();
		await this.#idle.promise;
	}

	/** What is asked for from now on goes to another database. */
	use(engine: SqlExecutor): void {
		this.#engine = engine;
	}

	/** Lets writes begin again, in the order in which they came. */
	open(): void {
		this.#idle = undefined;
		const closed = this.#closed;
		this.#closed = undefined;
		closed?.resolve();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all([...new Set([this.#engine, this.#first])].map((engine) => engine[Symbol.asyncDispose]()));
	}
}
