import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../test/support/free-ports.ts";
import { query } from "../../test/support/postgres.ts";

const execute = promisify(execFile);
const scripts = new URL("../../.ci/parts/", import.meta.url).pathname;

/** A PostgreSQL on loopback, in a folder that goes with it. */
export interface PostgresServer extends AsyncDisposable {
	/** Makes an empty database. @returns its URL */
	database(): Promise<string>;
	/** Stops it as a crash would. */
	crash(): Promise<void>;
	/** Starts it again. */
	start(): Promise<void>;
}

/** Starts one, with what its own settings are by default, as to durability too. */
export const startPostgres = async (): Promise<PostgresServer> => {
	const folder = mkdtempSync(join(tmpdir(), "limani-bench-pg-"));
	await using opening = new AsyncDisposableStack();
	opening.defer(() => rmSync(folder, { recursive: true }));
	const port = await freePort();
	const up = () => execute(join(scripts, "postgres-up"), [folder, String(port)]);
	const crash = async () => void (await execute(join(scripts, "postgres-down"), [folder, "immediate"]));
	const url = (await up()).stdout.trim();
	opening.defer(crash);
	let count = 0;
	const resources = opening.move();
	return {
		database: async () => {
			const name = `bench_${++count}`;
			await query(url, `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
			return url.replace(/[^/]+$/, name);
		},
		crash,
		start: async () => void (await up()),
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};
