/** A difference in what kubectl prints that stays. */
export interface KnownTextDifference {
	/** Names of the steps in which it shows. */
	readonly steps: RegExp;
	/** The text without it. */
	readonly without: (text: string) => string;
	/** Why that is all right. */
	readonly why: string;
}

/** What stands for a text of which nothing is compared. */
export const NOT_COMPARED = "(not compared)";

const nothing = (): string => NOT_COMPARED;

/** Text without what matches. */
const no =
	(pattern: RegExp): KnownTextDifference["without"] =>
	(text) =>
		text.replaceAll(pattern, "");

/** Of lines only those about what the embedded API serves. */
const SERVED =
	/^(?:configmaps|events|namespaces|secrets|serviceaccounts|customresourcedefinitions|leases|widgets|projects|registries|replicationpolicies|retentionpolicies|robotaccounts|backups|backupschedules) /;
const VERSIONS =
	/^(?:v1|apiextensions\.k8s\.io\/v1|coordination\.k8s\.io\/v1|events\.k8s\.io\/v1|example\.com\/v1|limani\.dev\/v1alpha1)$/;

const lines =
	(wanted: RegExp): KnownTextDifference["without"] =>
	(text) =>
		text
			.split("\n")
			.filter((line) => wanted.test(line))
			.map((line) => line.replaceAll(/ {2,}/g, "  "))
			.join("\n");

/** All of them. One that is no difference any more fails the test. */
export const knownTextDifferences: readonly KnownTextDifference[] = [
	{ steps: /^all resources$/, without: lines(SERVED), why: "a cluster serves more kinds" },
	{ steps: /^all versions$/, without: lines(VERSIONS), why: "a cluster serves more groups" },
	{
		steps: /^ns\/team-a described$/,
		without: no(/\nNo (?:resource quota|LimitRange resource)\.\n/g),
		why: "quotas and ranges of limits are not served",
	},
	{
		steps:
			/^(?:a kind explained|a kind of ours explained|a kind that is built in|a field of what is built in|what all objects have|a kind that is built in, all of it)$/,
		without: no(/^ {4}.*\n/gm),
		why: "descriptions of what is Kubernetes' own are its authors' words; ours say the same in other ones",
	},
	{
		steps: /^explained in another way$/,
		without: nothing,
		why: "the older OpenAPI v2, which that flag reads, has no kinds: kubectl has not asked for it since 1.27",
	},
	{ steps: /^the server's version$/, without: no(/^Server Version: .*$/gm), why: "each says its own" },
	{
		steps: /^about the cluster$/,
		without: nothing,
		why: "it looks for services of kube-system, and Services are not served",
	},
	{
		steps: /^(?:is it allowed|who asks)$/,
		without: nothing,
		why: "there is one user, who may do all: neither roles nor reviews of access are served",
	},
	{
		steps: /^a definition that nothing is kept in, /,
		without: nothing,
		why: "the real one shows its own data structures, and says besides that no version was stored yet",
	},
	{
		steps: /^a Secret that is no base64, by apply --server-side$/,
		without: nothing,
		why: "the same mistake is told in the words of a create",
	},
];
