import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { KubeObject } from "#/kube/kube-object.ts";
import { CodedError } from "#/lib/coded-error.ts";
import { GroupCommitter } from "./group-committer.ts";
import { prepareStatements, type Statements } from "./statements.ts";
import type { StoreEvent } from "./store-event.ts";
import { parseObject, type StoredRange, type StoredRef, type StoreView, Transaction, viewOf } from "./transaction.ts";

/** Why the store cannot be used: LOCKED, another process has it. */
export class StoreError extends CodedError<"LOCKED"> {
	override readonly name = "StoreError";
}

/** How long events are kept for watches and for pages of lists. */
export interface Retention {
	/** @defaultValue 10000 */
	readonly events?: number;
	/** Milliseconds. @defaultValue 300000 */
	readonly age?: number;
	/** Milliseconds between two looks at what is older. @defaultValue 30000 */
	readonly every?: number;
}

/** What a store needs. */
export interface EmbeddedStoreDeps {
	/** Made when there is none. */
	readonly directory: string;
	/** Milliseconds since 1970. */
	readonly now: () => number;
	readonly retention?: Retention | undefined;
}

/** All objects of the API in one SQLite database, and the log of their changes, whose counter is the resource version. */
export class EmbeddedStore implements StoreView, Disposable {
	readonly #database: DatabaseSync;
	readonly #statements: Statements;
	readonly #view: StoreView;
	readonly #commits: GroupCommitter;
	readonly #deps: EmbeddedStoreDeps;
	readonly #listeners = new Set<(event: StoreEvent) => void>();
	#pending: StoreEvent[] = [];
	/** Of what is committed. */
	#revision: number;
	/** Of what the running group has written so far. */
	#written: number;
	#first: number;

	/** @throws StoreError LOCKED when another process has the directory */
	constructor(deps: EmbeddedStoreDeps) {
		this.#deps = deps;
		this.#database = openDatabase(deps.directory);
		this.#statements = prepareStatements(this.#database);
		[this.#first, this.#revision] = this.#bounds();
		this.#written = this.#revision;
		this.#view = viewOf(this.#statements, () => this.#revision);
		this.#commits = new GroupCommitter(
			this.#database,
			() => this.#committed(),
			() => this.#rolledBack(),
		);
	}

	get revision(): number {
		return this.#revision;
	}

	/** The oldest version from which changes can still be told. */
	get compacted(): number {
		return this.#first - 1;
	}

	find(ref: StoredRef): KubeObject | undefined {
		return this.#view.find(ref);
	}

	list(range: StoredRange): KubeObject[] {
		return this.#view.list(range);
	}

	/** How many objects {@link list} would give without a limit. */
	count({ resource, namespace, after }: Omit<StoredRange, "limit">): number {
		const row =
			namespace === undefined
				? this.#statements.count.get(resource, after?.namespace ?? "", after?.name ?? "")
				: this.#statements.countNamespace.get(resource, namespace, after?.name ?? "");
		return Number(row?.count ?? 0);
	}

	/** The resources of which there are objects. */
	resources(): string[] {
		return this.#statements.resources.all().map(({ resource }) => String(resource));
	}

	/** Runs a synchronous command in a transaction; settles when it is on disk. What it throws undoes it. */
	write<T>(command: (transaction: Transaction) => T): Promise<T> {
		return this.#commits.run(() => {
			const transaction = new Transaction(this.#statements, this.#written, this.#deps.now());
			const result = command(transaction);
			this.#written = transaction.revision;
			this.#pending.push(...transaction.events);
			return result;
		});
	}

	/** Changes of a resource after a version, oldest first, `limit` at most. Check {@link compacted} before. */
	eventsAfter(resource: string, revision: number, limit: number): StoreEvent[] {
		return this.#statements.eventsAfter.all(resource, revision, limit).map((row) => ({
			revision: Number(row.revision),
			resource: String(row.resource),
			namespace: String(row.namespace),
			name: String(row.name),
			before: row.before === null ? undefined : parseObject(row.before),
			after: row.after === null ? undefined : parseObject(row.after),
		}));
	}

	/** Tells of every change from now on, after its commit and in its order. Listeners must not throw. */
	subscribe(listener: (event: StoreEvent) => void): Disposable {
		this.#listeners.add(listener);
		return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
	}

	/** Forgets changes that are older than the retention. */
	compact(): void {
		const { events = 10_000, age = 300_000 } = this.#deps.retention ?? {};
		this.#statements.compact.run(this.#deps.now() - age, events);
		[this.#first] = this.#bounds();
	}

	/** What waits is written first. */
	[Symbol.dispose](): void {
		this.#commits.close();
		this.#listeners.clear();
		this.#database.close();
	}

	#bounds(): [number, number] {
		const row = this.#statements.bounds.get();
		return [Number(row?.first ?? 1), Number(row?.last ?? 0)];
	}

	#committed(): void {
		const events = this.#pending;
		this.#pending = [];
		this.#revision = this.#written;
		for (const event of events) for (const listener of this.#listeners) listener(event);
	}

	#rolledBack(): void {
		this.#pending = [];
		this.#written = this.#revision;
	}
}

const openDatabase = (directory: string): DatabaseSync => {
	mkdirSync(directory, { recursive: true, mode: 0o700 });
	const file = join(directory, "objects.sqlite");
	const database = new DatabaseSync(file);
	chmodSync(file, 0o600);
	try {
		// Held until the database is closed, by a crash too: it is what keeps a second process out.
		database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
		database.exec("BEGIN IMMEDIATE; COMMIT");
		return database;
	} catch (error) {
		database.close();
		throw inUse(directory, error);
	}
};

const inUse = (directory: string, cause: unknown): StoreError =>
	new StoreError("LOCKED", `another process uses ${directory}`, { cause });
