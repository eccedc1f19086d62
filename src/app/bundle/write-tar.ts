import { BundleError } from "./bundle-error.ts";
import { formatHeader, TAR_BLOCK, type TarEntry } from "./tar-header.ts";

/** A file to be put into an archive. */
export interface FileToPack extends TarEntry {
	/** All its bytes. */
	open(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** The bytes of an archive of these files, in their order. @throws BundleError where a file is not as long as it says */
export async function* writeTar(files: readonly FileToPack[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
	for (const file of files) {
		yield formatHeader(file);
		let written = 0;
		for await (const bytes of file.open(signal)) {
			written += bytes.byteLength;
			yield bytes;
		}
		if (written !== file.size) throw new BundleError(`${file.path} has ${written} bytes: expected ${file.size}`);
		yield new Uint8Array(-written & (TAR_BLOCK - 1));
	}
	yield new Uint8Array(2 * TAR_BLOCK);
}
