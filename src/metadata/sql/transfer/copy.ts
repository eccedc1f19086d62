import { inParallel } from "#/lib/in-parallel.ts";
import type { SqlExecutor, SqlReader } from "#/metadata/sql/executor.ts";
import { assertSame } from "./load.ts";
import { listOf } from "./pages.ts";
import type { Key, Table } from "./tables.ts";

/** Sizes of what goes over at once. */
export interface CopyLimits {
	/** Rows of a page. @defaultValue 1 000 */
	readonly maxRows?: number;
	/** Of a page, unless one row is larger. @defaultValue 4 MiB */
	readonly maxBytes?: number;
	/** Changes that are read, or forgotten, at once. @defaultValue 2 000 */
	readonly maxChanges?: number;
}

const DEFAULTS = { maxRows: 1_000, maxBytes: 4 * 1024 * 1024, maxChanges: 2_000 };

/** What a {@link Copy} works with. */
export interface CopyDeps {
	readonly source: Pick<SqlExecutor, "openSnapshot" | "write">;
	readonly target: Pick<SqlExecutor, "read" | "write">;
	readonly tables: readonly Table[];
	/** Milliseconds; never jumps. */
	readonly monotonic: () => number;
	/** Told of rows that went over. */
	readonly copied: (rows: number) => void;
	readonly limits?: CopyLimits | undefined;
}

/** Tables that are no larger are compared whole while writes are held. */
const SMALL = { maxRows: 1_000, maxBytes: 4 * 1024 * 1024 };
/** Small tables that are compared at once, each on a connection of its own. */
const CONNECTIONS = 4;

type Stage = "copying" | "verifying" | "level";

/**
 * The target on its way to be what the source is. After each step, the target is the source as it was at one instant,
 * as far as it was copied: pages come from a snapshot, and what was changed since the last one is brought over from the
 * same. So a step that fails in its midst can be made again. Every page is compared once when all were copied, and every
 * change when it is brought over.
 */
export class Copy {
	readonly #deps: CopyDeps;
	readonly #limits: typeof DEFAULTS;
	#stage: Stage = "copying";
	#paged = 0;
	#place: { readonly table: number; readonly after: Key | undefined } = { table: 0, after: undefined };
	/** What the target is written under. To be raised after a step that failed: no write of it can come late then. */
	fence: number;
	/** The change up to which everything was brought over. */
	#caught = 0;

	constructor(deps: CopyDeps, fence: number) {
		this.#deps = deps;
		this.fence = fence;
		this.#limits = { ...DEFAULTS, ...deps.limits };
	}

	/** Rows that went over in pages: each once. */
	get paged(): number {
		return this.#paged;
	}

	/** What the next step does; `level`: it only brings changes over. */
	get stage(): Stage {
		return this.#stage;
	}

	/**
	 * Brings over what was changed, and goes on with pages for so long.
	 *
	 * @returns how many rows had changed
	 * @throws TransferError, MetadataError; it can be made again after one that is UNAVAILABLE
	 */
	async step(forMs: number, signal: AbortSignal): Promise<number> {
		const { monotonic, source } = this.#deps;
		await using view = await source.openSnapshot(signal);
		const { upTo, changed } = await this.#changes(view, signal);
		await this.#bringOver(view, changed, signal);
		const end = monotonic() + forMs;
		while (this.#stage !== "level" && monotonic() < end) {
			signal.throwIfAborted();
			if (this.#stage === "copying") await this.#copyPage(view);
			else await this.#comparePage(view);
		}
		signal.throwIfAborted();
		this.#caught = upTo;
		return [...changed.values()].reduce((sum, keys) => sum + keys.size, 0);
	}

	/** Forgets the changes that were brought over. */
	async forget(): Promise<void> {
		const limit = this.#limits.maxChanges;
		for (let gone = limit; gone === limit; ) {
			gone = await this.#deps.source.write("transfer.forget", { upTo: this.#caught, limit });
		}
	}

	/**
	 * Brings over what was changed last, while nobody writes, and compares small tables whole once more.
	 *
	 * @throws TransferError DIFFERENT; what else {@link step} throws
	 */
	async finish(signal: AbortSignal): Promise<void> {
		await using view = await this.#deps.source.openSnapshot(signal);
		const { upTo, changed } = await this.#changes(view, signal);
		await this.#bringOver(view, changed, signal);
		signal.throwIfAborted();
		this.#caught = upTo;
		await this.#readSmall(view, assertSame);
	}

	/** Reads what {@link finish} will, so that connections are made and statements prepared by then. */
	async rehearse(signal: AbortSignal): Promise<void> {
		await using view = await this.#deps.source.openSnapshot(signal);
		await this.#readSmall(view, () => undefined);
	}

	async #readSmall(view: SqlReader, compare: typeof assertSame): Promise<void> {
		const { target, tables } = this.#deps;
		await inParallel(tables, CONNECTIONS, async (table) => {
			if (!(await view.read("transfer.isSmall", { table, ...SMALL }))) return;
			const input = { table, range: {} };
			const [here, there] = await Promise.all([
				view.read("transfer.digest", input),
				target.read("transfer.digest", input),
			]);
			compare(table, here, there);
		});
	}

