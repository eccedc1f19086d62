// Every tag behaves as if all requests to it came one after the other, over several processes.
import { join } from "node:path";
import { test } from "node:test";
import { startLimani } from "../../support/limani-process.ts";
import { playAndCheck } from "../../support/linear-run.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const postgres = privatePostgres();

test("a tag is linearizable over three workers on SQLite", async (t) => {
	await using limani = await startLimani({ config: { workers: 3 } });
	await playAndCheck(t, [limani.url]);
});

test("a tag is linearizable over three processes on PostgreSQL", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const shared = temporaryDirectory(t);
	await using started = new AsyncDisposableStack();
	const urls: string[] = [];
	for (let i = 0; i < 3; i++) {
		const config = {
			database: { postgres: { url } },
			stores: { default: { filesystem: { root: join(shared, "blobs") } } },
			// The first makes it in its own data directory; all must have the same.
			auth: i === 0 ? {} : { masterKeyFile: join(shared, "master.key") },
		};
		const opts = i === 0 ? { config, dataDir: shared } : { config };
		urls.push(started.use(await startLimani(opts)).url);
	}
	await playAndCheck(t, urls);
});
