import { type Digest, parseDigest } from "./digest.ts";
import { isTag } from "./tag.ts";

/** What a manifest is asked for by: a tag, which moves, or a digest, which does not. */
export type Reference =
	| { readonly kind: "tag"; readonly tag: string }
	| { readonly kind: "digest"; readonly digest: Digest };

/** The text as a reference; undefined when it is neither a tag nor a digest. No text is both: only digests have a colon. */
export const parseReference = (text: string): Reference | undefined => {
	const digest = parseDigest(text);
	if (digest !== undefined) return { kind: "digest", digest };
	return isTag(text) ? { kind: "tag", tag: text } : undefined;
};

/** The reference as it stands in a path; {@link parseReference} reads it back. */
export const formatReference = (reference: Reference): string =>
	reference.kind === "tag" ? reference.tag : reference.digest;
