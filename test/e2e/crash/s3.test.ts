// kill -9 of the registry and of PostgreSQL, with the bytes in an object store. See sqlite.test.ts for SEED and DURATION.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PART_SIZES } from "../../support/blob-pusher.ts";
import { crashRun } from "../../support/crash-run.ts";
import { DURATION, SEED } from "../../support/crash-settings.ts";
import { hurtWithPostgres } from "../../support/hurt-with-postgres.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { BehindTheBack, bytesInBucket, privateS3, S3_PART_BYTES, s3Bucket, s3Keys } from "../../support/s3.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const postgres = privatePostgres();
const server = privateS3("radosgw");

test("every acknowledged push survives, with blobs in S3 and the rest in PostgreSQL", {
	skip: server.skip,
}, async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	t.diagnostic(`SEED=${SEED} DURATION=${DURATION}`);
	const endpoint = await server.endpoint();
	const s3 = { bucket: s3Bucket, endpoint, pathStyle: true, partSize: S3_PART_BYTES, ...s3Keys };
	const { client } = new BehindTheBack(endpoint);
	await using settled = await crashRun({
		seed: SEED,
		seconds: DURATION,
		dataDir: temporaryDirectory(t),
		config: { database: { postgres: { url } }, stores: { default: { s3 } } },
		sizes: PART_SIZES,
		injure: hurtWithPostgres(postgres),
		storedBytes: () => bytesInBucket(client),
	});
	t.diagnostic(JSON.stringify(settled.figures));
	assert.ok(settled.figures.blobs > 0);
});
