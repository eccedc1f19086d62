import type { CommandInput, CommandName, CommandOutput, QueryInput, QueryName, QueryOutput } from "./catalog.ts";

/**
 * What runs the commands and queries of `catalog.ts` on a database. One per engine; `SqlMetadata` sits on it.
 *
 * Inputs and outputs are structured-cloneable: they cross threads and processes. Rows that a step receives hold
 * numbers for every integer column (BIGINT included), plain text, and `Uint8Array` for bytes.
 *
 * A step that throws rolls its transaction back and the error reaches the caller. Failures of the database itself are
 * `MetadataError`s. An engine that can meet a deadlock or a serialization failure starts the whole step again.
 */
export interface SqlExecutor extends SqlReader {
	/**
	 * Runs a command in a transaction of its own and resolves when it is durable. With `id`, a repetition within an
	 * hour gets the first run's outcome instead of a second run.
	 */
	write<N extends CommandName>(
		name: N,
		input: CommandInput<N>,
		opts?: { readonly id?: string },
	): Promise<CommandOutput<N>>;
	/** A view of the database at one instant, for reads that take many queries. Dispose it soon: it holds back cleaning. */
	openSnapshot(signal: AbortSignal): Promise<SqlReader>;
	/** Resolves when the database answers and its schema is current; throws MetadataError otherwise. */
	ping(signal: AbortSignal): Promise<void>;
}

/** What queries run on: the database as it is now, or as it was at one instant. */
export interface SqlReader extends AsyncDisposable {
	/** Runs a query on one consistent view. Sees every write that was acknowledged before the call. */
	read<N extends QueryName>(name: N, input: QueryInput<N>, signal?: AbortSignal): Promise<QueryOutput<N>>;
}
