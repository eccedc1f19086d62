import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { BackupSite } from "./backup-suite.ts";
import type { PrivatePostgres } from "./postgres.ts";
import { BehindTheBack, type PrivateS3, s3Bucket, s3Keys } from "./s3.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Keys of blobs, as their digest was known when they were begun. */
export const BLOB = /^[0-9a-f]{2}\/[^/]+\.sha256-[0-9a-f]{64}$/;

/** How to make a {@link RemoteSite}. */
export interface RemoteSiteOpts {
	readonly postgres: PrivatePostgres;
	readonly s3: PrivateS3;
	/** Begins the prefixes of all that is in the bucket. */
	readonly name: string;
	/** The names of the registries that there may be. */
	readonly registries: readonly string[];
}

/** A site beyond one machine. */
export interface RemoteSite extends BackupSite {
	/** As `parts`, but the store of blobs is found at another endpoint. */
	parts(name: string, endpoint?: string): Promise<Readonly<Record<string, unknown>>>;
}

/** Databases and an archive beyond one machine; undefined where there is no PostgreSQL, and the test is skipped. */
export const openRemoteSite = async (
	t: TestContext,
	{ postgres, s3, name, registries }: RemoteSiteOpts,
): Promise<RemoteSite | undefined> => {
	const databases = new Map<string, string>();
	for (const each of registries) {
		const url = await postgres.database(t);
		if (url === undefined) return undefined;
		databases.set(each, url);
	}
	const real = await s3.endpoint();
	const placeOf = (what: string, endpoint = real) => ({
		s3: { bucket: s3Bucket, endpoint, prefix: `${name}-${what}/`, pathStyle: true, ...s3Keys },
	});
	return {
		root: temporaryDirectory(t),
		archive: { archive: placeOf("archive") },
		parts: async (each, endpoint) => ({
			database: { postgres: { url: databases.get(each), maxConnections: 8 } },
			stores: { default: placeOf(each, endpoint) },
		}),
		async breakBlob(each) {
			const behind = new BehindTheBack(real);
			const prefix = `${name}-${each}/`;
			const keys = (await behind.names(prefix)).map((key) => key.slice(prefix.length));
			const blob = keys.find((key) => BLOB.test(key)) ?? assert.fail(`no blob in ${keys}`);
			await behind.corrupt(prefix + blob);
			behind.client.destroy();
			return blob;
		},
	};
};
