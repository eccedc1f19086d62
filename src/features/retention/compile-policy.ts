import { compileTags } from "#/api/compile-tags.ts";
import type { RetentionPolicySpec, RetentionRule } from "#/api/retention-policy-spec.ts";
import { compileAny, compilePatterns } from "#/lib/doublestar.ts";

/** A rule, ready to be asked. */
interface CompiledRule {
	readonly name: string;
	readonly keep: RetentionRule["keep"];
	/** @param name a repository's, below its project */
	isAbout(name: string): boolean;
	/** Whether the rule selects an artifact: what its conditions count, and may keep. */
	selects(tags: readonly string[], artifactType: string | undefined): boolean;
}

/** A policy, ready to be asked. */
export interface CompiledPolicy {
	readonly rules: readonly CompiledRule[];
	readonly protectsSigned: boolean;
	/** The annotation, as the policy says it, that protects an artifact with these; absent: none does. */
	protectingAnnotation(annotations: Readonly<Record<string, string>> | undefined): string | undefined;
}

/** Compiles a policy. @throws PatternError for what its schema does not let through */
export const compilePolicy = ({ rules, protect }: RetentionPolicySpec): CompiledPolicy => ({
	rules: rules.map(compileRule),
	protectsSigned: protect.signed,
	protectingAnnotation: (annotations) =>
		annotations && protect.annotations.find((wanted) => hasAnnotation(annotations, wanted)),
});

/** Which rules are about a repository: bit i is rule i; 0: the policy leaves it alone. */
export const rulesAbout = ({ rules }: CompiledPolicy, name: string): number =>
	rules.reduce((found, rule, i) => (rule.isAbout(name) ? found | (1 << i) : found), 0);

const compileRule = ({ name, keep, repositories, tags, untagged = "Include", artifactTypes }: RetentionRule) => {
	const selector = compileTags(tags);
	const isWantedType = artifactTypes === undefined ? () => true : compileAny(artifactTypes);
	const selectsTags = (given: readonly string[]): boolean => {
		if (given.length === 0) return untagged !== "Exclude";
		// As Harbor's two selectors: one tag that matches is enough, and one that is not excluded.
		return untagged !== "Only" && given.some(selector.matches) && !given.every(selector.excludes);
	};
	return {
		name,
		keep,
		isAbout: compilePatterns(repositories),
		selects: (given: readonly string[], artifactType = "") => selectsTags(given) && isWantedType(artifactType),
	};
};

const hasAnnotation = (annotations: Readonly<Record<string, string>>, wanted: string): boolean => {
	const [key = ""] = wanted.split("=", 1);
	if (!Object.hasOwn(annotations, key)) return false;
	return key === wanted || annotations[key] === wanted.slice(key.length + 1);
};
