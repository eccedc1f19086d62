// Beyond one machine: the database is PostgreSQL, blobs and archive lie in an object store.
import { type TestContext, test } from "node:test";
import { openRemoteSite } from "../../support/backup-site.ts";
import { dieInBackup, dieInLaterBackup, loseAndRestore } from "../../support/backup-suite.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { openTestStore, privateS3 } from "../../support/s3.ts";

const postgres = privatePostgres();
const minio = privateS3("minio");

const openSite = (t: TestContext, name: string) =>
	openRemoteSite(t, { postgres, s3: minio, name, registries: ["first", "latest", "past", "half"] });

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
