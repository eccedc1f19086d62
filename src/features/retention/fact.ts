import type { Artifact } from "#/metadata/artifacts.ts";
import type { Digest } from "#/oci/digest.ts";
import type { CompiledPolicy } from "./compile-policy.ts";
import { standingOf } from "./subject-of.ts";

/** What a plan needs to know of an artifact, and no more: it has those of a whole repository at once. */
export interface Fact {
	readonly digest: Digest;
	/** All of them, in byte order. */
	readonly tags: readonly string[];
	/** Whether it has tags that are not there only to say what it refers to. */
	readonly isTagged: boolean;
	readonly size: number;
	readonly pushedAt: number;
	readonly pulledAt: number | undefined;
	readonly subject: Digest | undefined;
	readonly children: readonly Digest[];
	readonly isSignature: boolean;
	readonly isImmutable: boolean;
	/** The annotation that protects it, as the policy says it. */
	readonly annotation: string | undefined;
	/** Which rules select it: bit i is rule i. */
	readonly selectedBy: number;
}

/** Reads an artifact under the rules that are about its repository. */
export const toFact = (artifact: Artifact, policy: CompiledPolicy, about: number): Fact => {
	const { tags, subject, isSignature } = standingOf(artifact);
	let selectedBy = 0;
	for (const [i, rule] of policy.rules.entries()) {
		const isAbout = (about & (1 << i)) !== 0;
		if (isAbout && rule.selects(tags, artifact.artifactType)) selectedBy |= 1 << i;
	}
	const { digest, size, pushedAt, pulledAt, children, isImmutable } = artifact;
	return {
		digest,
		tags: artifact.tags,
		isTagged: tags.length > 0,
		size,
		pushedAt,
		pulledAt,
		subject,
		children,
		isSignature,
		isImmutable,
		annotation: policy.protectingAnnotation(artifact.annotations),
		selectedBy,
	};
};
