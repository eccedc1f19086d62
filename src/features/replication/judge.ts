import type { Replica } from "#/metadata/replicas.ts";
import type { Digest } from "#/oci/digest.ts";

/** What is known of one reference before anything is done about it. */
export interface ReferenceFacts {
	/** What the source has. */
	readonly source: Digest;
	/** What the target has; absent: nothing. */
	readonly target: Digest | undefined;
	/** What the policy remembers. */
	readonly known: Replica | undefined;
	/** Whether what the source has goes as it is; else only a look inside tells what the target is to have. */
	readonly isVerbatim: boolean;
	/** Of the policy. */
	readonly generation: number;
}

/**
 * What is to be done. `diverged` says that somebody else changed at the target what was copied there. `left` is what
 * somebody took away who had put it there himself: it is not brought back from a copy that was made of it, so that in a
 * circle of policies a deletion at the origin is the end of it.
 */
export type Judgement =
	| { readonly kind: "in-sync"; readonly target: Digest }
	| { readonly kind: "copy"; readonly diverged: boolean }
	| { readonly kind: "left" }
	| { readonly kind: "excluded" };

/** Compares what both sides have with what was copied last. */
export const judge = ({ source, target, known, isVerbatim, generation }: ReferenceFacts): Judgement => {
	if (known?.state === "excluded" && known.sourceDigest === source && known.generation === generation) {
		return { kind: "excluded" };
	}
	const agreed = known?.sourceDigest === source ? known.targetDigest : undefined;
	const wanted = isVerbatim ? source : agreed;
	if (target !== undefined && target === wanted) return { kind: "in-sync", target };
	if (known === undefined || known.targetDigest === undefined || known.state === "gone") {
		return { kind: "copy", diverged: false };
	}
	if (target === undefined && agreed !== undefined && !known.isOurs && known.pending === undefined) {
		return { kind: "left" };
	}
	// A run that was killed may have put there what it was about to, and not have come to remember it.
	const couldBeOurs = target !== undefined && known.pending === target;
	return { kind: "copy", diverged: target !== known.targetDigest && !couldBeOurs };
};

/** Whether what is remembered says that nothing needs to be done, so that the target need not be asked. */
export const isSettled = (source: Digest, known: Replica | undefined, generation: number): boolean => {
	if (known === undefined || known.sourceDigest !== source || known.pending !== undefined) return false;
	if (known.state === "excluded") return known.generation === generation;
	return known.state === "synced" || known.state === "left";
};
