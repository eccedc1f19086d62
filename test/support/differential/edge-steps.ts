import {
	CORE,
	configMap,
	configMaps,
	JSON_PATCH,
	MERGE,
	project,
	projects,
	type ScriptStep,
	STRATEGIC,
	step,
	TABLE,
} from "./script-step.ts";

const YAML = "application/apply-patch+yaml";

const applied = (name: string, spec: string, metadata = "name: edge"): ScriptStep =>
	step(name, "PATCH", `${projects}/edge?fieldManager=edge`, {
		body: `apiVersion: limani.dev/v1alpha1\nkind: Project\nmetadata: {${metadata}}\n${spec}\n`,
		type: YAML,
	});

const selectors: readonly ScriptStep[] = [
	"a in",
	",a",
	"a b",
	"a in ()",
	"a in (b,)",
	"a in (b c)",
	"a=b c",
	"a>b",
	"a>1,!c",
	"a=b,",
	"a==b,c!=d",
	"!",
	"!a=b",
	"(a)",
].map((selector) =>
	step(`the selector ${selector}`, "GET", `${configMaps}?labelSelector=${encodeURIComponent(selector)}`),
);

const paths: readonly ScriptStep[] = [
	step("a namespaced kind of no namespace, by name", "GET", "/api/v1/configmaps/edge"),
	step("the same of a custom resource", "GET", "/apis/limani.dev/v1alpha1/projects/edge"),
	step("made in no namespace", "POST", "/api/v1/configmaps", { body: configMap("edge") }),
	step("a custom resource made in no namespace", "POST", "/apis/limani.dev/v1alpha1/projects", { body: project("x") }),
	step("a part that a ConfigMap does not have", "GET", `${configMaps}/plain/status`),
	step("a part that nothing has", "GET", `${projects}/applied/nothing`),
	step("made under a name", "POST", `${configMaps}/edge`, { body: configMap("edge") }),
	step("a whole collection replaced", "PUT", configMaps, { body: configMap("edge") }),
	step("a whole collection of custom resources replaced", "PUT", projects, { body: {} }),
	step("a version that a group does not have", "GET", "/apis/limani.dev/v9"),
	step("a version that the core does not have", "GET", "/api/v2"),
	step("a kind that the core does not have", "GET", "/api/v1/nothings"),
	step("a kind that a built-in group does not have", "GET", "/apis/coordination.k8s.io/v1/nothings"),
];

const bodies: readonly ScriptStep[] = [
	step("a custom resource under the name of the path", "POST", `${projects}/edge`, { body: project("edge") }),
	step("what says not what it is", "POST", configMaps, { body: { metadata: { name: "untyped" } } }),
	step("nothing at all", "POST", configMaps, { body: {} }),
	step("no body", "POST", configMaps, { body: "" }),
	step("no body of a custom resource", "POST", projects, { body: "" }),
	step("half of a body", "POST", configMaps, { body: "{" }),
	step("texts where none is", "POST", configMaps, { body: { ...configMap("n"), data: "x" } }),
	step("a truth that is none", "POST", configMaps, { body: { ...configMap("n"), immutable: "x" } }),
	step("labels that are no texts", "POST", configMaps, { body: configMap("n", {}, { labels: { a: 1 } }) }),
	step("keys that are none", "POST", configMaps, { body: configMap("n", { "a b": "x" }) }),
	step("empty fields are not there", "PUT", `${configMaps}/untyped`, {
		body: { metadata: { name: "untyped" }, data: {}, binaryData: {}, immutable: false },
	}),
	step("owners that are none", "POST", configMaps, {
		body: configMap("n", {}, { ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "", uid: "" }] }),
	}),
	step("an owner that waits", "POST", configMaps, {
		body: configMap(
			"owned",
			{},
			{
				ownerReferences: [
					{
						apiVersion: "v1",
						kind: "ConfigMap",
						name: "untyped",
						uid: "u",
						blockOwnerDeletion: true,
						controller: true,
					},
				],
			},
		),
	}),
	step("two that say they control it", "POST", configMaps, {
		body: configMap(
			"n",
			{},
			{
				ownerReferences: ["a", "b"].map((uid) => ({ apiVersion: "v1", kind: "A", name: uid, uid, controller: true })),
			},
		),
	}),
];

