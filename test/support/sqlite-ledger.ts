import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type HostEngine, openHost, type SqliteProgram } from "#/metadata/sqlite/open-engine.ts";
import { ledger } from "./ledger.ts";

/** The ledger with its threads. */
export const sqliteLedger: SqliteProgram = {
	program: ledger,
	writer: new URL("./ledger-writer.ts", import.meta.url),
	snapshots: new URL("./ledger-snapshots.ts", import.meta.url),
};

/** A new directory that goes with the test. */
export function temporaryDirectory(test: TestContext): string {
	const directory = mkdtempSync(join(tmpdir(), "limani-metadata-"));
	test.after(() => rmSync(directory, { recursive: true, force: true }));
	return directory;
}

/** A host of the ledger in a new directory; closed with the test. Warnings are collected. */
export async function openLedger(
	test: TestContext,
): Promise<{ readonly engine: HostEngine; readonly directory: string; readonly warnings: string[] }> {
	const directory = temporaryDirectory(test);
	const warnings: string[] = [];
	const engine = await openHost(directory, sqliteLedger, (message) => warnings.push(message));
	test.after(() => engine[Symbol.asyncDispose]());
	return { engine, directory, warnings };
}
