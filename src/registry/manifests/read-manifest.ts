import { algorithmOf, type Digest, digestOf } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { MAX_MANIFEST_BYTES, type ParsedManifest, parseManifest } from "#/oci/manifest.ts";
import type { Reference } from "#/oci/reference.ts";
import { readBody } from "#/registry/read-body.ts";
import type { Body } from "#/registry/registry.ts";

/** A manifest as it came, and what it says. */
export interface ReceivedManifest {
	readonly payload: Uint8Array;
	readonly digest: Digest;
	readonly parsed: ParsedManifest;
}

/**
 * Takes a pushed manifest. A push by digest keeps that digest, whichever its algorithm; a push by tag gets sha256.
 *
 * @throws OciError MANIFEST_TOO_LARGE as soon as the body is longer than 4 MiB, DIGEST_INVALID, MANIFEST_INVALID
 */
export const readManifest = async (
	reference: Reference,
	contentType: string | undefined,
	body: Body,
): Promise<ReceivedManifest> => {
	const payload = await takePayload(body);
	if (payload === undefined) {
		throw new OciError("MANIFEST_TOO_LARGE", { detail: `more than ${MAX_MANIFEST_BYTES} bytes` });
	}
	const digest = digestOf(payload, reference.kind === "digest" ? algorithmOf(reference.digest) : "sha256");
	if (reference.kind === "digest" && reference.digest !== digest) {
		throw new OciError("DIGEST_INVALID", { detail: { expected: reference.digest, actual: digest } });
	}
	return { payload, digest, parsed: parseManifest(contentType, payload) };
};

const takePayload = async (body: Body): Promise<Uint8Array | undefined> => {
	try {
		return await readBody(body, MAX_MANIFEST_BYTES);
	} catch (cause) {
		if (cause instanceof OciError) throw cause;
		throw new OciError("MANIFEST_INVALID", { message: "the body broke off", cause });
	}
};
