import { MetadataError } from "#/metadata/metadata-error.ts";
import type {
	CommandInput,
	CommandName,
	CommandOutput,
	QueryInput,
	QueryName,
	QueryOutput,
} from "#/metadata/sql/catalog.ts";
import type { SqlExecutor, SqlReader } from "#/metadata/sql/executor.ts";
import type { Departure } from "./departure.ts";

/** What a {@link FollowingExecutor} works with. */
export interface FollowingDeps {
	/** The embedded database that another process owns. */
	readonly source: SqlExecutor;
	/** Where that process takes it; connects when it is asked for the first time. Absent where nobody said where to. */
	readonly target?: SqlExecutor | undefined;
	/** What the embedded database says of where the metadata went. */
	readonly watch: Disposable & { find(): Departure | undefined };
}

/**
 * Follows the metadata to where the database's owner takes it: each request looks first whether it went. Once it went
 * the embedded database stands still, so whoever finds it there may read it, whatever happens meanwhile.
 */
export class FollowingExecutor implements SqlExecutor {
	readonly #deps: FollowingDeps;
	/** The target, once it is known to be the one. */
	#followed: SqlExecutor | undefined;

	constructor(deps: FollowingDeps) {
		this.#deps = deps;
	}

	async read<N extends QueryName>(name: N, input: QueryInput<N>, signal?: AbortSignal): Promise<QueryOutput<N>> {
		return (await this.#engine()).read(name, input, signal);
	}

	async write<N extends CommandName>(
		name: N,
		input: CommandInput<N>,
		opts?: { readonly id?: string },
	): Promise<CommandOutput<N>> {
		// The owner holds it back while it switches, and sends it where it belongs.
		return (await this.#engine()).write(name, input, opts);
	}

	async openSnapshot(signal: AbortSignal): Promise<SqlReader> {
		return (await this.#engine()).openSnapshot(signal);
	}

	async ping(signal: AbortSignal): Promise<void> {
		return (await this.#engine()).ping(signal);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#deps.watch[Symbol.dispose]();
		await Promise.all([this.#deps.source[Symbol.asyncDispose](), this.#deps.target?.[Symbol.asyncDispose]()]);
	}

	async #engine(): Promise<SqlExecutor> {
		if (this.#followed !== undefined) return this.#followed;
		const departure = this.#deps.watch.find();
		if (departure === undefined) return this.#deps.source;
		this.#followed = await this.#follow(departure);
		return this.#followed;
	}

	/** The configuration may have been edited since the owner read it. */
	async #follow({ transfer, target: place }: Departure): Promise<SqlExecutor> {
		const { target } = this.#deps;
		const arrival = await target?.read("transfer.arrival", undefined);
		if (target !== undefined && arrival?.transfer === transfer) return target;
		throw new MetadataError(
			"UNAVAILABLE",
			`the metadata moved to ${place}, which is not what the configuration names: restart the registry with database.postgres and that database`,
		);
	}
}
