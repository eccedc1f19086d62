import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "./free-ports.ts";
import { requirePart } from "./parts.ts";

const run = promisify(execFile);
const scripts = join(import.meta.dirname, "..", "..", ".ci", "parts");

/** A PostgreSQL server of a test file's own, on loopback, in a folder that goes with it. */
export interface PrivatePostgres {
	/**
	 * The URL of a new, empty database. The server is started with the first. When this machine has no PostgreSQL the
	 * test is skipped and undefined comes back; under `LIMANI_REQUIRE=1` it fails.
	 */
	database(test: TestContext): Promise<string | undefined>;
	/** Stops the server as a crash would. */
	crash(): Promise<void>;
	/** Kills its first process with SIGKILL; the others notice and end. */
	kill(): Promise<void>;
	/** Starts it again, on the same port with its data. */
	start(): Promise<void>;
}

/**
 * To be called once at the top of a test file: the server is stopped after the file's last test.
 *
 * @param directory where it has its data, to be reached by everybody; absent: a new one
 */
export function privatePostgres(directory?: string): PrivatePostgres {
	const server = new Server(directory);
	after(() => server.remove());
	return server;
}

class Server implements PrivatePostgres {
	#running: Promise<{ readonly directory: string; readonly port: number }> | undefined;
	#databases = 0;
	readonly #directory: string | undefined;

	constructor(directory: string | undefined) {
		this.#directory = directory;
	}

	async database(test: TestContext): Promise<string | undefined> {
		if (requirePart(test, "postgres") === undefined) return undefined;
		const { port } = await this.#begin();
		const name = `test_${++this.#databases}`;
		await query(`postgres://postgres@127.0.0.1:${port}/postgres`, `CREATE DATABASE ${name}`);
		return `postgres://postgres@127.0.0.1:${port}/${name}`;
	}

	async crash(): Promise<void> {
		const { directory } = await this.#begin();
		await run(join(scripts, "postgres-down"), [directory, "immediate"]);
	}

	async kill(): Promise<void> {
		const { directory } = await this.#begin();
		const [pid = ""] = readFileSync(join(directory, "data", "postmaster.pid"), "utf8").split("\n");
		process.kill(Number(pid), "SIGKILL");
	}

	async start(): Promise<void> {
		const { directory, port } = await this.#begin();
		await run(join(scripts, "postgres-up"), [directory, String(port)]);
	}

	async remove(): Promise<void> {
		const running = await this.#running;
		if (running === undefined) return;
		execFileSync(join(scripts, "postgres-down"), [running.directory, "immediate"], { stdio: "ignore" });
		if (this.#directory === undefined) rmSync(running.directory, { recursive: true, force: true });
	}

	#begin(): Promise<{ readonly directory: string; readonly port: number }> {
		this.#running ??= begin(this.#directory ?? mkdtempSync(join(tmpdir(), "limani-pg-")));
		return this.#running;
	}
}

/** Runs one statement on a connection of its own. */
export async function query(url: string, sql: string): Promise<pg.QueryResult> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		return await client.query(sql);
	} finally {
		await client.end();
	}
}

async function begin(directory: string): Promise<{ readonly directory: string; readonly port: number }> {
	const port = await freePort();
	await run(join(scripts, "postgres-up"), [directory, String(port)]);
	return { directory, port };
}
