// What a client of another registry must be able to do there, whichever it is.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { RemoteSpec } from "#/api/replication-policy-spec.ts";
import { openRemoteRegistry, type RemoteRegistryOpts } from "#/client/open-remote-registry.ts";
import type { RemoteManifest, RemoteRegistry } from "#/client/remote-registry.ts";
import type { Descriptor } from "#/oci/descriptor.ts";
import { digestOf } from "#/oci/digest.ts";
import { OCI_CONFIG, OCI_EMPTY, OCI_LAYER, OCI_MANIFEST } from "#/oci/media-types.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { bytesOf, collect, loopback } from "./remote.ts";

/** A registry that runs. */
export interface RunningRegistry extends AsyncDisposable {
	readonly port: number;
	readonly credentials?: RemoteSpec["credentials"];
}

/** What a registry is known to do otherwise. */
export interface RemoteSuiteOpts {
	/** Whether a tag can be deleted without its manifest. */
	readonly deletesTags: boolean;
	/** Whether an upload is still there after a request of it broke off. */
	readonly keepsUploads: boolean;
	/** Whether it has the referrers API. */
	readonly listsReferrers: boolean;
}

const MIB = 1024 * 1024;
const { signal } = new AbortController();

/** Runs the client against a registry that `start` starts, in which `team/…` may be pushed to. */
export const remoteSuite = (
	name: string,
	skip: string | false,
	start: () => Promise<RunningRegistry>,
	suite: RemoteSuiteOpts,
): void => {
	describe(`the client at ${name}`, { skip }, () => {
		let running: RunningRegistry;
		let registry: RemoteRegistry;
		const open = (url: string, opts: RemoteRegistryOpts = {}): RemoteRegistry => {
			const { credentials } = running;
			return openRemoteRegistry(
				{ egress: loopback },
				{ type: "Generic", url, ...(credentials === undefined ? {} : { credentials }) },
				{ firstMs: 20, ...opts },
			);
		};
		before(async () => {
			running = await start();
			registry = open(`http://127.0.0.1:${running.port}`);
		});
		after(async () => {
			await registry?.[Symbol.asyncDispose]();
			await running?.[Symbol.asyncDispose]();
		});

		it("pushes and pulls an image, whose digests stay", async () => {
			const image = await pushImage(registry, "team/app", ["one", "two"]);
			const manifest = await registry.manifest("team/app", "one", signal);
			assert.deepEqual(manifest, image.manifest);
			assert.equal(await registry.head("team/app", "two", signal), image.manifest.digest);
			for (const { descriptor, bytes } of image.blobs) {
				assert.equal(await registry.hasBlob("team/app", descriptor.digest, signal), true);
				await using blob = await registry.blob("team/app", descriptor.digest, 0, signal);
				assert.equal(blob?.size, bytes.length);
				assert.ok((await bytesOf(blob.bytes)).equals(bytes));
			}
		});

		it("lists repositories and tags, page by page", async () => {
			for (const repository of ["team/list/a", "team/list/b"])
				await pushImage(registry, repository, ["v1", "v2", "v3"]);
			const names = await collect(registry.repositories(signal));
			assert.ok(names?.includes("team/list/a") && names.includes("team/list/b"), String(names));
			assert.deepEqual(await collect(await registry.tags("team/list/a", signal)), ["v1", "v2", "v3"]);
		});

		it("knows what is not there", async () => {
			await pushImage(registry, "team/absent", ["one"]);
			const unknown = digestOf(randomBytes(8));
			assert.equal(await registry.tags("team/nowhere", signal), undefined);
			assert.equal(await registry.head("team/absent", "two", signal), undefined);
			assert.equal(await registry.head("team/absent", unknown, signal), undefined);
			assert.equal(await registry.manifest("team/absent", "two", signal), undefined);
			assert.equal(await registry.hasBlob("team/absent", unknown, signal), false);
			assert.equal(await registry.blob("team/absent", unknown, 0, signal), undefined);
			assert.deepEqual(await registry.referrers("team/absent", unknown, signal), []);
			assert.equal(await registry.remove("team/absent", unknown, signal), undefined);
		});

		it("reads a blob from an offset on", async () => {
			const bytes = randomBytes(3 * MIB);
			const descriptor = await putBytes(registry, "team/ranges", bytes);
			await using blob = await registry.blob("team/ranges", descriptor.digest, 2 * MIB, signal);
			assert.deepEqual([blob?.offset, blob?.size], [2 * MIB, 3 * MIB]);
			assert.ok(blob !== undefined && (await bytesOf(blob.bytes)).equals(bytes.subarray(2 * MIB)));
		});

		it("mounts a blob instead of sending it", async () => {
			const bytes = randomBytes(64 * 1024);
			const { digest, size } = await putBytes(registry, "team/mount/from", bytes);
			const read = () => assert.fail("it was read");
			const blob = { digest, size, from: ["team/mount/from"], read };
			assert.equal(await registry.putBlob("team/mount/to", blob, signal), "mounted");
			assert.equal(await registry.putBlob("team/mount/to", blob, signal), "present");
		});

		it("goes on with a pull and with a push over connections that are cut", async () => {
			await using proxy = await CuttingProxy.open(running.port);
			await using cut = open(proxy.url, { chunkBytes: 2 * MIB, tries: 6 });
			const bytes = randomBytes(9 * MIB);
			proxy.cutRequestsAfter = 3 * MIB;
			// Where nothing can be gone on with, the upload begins again, and needs a connection that holds.
			if (!suite.keepsUploads) proxy.maxCuts = 2;
			let read = 0;
			const descriptor = await putBytes(cut, "team/cut", bytes, (length) => {
				read += length;
			});
			assert.ok(proxy.cuts >= 2, `${proxy.cuts} cuts`);
			if (suite.keepsUploads) assert.ok(read < 2 * bytes.length, `${read} bytes were read to send ${bytes.length}`);
			proxy.cutRequestsAfter = undefined;
			proxy.maxCuts = Number.POSITIVE_INFINITY;
			proxy.cutAnswersAfter = 2 * MIB;
			const before = proxy.cuts;
			await using blob = await cut.blob("team/cut", descriptor.digest, 0, signal);
			assert.ok(blob !== undefined && (await bytesOf(blob.bytes)).equals(bytes));
			assert.ok(proxy.cuts - before >= 4, `${proxy.cuts - before} cuts`);
		});

		it("finds what refers to an image, and what was put there by others too", async () => {
			const { manifest } = await pushImage(registry, "team/refs", ["one"]);
			const signatures = [];
			for (const type of ["application/vnd.example.sbom", "application/vnd.example.signature"]) {
				signatures.push(await pushReferrer(registry, "team/refs", manifest, type));
			}
			const found = await registry.referrers("team/refs", manifest.digest, signal);
			assert.deepEqual(found.map(({ digest }) => digest).toSorted(), signatures.map(({ digest }) => digest).toSorted());
			assert.deepEqual(found.map(({ artifactType }) => artifactType).toSorted(), [
				"application/vnd.example.sbom",
				"application/vnd.example.signature",
			]);
			const tag = manifest.digest.replace(":", "-");
			const tagged = await registry.head("team/refs", tag, signal);
			assert.equal(tagged === undefined, suite.listsReferrers);
		});

		it("deletes a manifest, and a tag where that can be", async () => {
			const { manifest } = await pushImage(registry, "team/gone", ["one", "two"]);
			if (suite.deletesTags) {
				assert.equal(await registry.remove("team/gone", "one", signal), "removed");
				assert.equal(await registry.head("team/gone", "one", signal), undefined);
				assert.equal(await registry.head("team/gone", "two", signal), manifest.digest);
			} else {
				await assert.rejects(registry.remove("team/gone", "one", signal), { code: "INVALID" });
			}
			assert.equal(await registry.remove("team/gone", manifest.digest, signal), "removed");
			assert.equal(await registry.manifest("team/gone", manifest.digest, signal), undefined);
		});
	});
};

