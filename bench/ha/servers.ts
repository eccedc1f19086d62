import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../test/support/free-ports.ts";
import type { HaGround } from "../../test/support/ha/world.ts";
import { query } from "../../test/support/postgres.ts";
import { s3Bucket, s3Keys } from "../../test/support/s3.ts";

const execute = promisify(execFile);
const scripts = new URL("../../.ci/parts/", import.meta.url).pathname;

/** A PostgreSQL and a MinIO for replicas to stand on. */
export interface HaServers extends AsyncDisposable {
	/** An empty database and a place in the bucket, for replicas of their own. */
	ground(): Promise<HaGround>;
	/** Stops PostgreSQL as a crash would. */
	crash(): Promise<void>;
	/** Starts it again. */
	start(): Promise<void>;
}

/** Starts both on loopback, in a folder that goes with them. */
export const startHaServers = async (): Promise<HaServers> => {
	await using opening = new AsyncDisposableStack();
	const [postgres, minio, replicas] = ["pg", "s3", "ha"].map((name) =>
		mkdtempSync(join(tmpdir(), `limani-bench-${name}-`)),
	);
	if (postgres === undefined || minio === undefined || replicas === undefined) throw new Error("no folder");
	for (const folder of [postgres, minio, replicas]) opening.defer(() => rmSync(folder, { recursive: true }));
	const port = await freePort();
	const up = () => execute(join(scripts, "postgres-up"), [postgres, String(port)]);
	const url = (await up()).stdout.trim();
	opening.defer(async () => void (await execute(join(scripts, "postgres-down"), [postgres, "immediate"])));
	const env = { ...process.env, S3_ACCESS_KEY: s3Keys.accessKeyId, S3_SECRET_KEY: s3Keys.secretAccessKey };
	const started = await execute(join(scripts, "minio-up"), [minio, String(await freePort()), s3Bucket], { env });
	opening.defer(async () => void (await execute(join(scripts, "minio-down"), [minio])));
	let count = 0;
	const resources = opening.move();
	return {
		ground: async () => {
			const name = `bench_${++count}`;
			await query(url, `CREATE DATABASE ${name}`);
			const directory = join(replicas, name);
			mkdirSync(directory);
			return { databaseUrl: url.replace(/[^/]+$/, name), endpoint: started.stdout.trim(), directory };
		},
		crash: async () => void (await execute(join(scripts, "postgres-down"), [postgres, "immediate"])),
		start: async () => void (await up()),
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};
