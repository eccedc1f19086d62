import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteError } from "#/client/remote-error.ts";
import { LocalRegistry } from "#/features/replication/local-registry.ts";
import { digestOf } from "#/oci/digest.ts";
import type { Registry } from "#/registry/registry.ts";
import { bodyOf, brokenBody } from "../../support/bodies.ts";
import { forever, pullBlob } from "../../support/registry.ts";
import { openPlace, type ReplicationPlace } from "../../support/replication-world.ts";

const asRemote = ({ registry }: { readonly registry: Registry }) =>
	new LocalRegistry({ registry, actor: "policy:test" });

const inPlace = async (work: (place: ReplicationPlace, remote: LocalRegistry) => Promise<void>): Promise<void> => {
	await using place = await openPlace();
	await work(place, asRemote(place));
};

test("what is not there is an answer, of whichever kind it is", () =>
	inPlace(async (place, remote) => {
		await place.push("p/app", "v1", { layers: ["one"] });
		const nothing = digestOf(Buffer.from("nothing"));
		for (const repository of ["p/app", "p/none", "none/at/all"]) {
			assert.equal(await remote.head(repository, "v2", forever), undefined);
			assert.equal(await remote.manifest(repository, nothing, forever), undefined);
			assert.equal(await remote.blob(repository, nothing, 0, forever), undefined);
			assert.equal(await remote.hasBlob(repository, nothing, forever), false);
			assert.equal(await remote.remove(repository, "v2", forever), undefined);
			assert.deepEqual(await remote.referrers(repository, nothing, forever), []);
		}
		assert.equal(await remote.tags("p/none", forever), undefined);
	}));

test("what a guard refuses is refused here as it is to any client", () =>
	inPlace(async (_place, remote) => {
		const manifest = { digest: digestOf(Buffer.from("{}")), mediaType: "text/plain", payload: Buffer.from("{}") };
		await assert.rejects(remote.putManifest("p/app", "v1", manifest, forever), (error) => {
			assert.ok(error instanceof RemoteError);
			assert.equal(error.code, "INVALID");
			assert.match(error.message, /^this registry: /);
			return true;
		});
		const read = async () => bodyOf("bytes");
		const blob = { digest: digestOf(Buffer.from("bytes")), size: 5, read };
		await assert.rejects(remote.putBlob("nobody/app", blob, forever), { code: "INVALID" });
	}));

for (const megabytes of [1, 9]) {
	test(`a blob of ${megabytes} MiB whose source breaks off is gone on with, and one that never comes is given up`, () =>
		inPlace(async (place, remote) => {
			const bytes = Buffer.alloc(megabytes * 1024 * 1024, "a blob ");
			const digest = digestOf(bytes);
			const offsets: number[] = [];
			const gone = new RemoteError("UNREACHABLE", "the source is gone");
			const read = async (offset: number) => {
				offsets.push(offset);
				const half = bytes.subarray(offset, offset + Math.ceil(bytes.length / 2));
				return offsets.length < 2 && megabytes > 4 ? brokenBody(gone, half) : bodyOf(bytes.subarray(offset));
			};
			assert.equal(await remote.putBlob("p/app", { digest, size: bytes.length, read }, forever), "uploaded");
			assert.deepEqual(offsets, megabytes > 4 ? [0, bytes.length / 2] : [0]);
			await place.push("p/app", "v1", { layers: ["one"] });
			assert.ok((await pullBlob(place, "p/app", digest)).equals(bytes));

			const other = { digest: digestOf(Buffer.from("other")), size: bytes.length, read: async () => brokenBody(gone) };
			await assert.rejects(remote.putBlob("p/app", other, forever), (error) => error === gone);
			assert.equal(await place.metadata.uploads.expire(0, 10), 0, "nothing is left of it");
		}));
}

test("bytes that were read stay what they are when the store takes its buffers back", () =>
	inPlace(async ({ registry }) => {
		const buffer = Buffer.alloc(4);
		const chunks = async function* () {
			for (const piece of ["abcd", "efgh"]) {
				buffer.write(piece);
				yield { bytes: buffer, release: () => void buffer.fill(0) };
			}
		};
		const digest = digestOf(Buffer.from("abcdefgh"));
		const reading: Registry = {
			...registry,
			blobs: {
				...registry.blobs,
				stat: async () => ({ digest, size: 8, store: "default", key: "key" }),
				content: async () => ({
					open: async () => ({ size: 8, chunks, [Symbol.asyncDispose]: async () => undefined }),
				}),
			},
		};
		await using blob = await asRemote({ registry: reading }).blob("p/app", digest, 0, forever);
		assert.ok(blob !== undefined);
		assert.equal(Buffer.concat(await Array.fromAsync(blob.bytes)).toString(), "abcdefgh");
	}));
