import type { Algorithm, Digest } from "#/oci/digest.ts";
import { RunningDigest } from "#/storage/running-digest.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { OpenFile } from "./file-system.ts";

const SLICE_BYTES = 256 * 1024;

/**
 * The digest of the first `size` bytes of a file, on this thread.
 *
 * @throws StoreError CORRUPT when the file is shorter
 */
export const hashFile = async (
	file: OpenFile,
	size: number,
	algorithm: Algorithm,
	signal: AbortSignal,
): Promise<Digest> => {
	const hash = new RunningDigest(algorithm);
	const buffer = Buffer.allocUnsafeSlow(Math.min(SLICE_BYTES, size));
	for (let position = 0; position < size; position += buffer.byteLength) {
		signal.throwIfAborted();
		const slice = buffer.subarray(0, Math.min(buffer.byteLength, size - position));
		if ((await file.read(slice, position)) < slice.byteLength)
			throw new StoreError("CORRUPT", "the staged file is short");
		hash.update(slice);
	}
	return hash.digest();
};
