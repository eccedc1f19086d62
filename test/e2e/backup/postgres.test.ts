// Beyond one machine: the database is PostgreSQL, blobs and archive lie in an object store.
import { type TestContext, test } from "node:test";
import { type BackupSite, dieInBackup, dieInLaterBackup, loseAndRestore } from "../../support/backup-suite.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { openTestStore, privateS3, s3Bucket, s3Keys } from "../../support/s3.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const postgres = privatePostgres();
const minio = privateS3("minio");

const s3 = async (prefix: string): Promise<Readonly<Record<string, unknown>>> => {
	const endpoint = await minio.endpoint();
	return { s3: { bucket: s3Bucket, endpoint, prefix: `${prefix}/`, pathStyle: true, ...s3Keys } };
};

/** Undefined where this machine has no PostgreSQL. */
const openSite = async (t: TestContext, name: string): Promise<BackupSite | undefined> => {
	const databases = new Map<string, string>();
	for (const each of ["first", "latest", "past", "half"]) {
		const url = await postgres.database(t);
		if (url === undefined) return undefined;
		databases.set(each, url);
	}
	return {
		root: temporaryDirectory(t),
		archive: { archive: await s3(`${name}-archive`) },
		parts: async (each) => ({
			database: { postgres: { url: databases.get(each), maxConnections: 8 } },
			stores: { default: await s3(`${name}-${each}`) },
		}),
	};
};

test("a registry on PostgreSQL and S3 is backed up under load, killed, and made again as of any instant", {
	skip: minio.skip,
}, async (t) => {
	const site = await openSite(t, "lost");
	if (site !== undefined) await loseAndRestore(t, site);
});

test("a registry on PostgreSQL and S3 that dies in a backup leaves none, and the next one is whole", {
	skip: minio.skip,
}, async (t) => {
	const site = await openSite(t, "died");
	if (site === undefined) return;
	await using archive = await openTestStore(await minio.endpoint(), { prefix: "died-archive/" });
	const { signal } = new AbortController();
	await dieInBackup(t, site, async () => {
		for await (const { staged } of archive.list("stores/default/blobs/", signal)) if (!staged) return true;
		return false;
	});
});

test("a registry on PostgreSQL and S3 that dies in a later backup keeps the earlier one, and the next one is whole", {
	skip: minio.skip,
}, async (t) => {
	const site = await openSite(t, "later");
	if (site === undefined) return;
	await using archive = await openTestStore(await minio.endpoint(), { prefix: "later-archive/" });
	const { signal } = new AbortController();
	await dieInLaterBackup(t, site, async () => {
		let count = 0;
		for await (const { staged } of archive.list("stores/default/snapshots/", signal)) count += staged ? 0 : 1;
		return count;
	});
});
