import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { openSqlite } from "#/metadata/sqlite/index.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { createRegistry } from "#/registry/create-registry.ts";
import { idSource } from "#/registry/new-id.ts";
import type { PullRecorder } from "#/registry/pull-recorder.ts";
import type { Registry } from "#/registry/registry.ts";
import type { RegistryEvent } from "#/registry/report.ts";
import type { UploadLimits } from "#/registry/uploads/limits.ts";
import { type Finding, verifyStore } from "#/registry/verify.ts";
import { verifyReferences } from "#/registry/verify-references.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import { bodyOf } from "./bodies.ts";
import { type Hook, hooked, hookedStore } from "./hooked.ts";

/** A signal that nothing aborts. */
export const { signal: forever } = new AbortController();

/** An instance of the registry: what one process has. */
export interface Instance {
	readonly registry: Registry;
	readonly holder: string;
	/** What it reported. */
	readonly events: readonly RegistryEvent[];
}

/** How an instance differs from others over the same metadata and stores. */
export interface InstanceOpts {
	readonly limits?: Partial<UploadLimits>;
	readonly clock?: Clock;
	/** Its own way to the stores. @defaultValue the harness's */
	readonly stores?: ReadonlyMap<string, BlobStore>;
	/** Its own way to the metadata. @defaultValue the harness's */
	readonly metadata?: Metadata;
	/** @defaultValue the registry's own */
	readonly linkProofMs?: number;
	/** @defaultValue the registry's own */
	readonly gcDelayMs?: number;
	/** Who is told of pulls. @defaultValue nobody */
	readonly pulls?: Pick<PullRecorder, "note">;
	/** Between the registry and its stores. */
	readonly store?: Hook;
	/** Between the registry and the uploads of its metadata. */
	readonly uploads?: Hook;
}

/** Metadata in SQLite, stores in memory, and any number of registry instances over both. */
export interface RegistryHarness extends AsyncDisposable {
	readonly metadata: Metadata;
	/** By name: `default` and `other`. */
	readonly stores: ReadonlyMap<string, BlobStore>;
	/** What lies in the stores, by name. */
	readonly objects: ReadonlyMap<string, MemoryObjects>;
	/** One more instance. */
	instance(opts?: InstanceOpts): Instance;
	/** Lets every instance finish what it deferred, and close its writers. */
	drain(): Promise<void>;
	/** Fails unless every stored byte is known and every live object is whole. */
	assertSound(): Promise<void>;
}

/** Opens an empty metadata store in a directory of its own. */
export const openTestMetadata = async (): Promise<Metadata> => {
	const directory = await mkdtemp(join(tmpdir(), "limani-registry-"));
	const warn = (message: string, error: unknown): void => assert.fail(new Error(message, { cause: error }));
	const metadata = new SqlMetadata(await openSqlite({ directory }, { warn }));
	const dispose = metadata[Symbol.asyncDispose].bind(metadata);
	return Object.assign(metadata, {
		[Symbol.asyncDispose]: async () => {
			await dispose();
			await rm(directory, { recursive: true });
		},
	});
};

/** Opens the harness with the projects `p`, `q` (store `default`), `s` (sparse indexes) and `o` (store `other`). */
export const openRegistryHarness = async (
	opts: { readonly stores?: ReadonlyMap<string, BlobStore>; readonly metadata?: Metadata } = {},
): Promise<RegistryHarness> => {
	const metadata = opts.metadata ?? (await openTestMetadata());
	await makeProjects(metadata);
	const objects = new Map(["default", "other"].map((name) => [name, new MemoryObjects()]));
	const stores: ReadonlyMap<string, BlobStore> =
		opts.stores ?? new Map([...objects].map(([name, own]) => [name, openMemoryStore({ now: Date.now, objects: own })]));
	const newId = idSource();
	const registries: Registry[] = [];
	const drain = async (): Promise<void> => {
		await Promise.all(registries.map(({ uploads }) => uploads.drain(forever)));
	};
	return {
		metadata,
		stores,
		objects,
		instance: ({
			limits,
			clock,
			stores: way = stores,
			metadata: own,
			store: storeHook,
			uploads: uploadsHook,
			linkProofMs,
			gcDelayMs,
			pulls,
		} = {}) => {
			const events: RegistryEvent[] = [];
			const holder = `process-${registries.length}`;
			const ownStores = new Map(
				[...way].map(([name, store]) => [name, storeHook === undefined ? store : hookedStore(store, storeHook)]),
			);
			const { manifests, blobs, objects: known, repositories, tagStates, uploads: plain } = own ?? metadata;
			const uploads = uploadsHook === undefined ? plain : hooked(plain, uploadsHook);
			const registry = createRegistry({
				metadata: { manifests, blobs, uploads, objects: known, repositories, tagStates },
				stores: ownStores,
				newId,
				clock: clock ?? systemClock,
				holder,
				report: (event) => events.push(event),
				linkProofMs,
				gcDelayMs,
				pulls,
				limits: { idleWriterMs: 60_000, ...limits },
			});
			registries.push(registry);
			return { registry, holder, events };
		},
		drain,
		assertSound: async () => {
			await drain();
			const findings: Finding[] = [];
			for (const [name, store] of stores) {
				const found = (finding: Finding): void => void findings.push(finding);
				const isToBeRead = (): boolean => true;
				await verifyStore({ objects: metadata.objects, store, found, isToBeRead }, name, forever);
				await verifyReferences({ objects: metadata.objects, found }, name, forever);
			}
			assert.deepEqual(findings, []);
		},
		[Symbol.asyncDispose]: () => metadata[Symbol.asyncDispose](),
	};
};

