import type { Ask } from "#/client/auth/ask.ts";
import type { TaggedDigest } from "#/client/remote-registry.ts";
import type { Session } from "#/client/session.ts";
import { parseDigest } from "#/oci/digest.ts";
import { isTag } from "#/oci/tag.ts";

/** Lists what the tags of a repository name; undefined: there is no such list. @throws RemoteError, then and while it goes on */
export type TagDigests = (
	repository: string,
	signal: AbortSignal,
) => Promise<AsyncIterable<readonly TaggedDigest[]> | undefined>;

/** What the lists stand on. */
export interface TagDigestsDeps {
	readonly ask: Ask;
	readonly session: Session;
}

/** Who asks. */
export type Credentials = { readonly username: string; readonly password: string } | undefined;

/** An entry of a list as one tag with its digest; none where it is not the one or the other. */
export const readTaggedDigest = (tag: string, text: string): readonly TaggedDigest[] => {
	const digest = parseDigest(text);
	return digest !== undefined && isTag(tag) ? [{ tag, digest }] : [];
};
