import type { Replica } from "#/metadata/replicas.ts";
import type { Digest } from "#/oci/digest.ts";
import { type Judgement, judge } from "./judge.ts";
import { isTagReference } from "./references.ts";
import type { RunContext } from "./run-context.ts";

/** A tag or a referrer at the source. */
export interface SourceReference {
	readonly reference: string;
	readonly digest: Digest;
	/** Since when it is so, milliseconds since the epoch; absent where the source does not tell. */
	readonly movedAt?: number | undefined;
	/** Whether only a list says what it names, which the source is to be asked for before anything is done about it. */
	readonly isListed?: boolean;
}

/** What is known of one page of references before the target was asked. */
export interface PageFacts {
	readonly items: readonly SourceReference[];
	readonly known: ReadonlyMap<string, Replica>;
}

/** What is to be done about a reference. */
export const judgeItem = (
	{ spec, generation }: RunContext,
	{ reference, digest }: SourceReference,
	known: Replica | undefined,
	target: Digest | undefined,
): Judgement => {
	const isVerbatim = spec.filters.platforms === undefined || !isTagReference(reference);
	return judge({ source: digest, target, known, isVerbatim, generation });
};
