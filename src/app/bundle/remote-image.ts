import type { RemoteRegistry } from "#/client/remote-registry.ts";
import type { Digest } from "#/oci/digest.ts";
import { BundleError } from "./bundle-error.ts";
import type { ImageSource } from "./image-source.ts";

/** The image that a tag or digest names in a registry now. @throws BundleError when there is none; RemoteError */
export const openRemoteImage = async (
	registry: RemoteRegistry,
	{ repository, reference }: { readonly repository: string; readonly reference: string },
	signal: AbortSignal,
): Promise<ImageSource> => {
	const absent = (what: string) => new BundleError(`${repository} has no ${what}`);
	const root = await registry.head(repository, reference, signal);
	if (root === undefined) throw absent(reference);
	return {
		root,
		manifest: async (digest, within) => {
			const manifest = await registry.manifest(repository, digest, within);
			if (manifest === undefined) throw absent(digest);
			return manifest;
		},
		blob: (digest, offset, within) => readBlob(registry, { repository, digest, offset }, within),
	};
};

interface Wanted {
	readonly repository: string;
	readonly digest: Digest;
	readonly offset: number;
}

async function* readBlob(
	registry: RemoteRegistry,
	{ repository, digest, offset }: Wanted,
	signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
	await using blob = await registry.blob(repository, digest, offset, signal);
	if (blob?.offset !== offset) throw new BundleError(`${repository} has no ${digest}`);
	yield* blob.bytes;
}
