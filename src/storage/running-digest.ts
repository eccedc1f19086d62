import { createHash } from "node:crypto";
import { type Algorithm, type Digest, formatDigest } from "#/oci/digest.ts";

/** The digest of bytes that come one piece after the other; it can be asked for at any time and then go on. */
export class RunningDigest {
	readonly algorithm: Algorithm;
	readonly #hash: ReturnType<typeof createHash>;

	constructor(algorithm: Algorithm) {
		this.algorithm = algorithm;
		this.#hash = createHash(algorithm);
	}

	/** Takes the next bytes, on this thread. */
	update(bytes: Uint8Array): void {
		this.#hash.update(bytes);
	}

	/** The digest of all bytes so far. */
	digest(): Digest {
		return formatDigest(this.algorithm, this.#hash.copy().digest("hex"));
	}
}
