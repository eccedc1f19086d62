import type { Point } from "./point.ts";

/** API and schema: points 1 to 14. */
export const schemaPoints: readonly Point[] = [
	{
		number: 1,
		claim: "Definitions are structural, versioned and made from one source; whatever else has them is compared with it",
		tests: {
			"test/api/crd/structural.test.ts": ["the definition of * is structural, bounded and described"],
			"test/crds.test.ts": ["crds/ holds what npm run generate makes of the kinds, and nothing else"],
			"test/api/kinds/types.test.ts": ["the types beside the definitions are what the schemas take"],
			"test/charts.test.ts": ["charts/ holds what npm run generate makes of the kinds and of the schema of values"],
			"test/docs/kinds.test.ts": ["the page of * has what npm run generate makes of the kind"],
		},
	},
	{
		number: 2,
		claim: "Every kind has a status subresource; of the resource itself the operator writes the finalizers alone",
		tests: {
			"test/e2e/operator/convergence.test.ts": [
				"whatever is done and whatever fails, what remains follows from the specs (SEED=*)",
			],
			"test/e2e/kube/admission.test.ts": ["let the operator change finalizers, and nothing else of a resource"],
			"test/kube/finalizers.test.ts": ["is removed wherever it stands in the list, and no other instead of it"],
		},
	},
	{
		number: 3,
		claim: "`status.observedGeneration` is -1 at first, and equals the generation only once that was handled",
		tests: {
			"test/api/crd/structural.test.ts": [
				"a status is there from the first moment, and says that nobody has looked yet",
			],
			"test/kube/status/status.test.ts": [
				"says when *",
				"never says that a generation was observed which is still to come",
			],
		},
	},
	{
		number: 4,
		claim:
			"Conditions are a map by type; Ready is there after the first look, Reconciling and Stalled only while True and never both; each has generation, reason and message",
		tests: {
			"test/support/status-lint.test.ts": ["counts among the *: *", "finds nothing wrong with *"],
			"test/operator/first-look.test.ts": ["a * has a Ready after its first look, *"],
			"test/e2e/operator/convergence.test.ts": [
				"whatever is done and whatever fails, what remains follows from the specs (SEED=*)",
			],
		},
	},
	{
		number: 5,
		claim:
			"lastTransitionTime moves with the status alone; reasons are of a closed, documented list; messages are below 1 KiB and hold no secret",
		tests: {
			"test/kube/status/status.test.ts": [
				"changes the time of its last transition only with its status",
				"cuts a message that is longer than 1 KiB between two characters",
			],
			"test/api/kinds/parse-resource.test.ts": [
				"conditions and reasons are closed lists of CamelCase words, a sentence each",
			],
			"test/docs/kinds.test.ts": [
				"every reason of a condition has a section in docs/troubleshooting.md, and no other word has",
			],
			"test/e2e/operator/convergence.test.ts": [
				"whatever is done and whatever fails, what remains follows from the specs (SEED=*)",
			],
		},
	},
	{
		number: 6,
		claim: "No `phase`, no float, enums in CamelCase, every list, map and string bounded",
		tests: {
			"test/api/crd/structural.test.ts": [
				"the definition of * is structural, bounded and described",
				"the lint sees what an API server would refuse, and what readers would miss",
			],
		},
	},
	{
		number: 7,
		claim:
			"Columns: Ready, Status, what matters of the kind, Age; others with `-o wide`; what kubectl prints is compared",
		tests: {
			"test/e2e/kube/kubectl.test.ts": ["shows * with its columns"],
			"test/e2e/standalone/kubectl.test.ts": [
				"shows at a glance what is where and whether it is ready",
				"shows when policies run and what became of it, and refuses what contradicts itself",
			],
			"test/docs.test.ts": ["the columns that * shows are those of the kind"],
			"test/api/crd/structural.test.ts": ["paths in the definition of * lead to fields"],
		},
	},
	{
		number: 8,
		claim: "Short names, categories, and a text for every field in `kubectl explain`",
		tests: {
			"test/e2e/kube/kubectl.test.ts": [
				"explains every field of *",
				"finds a kind by its short names and its category",
			],
			"test/e2e/standalone/kubectl.test.ts": [
				"shows at a glance what is where and whether it is ready",
				"explains every kind, down to the last field",
			],
			"test/api/crd/structural.test.ts": ["the definition of * is structural, bounded and described"],
		},
	},
	{
		number: 9,
		claim:
			"What cannot change is refused with a clear message, optional fields too; old bad objects can still be changed elsewhere",
		tests: {
			"test/api/kinds/rules.test.ts": ["a * * * **", "every rule was seen to hold and to be broken"],
			"test/api/kinds/stored.test.ts": ["a * that was stored before a rule came can be changed in what is right of it"],
			"test/e2e/kube/rules.test.ts": ["* a * * **"],
		},
	},
	{
		number: 10,
		claim: "Every CEL rule was seen to hold and to be broken, and costs less than the API server's budget",
		tests: {
			"test/api/kinds/rules.test.ts": ["every rule was seen to hold and to be broken", "a * * * **"],
			"test/e2e/kube/rules.test.ts": ["takes every definition without a warning, and serves its kind", "* a * * **"],
		},
	},
	{
		number: 11,
		claim:
			"A field selector finds who names a Registry; a Registry has a scale subresource, for `kubectl scale` and an autoscaler",
		tests: {
			"test/api/crd/structural.test.ts": ["a Registry can be scaled", "paths in the definition of * lead to fields"],
			"test/e2e/standalone/kubectl.test.ts": [
				"stops a registry and starts it again with what was pushed, and refuses a second process",
			],
			"test/e2e/kube/kubectl.test.ts": [
				"selects by what resources refer to",
				"scales a Registry by its subresource, and only so far as its rules let it",
			],
			"test/e2e/kube/autoscaler.test.ts": [
				"keeps the number of replicas between its bounds",
				"is told by the rules of a Registry where it may have one replica alone",
			],
		},
	},
	{
		number: 12,
		claim: "Defaults are in the schema alone; the operator never writes a spec, by managedFields as well",
		tests: {
			"test/operator/convergence.test.ts": [
				"whatever was done and failed, what remains follows from the specs alone (seed *)",
			],
			"test/operator/project/project.test.ts": ["the spec is never written"],
			"test/api/kinds/parse-resource.test.ts": [
				"a spec comes with its defaults, and a status says that nobody has looked yet",
			],
			"test/e2e/operator/convergence.test.ts": [
				"whatever is done and whatever fails, what remains follows from the specs (SEED=*)",
			],
		},
	},
	{
		number: 13,
		claim:
			"References are `fooRef` with a name; across namespaces only by consent of the target, and what was taken back ends at the next look",
		tests: {
			"test/operator/tenancy/attacks.test.ts": [
				"to name another's project gives nothing, and the status does not tell whether there is one",
				"a Registry that did not consent is not used, and not told from one that does not exist",
				"consent that is taken back takes what came of it",
				"a delegation gives and, taken back, takes",
			],
			"test/operator/tenancy/policies.test.ts": [
				"a Project that delegates may be named, until it does so no more: the policy is held within one look",
				"a Registry that did not consent is not used, and one that takes its consent back holds the policies",
			],
			"test/operator/sources.test.ts": [
				"a change of what a Project allows wakes the robots that may name it and do, and nobody else",
				"a Registry that consents to others, or moves, wakes all who name it; what else it says wakes nobody",
			],
		},
	},
	{
		number: 14,
		claim: "What the previous release stored is valid for this one, and stays what it is",
		tests: {
			"test/api/kinds/stored.test.ts": [
				"a * that an earlier release stored is right, and means what it meant: *",
				"definitions of an earlier release are replaced under what they stored, which can be read and changed on",
			],
		},
	},
];