	async #changes(view: SqlReader, signal: AbortSignal): Promise<{ upTo: number; changed: Map<string, Set<string>> }> {
		const changed = new Map<string, Set<string>>();
		const limit = this.#limits.maxChanges;
		let upTo = this.#caught;
		for (;;) {
			signal.throwIfAborted();
			const page = await view.read("transfer.changes", { after: upTo, limit });
			for (const { table, key } of page.changes) changed.set(table, (changed.get(table) ?? new Set()).add(key));
			upTo = page.upTo;
			if (page.changes.length < limit) return { upTo, changed };
		}
	}

	/** All that changed goes before any of it comes back: what two rows had one after the other, only one has at a time. */
	async #bringOver(
		view: SqlReader,
		changed: ReadonlyMap<string, ReadonlySet<string>>,
		signal: AbortSignal,
	): Promise<void> {
		const { target, tables, copied } = this.#deps;
		const { fence } = this;
		const { maxRows, maxBytes } = this.#limits;
		const work = tables.map((table) => ({ table, keys: [...(changed.get(table.name) ?? [])] }));
		for (const { table, keys } of work) {
			for (let from = 0; from < keys.length; from += maxRows) {
				signal.throwIfAborted();
				await target.write("transfer.drop", { fence, table, keys: listOf(keys.slice(from, from + maxRows)) });
			}
		}
		for (const { table, keys } of work) {
			for (let from = 0; from < keys.length; ) {
				signal.throwIfAborted();
				const part = keys.slice(from, from + maxRows);
				const { taken, json, rows, digest } = await view.read("transfer.rows", { table, keys: part, maxBytes });
				const wanted = listOf(part.slice(0, taken));
				await target.write("transfer.loadRows", { fence, table, keys: wanted, json, expected: { rows, digest } });
				copied(rows);
				from += taken;
			}
		}
	}

	async #copyPage(view: SqlReader): Promise<void> {
		const { target, tables, copied } = this.#deps;
		const { fence } = this;
		const table = tables[this.#place.table];
		if (table === undefined) return this.#next("verifying");
		const page = await view.read("transfer.page", { table, after: this.#place.after, ...this.#page });
		await target.write("transfer.loadPage", { fence, table, range: page.range, json: page.json });
		copied(page.rows);
		this.#paged += page.rows;
		this.#advance(page.range.upTo);
	}

	async #comparePage(view: SqlReader): Promise<void> {
		const { target, tables } = this.#deps;
		const table = tables[this.#place.table];
		if (table === undefined) return this.#next("level");
		const { range, ...expected } = await view.read("transfer.checkpoint", {
			table,
			after: this.#place.after,
			...this.#page,
		});
		assertSame(table, expected, await target.read("transfer.digest", { table, range }));
		this.#advance(range.upTo);
	}

	get #page(): { readonly maxRows: number; readonly maxBytes: number } {
		return { maxRows: this.#limits.maxRows, maxBytes: this.#limits.maxBytes };
	}

	#advance(upTo: Key | undefined): void {
		const { table } = this.#place;
		this.#place = upTo === undefined ? { table: table + 1, after: undefined } : { table, after: upTo };
	}

	#next(stage: Stage): void {
		this.#stage = stage;
		this.#place = { table: 0, after: undefined };
	}
}
