import type { Artifact } from "#/metadata/artifacts.ts";
import { type Digest, parseDigest } from "#/oci/digest.ts";

/**
 * Tags by which clients that do without the referrers API say what an artifact refers to: cosign's, and the fallback of
 * the distribution specification ("Referrers Tag Schema").
 */
const REFERRERS_TAG = /^(sha256|sha512)-([0-9a-f]{64,128})(\.(sig|att|sbom))?$/;

/** Types of signatures: notation's and cosign's, and bundles of sigstore in any version. */
const SIGNATURE_TYPES: ReadonlySet<string> = new Set([
	"application/vnd.cncf.notary.signature",
	"application/vnd.dev.cosign.artifact.sig.v1+json",
	"application/vnd.dev.cosign.simplesigning.v1+json",
]);
const SIGNATURE_BUNDLE = "application/vnd.dev.sigstore.bundle";

/** What an artifact is to others, and the tags that are its own. */
export interface Standing {
	/** Tags by which people know it; those that only say what it refers to are none. */
	readonly tags: readonly string[];
	/** What it refers to, by its manifest or by a tag. */
	readonly subject: Digest | undefined;
	readonly isSignature: boolean;
}

/** Reads what an artifact is to others. */
export const standingOf = ({ tags, subject, artifactType = "" }: Artifact): Standing => {
	const isTyped = SIGNATURE_TYPES.has(artifactType) || artifactType.startsWith(SIGNATURE_BUNDLE);
	const marks = tags.map((tag) => REFERRERS_TAG.exec(tag));
	if (marks.every((mark) => mark === null)) return { tags, subject, isSignature: isTyped };
	const [mark] = marks.filter((one) => one !== null);
	return {
		tags: tags.filter((_, i) => marks[i] === null),
		subject: subject ?? parseDigest(`${mark?.[1]}:${mark?.[2]}`),
		isSignature: isTyped || marks.some((one) => one?.[4] === "sig"),
	};
};
