import { createHash } from "node:crypto";
import { type Digest, hexOf } from "#/oci/digest.ts";
import { BundleError } from "./bundle-error.ts";

/** Passes bytes on, and fails at their end where they are not what the digest says. @throws BundleError */
export async function* verified(digest: Digest, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
	const hash = createHash("sha256");
	for await (const piece of bytes) {
		hash.update(piece);
		yield piece;
	}
	const hex = hash.digest("hex");
	if (hex !== hexOf(digest)) throw new BundleError(`${digest} was changed: what is there is sha256:${hex}`);
}
