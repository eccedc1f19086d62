import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { once } from "#/lib/once.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from "#/oci/media-types.ts";

/** An image that is pushed, and by what name. */
export interface Probe {
	/** Without the registry's host. */
	readonly repository: string;
	readonly tag: string;
	/** Bytes of its one layer, which nobody pushed before: else nothing would be sent. */
	readonly layer: Uint8Array;
}

/** A push or a pull that was answered, and not as it should have been. */
class ProbeError extends Error {
	override readonly name = "ProbeError";
}

/**
 * Pushes an image and pulls it again, byte for byte, then deletes its tag.
 *
 * @returns the image's digest
 * @throws RemoteError; ProbeError when what is pulled is not what was pushed
 */
export const pushAndPull = async (
	registry: RemoteRegistry,
	{ repository, tag, layer }: Probe,
	signal: AbortSignal,
): Promise<Digest> => {
	const diff = digestOf(layer);
	const config = encode({
		architecture: "amd64",
		os: "linux",
		config: {},
		rootfs: { type: "layers", diff_ids: [diff] },
	});
	const put = (bytes: Uint8Array) =>
		registry.putBlob(
			repository,
			{ digest: digestOf(bytes), size: bytes.length, read: async (offset) => once(bytes.subarray(offset)) },
			signal,
		);
	await put(layer);
	await put(config);
	const payload = encode({
		schemaVersion: 2,
		mediaType: OCI_MANIFEST,
		config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.length },
		layers: [{ mediaType: OCI_LAYER, digest: diff, size: layer.length }],
	});
	const digest = digestOf(payload);
	await registry.putManifest(repository, tag, { digest, mediaType: OCI_MANIFEST, payload }, signal);
	const pulled = await registry.manifest(repository, tag, signal);
	if (pulled?.digest !== digest)
		throw new ProbeError(`${repository}:${tag} is ${pulled?.digest ?? "not there"}: expected ${digest}`);
	await assertPulled(registry, repository, diff, signal);
	await assertPulled(registry, repository, digestOf(config), signal);
	await registry.remove(repository, tag, signal);
	return digest;
};

const assertPulled = async (
	registry: RemoteRegistry,
	repository: string,
	digest: Digest,
	signal: AbortSignal,
): Promise<void> => {
	await using blob = await registry.blob(repository, digest, 0, signal);
	if (blob === undefined) throw new ProbeError(`${repository}@${digest} was pushed and is not there`);
	const got = digestOf(Buffer.concat(await Array.fromAsync(blob.bytes)));
	if (got !== digest) throw new ProbeError(`${repository}@${digest} was pushed, and ${got} came back`);
};

const encode = (document: object): Uint8Array => Buffer.from(JSON.stringify(document));
