import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { collectImage, type ImageSource } from "./image-source.ts";

/** Pushes an image, all platforms of it; what is there already is not sent again. @throws RemoteError; BundleError */
export const pushImage = async (
	registry: RemoteRegistry,
	source: ImageSource,
	{ repository, tag }: { readonly repository: string; readonly tag: string },
	signal: AbortSignal,
): Promise<void> => {
	const { manifests, blobs } = await collectImage(source, signal);
	for (const { digest, size } of blobs) {
		const read = async (offset: number, within: AbortSignal) => source.blob(digest, offset, within);
		await registry.putBlob(repository, { digest, size, read }, signal);
	}
	for (const manifest of manifests) {
		const reference = manifest.digest === source.root ? tag : manifest.digest;
		await registry.putManifest(repository, reference, manifest, signal);
	}
};
