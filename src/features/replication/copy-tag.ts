import { RemoteError } from "#/client/remote-error.ts";
import { algorithmOf, type Digest } from "#/oci/digest.ts";
import { chooseArtifact, type ReadManifest } from "./choose-artifact.ts";
import type { Pair } from "./copier.ts";
import { copyReferrers } from "./copy-referrers.ts";
import type { RunContext } from "./run-context.ts";

/** What came of a tag. */
export type CopiedTag =
	| { readonly kind: "copied"; readonly target: Digest; readonly referrers: readonly Digest[] }
	/** What it names now is not selected. */
	| { readonly kind: "excluded" }
	/** The source moved it meanwhile; absent: took it away. */
	| { readonly kind: "moved"; readonly source: Digest | undefined };

/** A tag, and what it names at the source. */
export interface TagToCopy {
	readonly tag: string;
	readonly digest: Digest;
}

/**
 * Copies what a tag names, with what refers to it, and moves the tag at the target last: whoever pulls it finds all
 * that belongs to it. If the source has moved it by then, it stays where it is.
 */
export const copyTag = async (
	run: RunContext,
	pair: Pair,
	{ tag, digest }: TagToCopy,
	signal: AbortSignal,
): Promise<CopiedTag> => {
	const { copier, source, target, selection, spec } = run;
	const manifest = await copier.find(pair, digest, signal);
	if (manifest === undefined) return { kind: "moved", source: await source.registry.head(pair.source, tag, signal) };
	const chosen = await chooseArtifact(manifest, selection, copier.inside(pair, signal));
	if (chosen === undefined) return { kind: "excluded" };
	const isThere = (await target.registry.head(pair.target, chosen.digest, signal)) !== undefined;
	if (!isThere) await copier.copyContent(pair, chosen, signal);
	const referrers = spec.referrers ? await withReferrers(run, pair, { chosen, digest, isThere }, signal) : [];
	const now = await source.registry.head(pair.source, tag, signal);
	if (now !== digest) return { kind: "moved", source: now };
	await copier.put(pair, tag, chosen, signal);
	return { kind: "copied", target: await nameAtTarget(run, pair, tag, chosen.digest, signal), referrers };
};

/** Referrers come after what they refer to, which is put by its digest for them. */
const withReferrers = async (
	run: RunContext,
	pair: Pair,
	{ chosen, digest, isThere }: { readonly chosen: ReadManifest; readonly digest: Digest; readonly isThere: boolean },
	signal: AbortSignal,
): Promise<readonly Digest[]> => {
	// An index that was rewritten is not what the referrers of the whole one speak of.
	const subjects = [...(chosen.digest === digest ? [digest] : []), ...chosen.parsed.children];
	const put = isThere ? undefined : () => run.copier.put(pair, chosen.digest, chosen, signal);
	return copyReferrers(run, pair, subjects, put, signal);
};

/** A registry keeps what is pushed under a tag by sha256, whatever the source has it by. */
const nameAtTarget = async (
	{ target }: RunContext,
	pair: Pair,
	tag: string,
	digest: Digest,
	signal: AbortSignal,
): Promise<Digest> => {
	if (target.isLocal || algorithmOf(digest) === "sha256") return digest;
	const kept = await target.registry.head(pair.target, tag, signal);
	if (kept === undefined)
		throw new RemoteError("INVALID", `${target.name} does not have ${pair.target}:${tag} after it was put`);
	return kept;
};
