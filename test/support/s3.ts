import { execFile, execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { promisify } from "node:util";
import {
	AbortMultipartUploadCommand,
	GetObjectCommand,
	ListMultipartUploadsCommand,
	ListObjectsV2Command,
	PutObjectCommand,
	paginateListObjectsV2,
	S3Client,
} from "@aws-sdk/client-s3";
import type { BlobStore } from "#/storage/blob-store.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { OWNER_KEY } from "#/storage/owner.ts";
import { connectS3Store } from "#/storage/s3/connect.ts";
import { openS3Store } from "#/storage/s3/index.ts";
import type { S3StoreDeps, S3StoreOpts } from "#/storage/s3/s3-store-opts.ts";
import type { BlobStoreHarness } from "../conformance/blob-store.ts";
import { freePorts } from "./free-ports.ts";
import { skipWithout } from "./parts.ts";

const run = promisify(execFile);
const scripts = join(import.meta.dirname, "..", "..", ".ci", "parts");

/** The real servers that the driver is tested against. */
export const s3Servers = ["radosgw", "minio"] as const;

export type S3ServerName = (typeof s3Servers)[number];

/** The keys of the servers' only user. */
export const s3Keys = { accessKeyId: "limani-test", secretAccessKey: "limani-test-secret" } as const;

/** The least that S3 takes as a part; small, so that few bytes make many parts. */
export const S3_PART_BYTES = 5 * 1024 * 1024;

/** A server of a test file's own, on loopback. */
export interface PrivateS3 {
	readonly name: S3ServerName;
	/** The `skip` option of tests with it. */
	readonly skip: string | false;
	/** Where it is; the first call starts it. */
	endpoint(): Promise<string>;
	/** The folder with its data. */
	folder(): Promise<string>;
}

/**
 * To be called once for a server at the top of a test file: it is stopped after the file's last test.
 *
 * @param env variables for the server
 */
export function privateS3(name: S3ServerName, env: NodeJS.ProcessEnv = {}): PrivateS3 {
	let running: Promise<Running> | undefined;
	const begin = (): Promise<Running> => {
		running ??= startServer(name, env);
		return running;
	};
	after(async () => {
		const server = await running?.catch(() => undefined);
		if (server === undefined) return;
		execFileSync(join(scripts, `${scriptOf[name]}-down`), [server.folder], { stdio: "ignore" });
		rmSync(server.folder, { recursive: true, force: true });
	});
	return {
		name,
		skip: skipWithout(name),
		endpoint: async () => (await begin()).endpoint,
		folder: async () => (await begin()).folder,
	};
}

/** The bucket that every server has. */
export const s3Bucket = "limani";

/** Another one that every server has. */
export const otherBucket = "limani-other";

/** The settings of the tests' stores, and what differs from them. */
export const testStoreOpts = (endpoint: string, opts: Partial<S3StoreOpts> = {}): S3StoreOpts => ({
	bucket: s3Bucket,
	region: "us-east-1",
	endpoint,
	prefix: "",
	pathStyle: true,
	keys: s3Keys,
	partSize: S3_PART_BYTES,
	...opts,
});

/** What the tests' stores work with, each as a process of its own. */
export const testStoreDeps = (deps: Partial<S3StoreDeps> = {}): S3StoreDeps => ({
	budget: new ByteBudget(64 * 1024 * 1024),
	newId: randomUUID,
	now: Date.now,
	...deps,
});

/** Opens a store in the bucket, as a registry does. */
export function openTestStore(
	endpoint: string,
	opts: Partial<S3StoreOpts> = {},
	deps: Partial<S3StoreDeps> = {},
): Promise<BlobStore> {
	return openS3Store(testStoreOpts(endpoint, opts), testStoreDeps(deps), new AbortController().signal);
}

/** What tests do to a bucket behind the driver's back. */
export class BehindTheBack {
	readonly client: S3Client;

	constructor(endpoint: string) {
		this.client = new S3Client({
			endpoint,
			region: "us-east-1",
			forcePathStyle: true,
			// A copy, in which the client may make notes.
			credentials: { ...s3Keys },
			requestChecksumCalculation: "WHEN_REQUIRED",
			responseChecksumValidation: "WHEN_REQUIRED",
		});
	}

	/** Changes one bit of an object. */
	async corrupt(name: string): Promise<void> {
		const { Body } = await this.client.send(new GetObjectCommand({ Bucket: s3Bucket, Key: name }));
		const bytes = await Body?.transformToByteArray();
		const at = (bytes?.byteLength ?? 0) >> 1;
		if (bytes?.[at] === undefined) throw new Error(`${name} has no bytes`);
		bytes[at] ^= 1;
		await this.put(name, bytes);
	}

	async put(name: string, bytes: Uint8Array): Promise<void> {
		await this.client.send(new PutObjectCommand({ Bucket: s3Bucket, Key: name, Body: bytes }));
	}

	/** Aborts a multipart upload, whose parts are lost with it. */
	async abortUpload(name: string, uploadId: unknown): Promise<void> {
		if (typeof uploadId !== "string") throw new Error(`${name} has no upload`);
		await this.client.send(new AbortMultipartUploadCommand({ Bucket: s3Bucket, Key: name, UploadId: uploadId }));
	}

	/** The names of all objects that start so, tails included. */
	async names(prefix: string): Promise<string[]> {
		const page = await this.client.send(new ListObjectsV2Command({ Bucket: s3Bucket, Prefix: prefix }));
		return (page.Contents ?? []).map(({ Key }) => Key ?? "");
	}
}

/** Names of all finished objects of a bucket that begin so, and their sizes. */
export const objectsInBucket = async (
	client: S3Client,
	bucket: string,
	prefix = "",
): Promise<ReadonlyMap<string, number>> => {
	const found = new Map<string, number>();
	for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
		for (const { Key = "", Size = 0 } of Contents) found.set(Key, Size);
	}
	return found;
};

