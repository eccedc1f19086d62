// A copier that lost its lease while it stood still wakes up, at a real server: it harms nothing that its successor did.
import assert from "node:assert/strict";
import net from "node:net";
import { type TestContext, test } from "node:test";
import { copyKnown } from "#/features/migrating/copy-known.ts";
import { StorageMigrator } from "#/features/migrating/index.ts";
import { JobError } from "#/jobs/job-error.ts";
import { systemClock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { KnownObject } from "#/metadata/objects.ts";
import { findObject } from "#/registry/find-object.ts";
import { type Finding, verifyStore } from "#/registry/verify.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { beginMigration } from "#/storage/migrating/begin.ts";
import { MigratingBlobStore } from "#/storage/migrating/migrating-blob-store.ts";
import { MigrationNotes } from "#/storage/migration-notes.ts";
import { StoreError } from "#/storage/store-error.ts";
import { MIB, never, noise, put } from "../../conformance/blob-store/bench.ts";
import { hookedStore } from "../../support/hooked.ts";
import { memoryNotes } from "../../support/memory-notes.ts";
import { openTestMetadata } from "../../support/registry.ts";
import { openTestStore, privateS3 } from "../../support/s3.ts";

const minio = privateS3("minio");
const KEY = "aa/old";

/** A migration that has begun, of one object that the files alone have. */
const begin = async (
	stack: AsyncDisposableStack,
	metadata: Metadata,
	{ prefix, size }: { prefix: string; size: number },
) => {
	const former = openMemoryStore({ now: Date.now });
	const target = stack.use(await openTestStore(await minio.endpoint(), { prefix }));
	const notes = new MigrationNotes(memoryNotes());
	const mark = await beginMigration({ notes, target }, { registry: "r", store: "default", to: "a bucket" }, never);
	assert.ok(!(mark instanceof StoreError));
	await metadata.objects.intend({ store: "default", key: KEY, purpose: "journal", holder: "test" });
	await put(former, KEY, noise(size));
	await metadata.objects.settle("default", KEY, size);
	const object = await findObject(metadata.objects, "default", KEY, never);
	assert.ok(object);
	const migrator = new StorageMigrator({
		name: "default",
		former,
		target,
		notes,
		begun: () => mark,
		objects: metadata.objects,
		outbox: metadata.outbox,
		holder: "successor",
		clock: systemClock,
		report: () => undefined,
		meter: { copied: () => undefined, progress: () => undefined },
	});
	const copy = (to: BlobStore, known: KnownObject, signal: AbortSignal) =>
		copyKnown({ former, target: to, name: "default", objects: metadata.objects }, known, signal);
	return { target, object, migrator, copy, store: new MigratingBlobStore({ former, target }) };
};

const findings = async (metadata: Metadata, store: BlobStore): Promise<readonly Finding[]> => {
	const all: Finding[] = [];
	await verifyStore({ objects: metadata.objects, store, found: (finding) => void all.push(finding) }, "default", never);
	return all;
};

const lose = (lease: AbortController): void => lease.abort(new JobError("LOST", "another process took over"));

/** Lets through what is sent to a server, but for what makes an object: that arrives nowhere, and is not answered. */
const holdingProxy = async (t: TestContext, endpoint: string) => {
	const { hostname, port } = new URL(endpoint);
	const { promise: held, resolve } = Promise.withResolvers<void>();
	const sockets = new Set<net.Socket>();
	const server = net.createServer((client) => {
		const upstream = net.connect(Number(port), hostname);
		upstream.pipe(client);
		let isHeld = false;
		client.on("data", (bytes) => {
			if (/^(PUT|POST) [^ ]*aa\/old(\?uploadId=[^&]*|\?x-id=PutObject)? HTTP/.test(bytes.toString("latin1"))) {
				isHeld = true;
				resolve();
			}
			if (!isHeld) upstream.write(bytes);
		});
		for (const socket of [client, upstream]) {
			const end = (): void => void [client.destroy(), upstream.destroy()];
			socket.on("error", end).on("close", end);
			sockets.add(socket);
		}
	});
	await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
	t.after(() => {
		server.close();
		for (const socket of sockets) socket.destroy();
	});
	const address = server.address();
	assert.ok(typeof address === "object" && address !== null);
	return { url: `http://127.0.0.1:${address.port}`, held };
};

for (const size of [1_000, 12 * MIB]) {
	test(`what a successor copied stays when the request of the one before ends at last: ${size} bytes`, {
		skip: minio.skip,
	}, async (t) => {
		await using stack = new AsyncDisposableStack();
		const metadata = stack.use(await openTestMetadata());
		const prefix = `held-${size}/`;
		const { target, object, migrator, copy } = await begin(stack, metadata, { prefix, size });
		const proxy = await holdingProxy(t, await minio.endpoint());
		const slow = stack.use(await openTestStore(proxy.url, { prefix }));
		const lease = new AbortController();
		const first = copy(slow, object, lease.signal);
		await Promise.race([proxy.held, first]);
		assert.equal(await migrator.round(never), "completed");
		lose(lease);
		await assert.rejects(first);
		assert.deepEqual(await findings(metadata, target), []);
	});
}

test("a late copy of what was deleted meanwhile is taken back by the one that made it", {
	skip: minio.skip,
}, async () => {
	await using stack = new AsyncDisposableStack();
	const metadata = stack.use(await openTestMetadata());
	const { target, object, migrator, copy, store } = await begin(stack, metadata, { prefix: "late/", size: 1_000 });
	const lease = new AbortController();
	const late = hookedStore(target, async (method) => {
		if (method !== "writer.commit") return undefined;
		await metadata.objects.condemn("default", KEY);
		await store.delete(KEY, undefined, never);
		await metadata.objects.forget("default", KEY);
		assert.equal(await migrator.round(never), "completed");
		return () => lose(lease);
	});
	assert.equal(await copy(late, object, lease.signal), "gone");
	assert.deepEqual(await findings(metadata, target), []);
});
