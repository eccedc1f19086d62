import { type Digest, formatDigest, isDigest } from "#/oci/digest.ts";

/** The tag under which referrers are listed where there is no API for them: it is written by who pushes them. */
const REFERRERS_TAG = /^sha(256|512)-[0-9a-f]{64}$/;

/** A tag by which cosign attaches a signature, an attestation or an SBOM. */
const COMPANION_TAG = /^sha256-([0-9a-f]{64})\.(sig|att|sbom)$/;

/** What kind of tag it is: one that people gave, one that belongs to the manifest `about`, or no tag of its own at all. */
export const classifyTag = (
	tag: string,
): { readonly kind: "tag" | "list" } | { readonly kind: "companion"; readonly about: Digest } => {
	if (REFERRERS_TAG.test(tag)) return { kind: "list" };
	const hex = COMPANION_TAG.exec(tag)?.[1];
	return hex === undefined ? { kind: "tag" } : { kind: "companion", about: formatDigest("sha256", hex) };
};

/** Whether a reference of the ledger is a tag; else it is the digest of a referrer. */
export const isTagReference = (reference: string): boolean => !isDigest(reference);