const changes: readonly ScriptStep[] = [
	step("another namespace in a patch", "PATCH", `${projects}/edge`, {
		body: { metadata: { namespace: "x" } },
		type: MERGE,
	}),
	step("another name in a strategic patch", "PATCH", `${configMaps}/untyped`, {
		body: { metadata: { name: "x" } },
		type: STRATEGIC,
	}),
	step("force without applying", "PATCH", `${projects}/edge?force=true`, { body: {}, type: MERGE }),
	step("a merge patch that is a list", "PATCH", `${projects}/edge`, { body: [], type: MERGE }),
	step("a strategic patch that is a list", "PATCH", `${configMaps}/untyped`, { body: [], type: STRATEGIC }),
	step("an unknown operation", "PATCH", `${projects}/edge`, { body: [{ op: "nope", path: "/a" }], type: JSON_PATCH }),
	step("a text that is a number", "PATCH", `${projects}/edge`, {
		body: { spec: { tagHistory: { window: 7 } } },
		type: MERGE,
	}),
	step("a status of many mistakes", "PATCH", `${projects}/edge/status`, {
		body: { status: { conditions: [{ type: 5 }] } },
		type: MERGE,
	}),
	step("a label that is none, of one that is there", "PATCH", `${projects}/edge`, {
		body: { metadata: { labels: { "a b": "c" } } },
		type: MERGE,
	}),
	step("replaced under another uid", "PUT", `${configMaps}/untyped`, { body: configMap("untyped", {}, { uid: "x" }) }),
	step("a ConfigMap of another uid is not deleted", "DELETE", `${configMaps}/untyped`, {
		body: { preconditions: { uid: "x" } },
	}),
	step("deleted in two ways at once", "DELETE", `${configMaps}/untyped`, {
		body: { kind: "DeleteOptions", apiVersion: "v1", orphanDependents: true, propagationPolicy: "Orphan" },
	}),
	step(
		"too long a manager, and an unknown validation",
		"POST",
		`${configMaps}?fieldManager=${"x".repeat(130)}&fieldValidation=No`,
		{
			body: configMap("n"),
		},
	),
	step("two ways of a dry run", "POST", `${configMaps}?dryRun=Some&dryRun=All`, { body: configMap("n") }),
];

// One fault each: of several a real server names whichever its map gives it first.
const applies: readonly ScriptStep[] = [
	applied("applied: a text for a map", "spec: {registryRef: x}"),
	applied("applied: a text for a truth", "spec: {suspend: yep}"),
	applied("applied: a text for a list", "spec: {delegateTo: {namespaces: x}}"),
	applied("applied: an unknown field of an entry", "spec: {members: [{name: a, role: Guest, nope: 1}]}"),
	applied("applied: an unknown field at the top", "nope: 1"),
	applied("applied: a label that is no text", "", "name: edge, namespace: diff, labels: {a: 1}"),
	applied("applied: under another name", "", "name: other"),
	applied("applied: with its managers", "", "name: edge, managedFields: [{}]"),
	step("applied: a list", "PATCH", `${projects}/edge?fieldManager=edge`, { body: "- 1\n", type: YAML }),
	step("applied: another kind", "PATCH", `${projects}/edge?fieldManager=edge`, {
		body: "apiVersion: limani.dev/v1alpha1\nkind: Registry\nmetadata: {name: edge}\n",
		type: YAML,
	}),
	step("applied: the status of what is not there", "PATCH", `${projects}/absent/status?fieldManager=edge`, {
		body: "apiVersion: limani.dev/v1alpha1\nkind: Project\nmetadata: {name: absent}\n",
		type: YAML,
	}),
];

const tables: readonly ScriptStep[] = [
	["Secrets", `${CORE}/secrets`],
	["a namespace", CORE],
	["ServiceAccounts", `${CORE}/serviceaccounts?fieldSelector=metadata.name%3Dnone`],
	["events", `${CORE}/events`],
	["leases", "/apis/coordination.k8s.io/v1/namespaces/diff/leases"],
	["a definition", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/projects.limani.dev"],
].map(([name, path]) => step(`a table of ${name}`, "GET", path ?? "", { accept: TABLE }));

/** What clients seldom do, and mostly by mistake. */
export const edgeSteps: readonly ScriptStep[] = [...selectors, ...paths, ...bodies, ...changes, ...applies, ...tables];