const makeProjects = async (metadata: Metadata): Promise<void> => {
	const { epoch, base } = await metadata.controlState.begin("test");
	const project = (name: string, spec: object) =>
		({ kind: "Project", uid: `uid-${name}`, generation: 1, spec: { name, ...spec } }) as const;
	const upserts = [
		project("p", {}),
		project("q", {}),
		project("s", { sparseIndexes: true }),
		project("o", { store: "other" }),
	];
	const outcome = await metadata.controlState.apply({ epoch, base, upserts, deletes: [] });
	assert.ok("base" in outcome);
	const observed = await metadata.controlState.observe(0, 10);
	assert.deepEqual(
		observed.filter(({ ready }) => !ready),
		[],
	);
};

/** Pushes a blob in one request; returns its digest. */
export const pushBlob = async (
	{ registry }: Pick<Instance, "registry">,
	repository: string,
	content: string | Uint8Array,
): Promise<Digest> => {
	const bytes = Buffer.from(content);
	const digest = digestOf(bytes);
	const request = { repository, actor: "user:test", digest, size: bytes.length };
	const outcome = await registry.uploads.start(request, bodyOf(bytes), forever);
	assert.deepEqual(outcome, { kind: "blob", digest });
	return digest;
};

/** Opens an upload; returns its id. */
export const startUpload = async ({ registry }: Pick<Instance, "registry">, repository: string): Promise<string> => {
	const outcome = await registry.uploads.start({ repository, actor: "user:test" }, bodyOf(), forever);
	assert.ok(outcome.kind === "upload");
	return outcome.upload.id;
};

/** The text of an image manifest over blobs of the given contents, the first being the config. */
export const imageOf = (config: string, ...layers: readonly string[]): string =>
	JSON.stringify({
		schemaVersion: 2,
		mediaType: OCI_MANIFEST,
		config: { mediaType: "application/vnd.oci.image.config.v1+json", ...describe(config) },
		layers: layers.map((layer) => ({ mediaType: "application/vnd.oci.image.layer.v1.tar", ...describe(layer) })),
	});

const describe = (content: string): { readonly digest: Digest; readonly size: number } => ({
	digest: digestOf(Buffer.from(content)),
	size: Buffer.byteLength(content),
});

/** Pushes the blobs of an image and its manifest under `tag`; returns the manifest's digest. */
export const pushImage = async (
	instance: Pick<Instance, "registry">,
	repository: string,
	tag: string,
	...blobs: readonly [string, ...string[]]
): Promise<Digest> => {
	for (const blob of blobs) await pushBlob(instance, repository, blob);
	const [config, ...layers] = blobs;
	const push = { repository, reference: { kind: "tag", tag }, tags: [], contentType: OCI_MANIFEST } as const;
	const { digest } = await instance.registry.manifests.put(
		{ ...push, condition: undefined, actor: "user:test" },
		bodyOf(imageOf(config, ...layers)),
		forever,
	);
	return digest;
};

/** The whole content of a blob. */
export const pullBlob = async (
	{ registry }: Pick<Instance, "registry">,
	repository: string,
	digest: Digest,
): Promise<Buffer> => {
	const location = await registry.blobs.stat(repository, digest, forever);
	const content = await registry.blobs.content(location, { method: "GET", inline: true }, forever);
	if ("bytes" in content) return Buffer.from(content.bytes);
	assert.ok("open" in content);
	await using blob = await content.open();
	const pieces: Buffer[] = [];
	for await (const chunk of blob.chunks(undefined, forever)) {
		pieces.push(Buffer.from(chunk.bytes));
		chunk.release();
	}
	return Buffer.concat(pieces);
};
