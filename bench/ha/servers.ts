import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../test/support/free-ports.ts";
import type { HaGround } from "../../test/support/ha/world.ts";
import { s3Bucket, s3Keys } from "../../test/support/s3.ts";
import { type PostgresServer, startPostgres } from "../servers/postgres.ts";

const execute = promisify(execFile);
const scripts = new URL("../../.ci/parts/", import.meta.url).pathname;

/** A PostgreSQL and a MinIO for replicas to stand on. */
export interface HaServers extends AsyncDisposable {
	readonly postgres: PostgresServer;
	/** Of MinIO. */
	readonly endpoint: string;
	/** An empty database and a place in the bucket, for replicas of their own. */
	ground(): Promise<HaGround>;
}

/** Starts both on loopback, in folders that go with them. */
export const startHaServers = async (): Promise<HaServers> => {
	await using opening = new AsyncDisposableStack();
	const folderFor = (name: string): string => {
		const folder = mkdtempSync(join(tmpdir(), `limani-bench-${name}-`));
		opening.defer(() => rmSync(folder, { recursive: true }));
		return folder;
	};
	const postgres = opening.use(await startPostgres());
	const minio = folderFor("s3");
	const env = { ...process.env, S3_ACCESS_KEY: s3Keys.accessKeyId, S3_SECRET_KEY: s3Keys.secretAccessKey };
	const started = await execute(join(scripts, "minio-up"), [minio, String(await freePort()), s3Bucket], { env });
	opening.defer(async () => void (await execute(join(scripts, "minio-down"), [minio])));
	const endpoint = started.stdout.trim();
	const replicas = folderFor("ha");
	const resources = opening.move();
	return {
		postgres,
		endpoint,
		ground: async () => ({
			databaseUrl: await postgres.database(),
			endpoint,
			directory: mkdtempSync(join(replicas, "world-")),
		}),
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};