/** Bytes of a registry's objects whose names begin so; more than there can be while a multipart upload is open. */
export const bytesInBucket = async (
	client: S3Client,
	prefix = "",
	isCounted: (name: string) => boolean = () => true,
): Promise<number> => {
	let sum = 0;
	const where = { Bucket: s3Bucket, ...(prefix !== "" && { Prefix: prefix }) };
	for await (const { Contents = [] } of paginateListObjectsV2({ client }, where)) {
		for (const { Key = "", Size = 0 } of Contents) if (!Key.endsWith(OWNER_KEY) && isCounted(Key)) sum += Size;
	}
	const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(where));
	return Uploads.length === 0 ? sum : Number.POSITIVE_INFINITY;
};

/**
 * The driver under test on a server.
 *
 * @param past where the stores under test connect, when not to the server itself
 */
export async function openS3Harness(endpoint: string, past = endpoint): Promise<BlobStoreHarness> {
	const prefix = "conformance/";
	const behind = new BehindTheBack(endpoint);
	const stores: BlobStore[] = [];
	const kept = <Store extends BlobStore>(store: Store): Store => {
		stores.push(store);
		return store;
	};
	return {
		store: kept(await openTestStore(past, { prefix })),
		reopen: async () => kept(await openTestStore(past, { prefix })),
		corrupt: (key) => behind.corrupt(prefix + key),
		dropPart: (key, state) => behind.abortUpload(prefix + key, state.uploadId),
		openDenied: async () => {
			const opts = testStoreOpts(past, { prefix, keys: { ...s3Keys, secretAccessKey: "another-secret" } });
			const { store } = await connectS3Store(opts, testStoreDeps());
			return kept(store);
		},
		[Symbol.asyncDispose]: async () => {
			for (const store of stores) await store[Symbol.asyncDispose]();
			behind.client.destroy();
		},
	};
}

interface Running {
	readonly endpoint: string;
	readonly folder: string;
}

const scriptOf = { radosgw: "s3", minio: "minio" } as const satisfies Record<S3ServerName, string>;

async function startServer(name: S3ServerName, env: NodeJS.ProcessEnv): Promise<Running> {
	const folder = mkdtempSync(join(tmpdir(), "limani-s3-"));
	const port = await freePorts(2);
	const up = join(scripts, `${scriptOf[name]}-up`);
	const { stdout } = await run(up, [folder, String(port), s3Bucket, otherBucket], {
		env: { ...process.env, ...env, S3_ACCESS_KEY: s3Keys.accessKeyId, S3_SECRET_KEY: s3Keys.secretAccessKey },
	});
	return { endpoint: stdout.trim(), folder };
}
