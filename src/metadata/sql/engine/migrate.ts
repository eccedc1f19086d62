/**
 * Brings a database to the schema that this release knows.
 *
 * Migrations are numbered 1, 2, 3 … and never edited once released. They come in expand/contract style, because
 * replicas of two releases run on one database during a rolling update. A release expands (new tables, new columns that
 * are nullable or have a default, new indexes) and still writes what the release before it reads; a later release
 * contracts (drops what nobody reads any more). Each migration says which release can still work beside it
 * (`oldestReader`), so an older replica may start again while a newer one rolls out, and refuses what is too new.
 *
 * Each migration is one transaction together with its row in `migrations`, under a lock that only one process has
 * (PostgreSQL: an advisory lock of the transaction; SQLite: the writer is alone). So any number of processes may start
 * at once, and a crash leaves all of a migration or nothing.
 */
import { MetadataError } from "#/metadata/metadata-error.ts";
import { all, type Dialect, first, type Step, type StepContext } from "./statement.ts";

/** One step of the schema. */
export interface Migration {
	/** 1, 2, 3 … without gaps. */
	readonly number: number;
	/** A few words in kebab-case, for people. */
	readonly name: string;
	/** The lowest schema number whose release can work after this step; its own number when none but its own can. */
	readonly oldestReader: number;
	/** The statements in order, each a single one. */
	readonly statements: (dialect: Dialect["name"]) => readonly string[];
}

/** Runs a step in a transaction of its own, rolled back when it throws. */
export type RunInTransaction = <T>(step: (context: StepContext) => Step<T>) => T | Promise<T>;

/** Any constant does, as long as every release uses the same one. */
const ADVISORY_LOCK = 7_141_202_601;

/**
 * Applies every migration that the database lacks, in order. Applying them twice changes nothing.
 *
 * @param migrations all that this release knows, in order
 * @param run how the database runs one transaction
 * @returns the schema number before and after
 * @throws MetadataError SCHEMA when the database was written by a newer release that this one cannot work beside
 */
export async function migrate(
	migrations: readonly Migration[],
	run: RunInTransaction,
): Promise<{ readonly from: number; readonly to: number }> {
	checkNumbers(migrations);
	const from = await run((context) => lockedNumber(migrations, context));
	for (const migration of migrations.slice(from)) {
		await run((context) => apply(migrations, migration, context));
	}
	return { from, to: Math.max(from, migrations.length) };
}

/**
 * Checks without writing that this release can work on the database.
 *
 * @throws MetadataError SCHEMA when migrations are missing, or a newer release's are too new for this one
 */
export function* checkSchema(migrations: readonly Migration[]): Step<void> {
	const number = yield* readNumber(migrations);
	if (number < migrations.length) {
		throw new MetadataError(
			"SCHEMA",
			`the database has schema ${number}, this release needs ${migrations.length}: its migrations have not run`,
		);
	}
}

function* lockedNumber(migrations: readonly Migration[], context: StepContext): Step<number> {
	if (context.dialect.name === "postgres")
		yield* all("SELECT 1 AS locked FROM pg_advisory_xact_lock(?)", ADVISORY_LOCK);
	yield* all(
		`CREATE TABLE IF NOT EXISTS migrations (
			number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, oldest_reader BIGINT NOT NULL, applied_at BIGINT NOT NULL
		)`,
	);
	return yield* readNumber(migrations);
}

function* readNumber(migrations: readonly Migration[]): Step<number> {
	const row = yield* first(
		"SELECT COALESCE(MAX(number), 0) AS number, COALESCE(MAX(oldest_reader), 0) AS oldest_reader FROM migrations",
	);
	if (Number(row?.oldest_reader) > migrations.length) {
		throw new MetadataError(
			"SCHEMA",
			`the database has schema ${row?.number}, written by a newer release; this release knows up to ${migrations.length}`,
		);
	}
	return Number(row?.number);
}

function* apply(migrations: readonly Migration[], migration: Migration, context: StepContext): Step<void> {
	// Another process may have applied it between two of our transactions.
	if ((yield* lockedNumber(migrations, context)) >= migration.number) return;
	for (const sql of migration.statements(context.dialect.name)) yield* all(sql);
	yield* all(
		"INSERT INTO migrations (number, name, oldest_reader, applied_at) VALUES (?, ?, ?, ?)",
		migration.number,
		migration.name,
		migration.oldestReader,
		context.now,
	);
}

function checkNumbers(migrations: readonly Migration[]): void {
	for (const [index, { name, number }] of migrations.entries()) {
		if (number !== index + 1) throw new Error(`migration "${name}" must have number ${index + 1}, not ${number}`);
	}
}