const putBytes = async (
	registry: RemoteRegistry,
	repository: string,
	bytes: Buffer,
	seen: (length: number) => void = () => undefined,
	mediaType: string = OCI_LAYER,
): Promise<Descriptor> => {
	const digest = digestOf(bytes);
	const read = async (offset: number) =>
		(async function* () {
			for (let at = offset; at < bytes.length; at += 65_536) {
				const piece = bytes.subarray(at, at + 65_536);
				seen(piece.length);
				yield piece;
			}
		})();
	assert.equal(await registry.putBlob(repository, { digest, size: bytes.length, read }, signal), "uploaded");
	return { mediaType, digest, size: bytes.length };
};

const manifestOf = (body: object): RemoteManifest => {
	const payload = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, ...body }));
	return { digest: digestOf(payload), mediaType: OCI_MANIFEST, payload };
};

const pushImage = async (registry: RemoteRegistry, repository: string, tags: readonly string[]) => {
	const configBytes = Buffer.from(
		JSON.stringify({ os: "linux", architecture: "amd64", nonce: randomBytes(8).toString("hex") }),
	);
	const layerBytes = randomBytes(10_000);
	const config = await putBytes(registry, repository, configBytes, undefined, OCI_CONFIG);
	const layer = await putBytes(registry, repository, layerBytes);
	const manifest = manifestOf({ config, layers: [layer] });
	for (const tag of tags) await registry.putManifest(repository, tag, manifest, signal);
	const blobs = [
		{ descriptor: config, bytes: configBytes },
		{ descriptor: layer, bytes: layerBytes },
	];
	return { manifest, blobs };
};

const pushReferrer = async (registry: RemoteRegistry, repository: string, of: RemoteManifest, artifactType: string) => {
	const bytes = Buffer.from("{}");
	const empty = { mediaType: OCI_EMPTY, digest: digestOf(bytes), size: 2 };
	const read = async () =>
		(async function* () {
			yield bytes;
		})();
	await registry.putBlob(repository, { ...empty, read }, signal);
	const subject = { mediaType: of.mediaType, digest: of.digest, size: of.payload.byteLength };
	const manifest = manifestOf({ artifactType, config: empty, layers: [empty], subject });
	await registry.putManifest(repository, manifest.digest, manifest, signal);
	return manifest;
};
