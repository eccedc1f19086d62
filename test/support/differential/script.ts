import { edgeSteps } from "./edge-steps.ts";
import {
	apply,
	CORE,
	configMap,
	configMaps,
	JSON_PATCH,
	LIMANI,
	MERGE,
	METADATA,
	project,
	projects,
	robot,
	robots,
	type ScriptStep,
	STRATEGIC,
	step,
	TABLE,
} from "./script-step.ts";
import { expirySteps, watchSteps } from "./watch-steps.ts";

const creating: readonly ScriptStep[] = [
	step("a resource is made with its defaults", "POST", projects, { body: project("web") }),
	step("it is made once", "POST", projects, { body: project("web") }),
	step("unknown fields go without a word", "POST", `${projects}?fieldValidation=Ignore`, {
		body: project("ignored", { nonsense: 1 }),
	}),
	step("unknown fields are refused when that is asked for", "POST", `${projects}?fieldValidation=Strict`, {
		body: project("strict", { nonsense: 1, deeper: { x: 1 } }),
	}),
	step("nothing is made in a dry run", "POST", `${projects}?dryRun=All`, { body: project("dry") }),
	step("what was made in a dry run is not there", "GET", `${projects}/dry`),
	step("an unknown way of a dry run is refused", "POST", `${projects}?dryRun=Some`, { body: project("dry") }),
	step("a name that is none", "POST", projects, { body: project("No_Name") }),
	step("no name at all", "POST", projects, { body: { ...project("x"), metadata: {} } }),
	step("a name that the server ends", "POST", projects, {
		body: { ...project("x"), metadata: { generateName: "made-" } },
	}),
	step("a required field is missing", "POST", projects, { body: { ...project("bare"), spec: {} } }),
	step("a field of another type", "POST", projects, { body: project("typed", { visibility: 7 }) }),
	step("a value that is not of the few", "POST", projects, { body: project("few", { visibility: "Hidden" }) }),
	step("a rule in CEL", "POST", robots, { body: robot("rule", { expiresAt: "2020-01-01T00:00:00Z", lifetime: "1h" }) }),
	step("a list with too few", "POST", robots, { body: robot("none", { permissions: [] }) }),
	step("another kind than the path's", "POST", projects, { body: robot("web") }),
	step("another version than the path's", "POST", projects, { body: { ...project("v"), apiVersion: "limani.dev/v1" } }),
	step("another namespace than the path's", "POST", projects, { body: project("ns", {}, { namespace: "other" }) }),
	step("a body that is no JSON", "POST", projects, { body: "{" }),
	step("a body that nobody can read", "POST", projects, { body: "x", type: "text/plain" }),
	step("a namespace that is not there", "POST", "/apis/limani.dev/v1alpha1/namespaces/nowhere/projects", {
		body: project("web"),
	}),
	step("a label that is none", "POST", projects, { body: project("label", {}, { labels: { "a b": "c" } }) }),
	step("a type that is not there", "GET", `${LIMANI}/nothings`),
	step("a group that is not there", "GET", "/apis/nothing.dev/v1/things"),
	step("a path that is not there", "GET", "/nothing"),
];

const reading: readonly ScriptStep[] = [
	step("one is read", "GET", `${projects}/web`),
	step("one that is not there", "GET", `${projects}/absent`),
	step("as a table", "GET", `${projects}/web`, { accept: TABLE }),
	step("as metadata alone", "GET", `${projects}/web`, { accept: METADATA }),
	step("all of a namespace", "GET", projects),
	step("all as a table", "GET", projects, { accept: TABLE }),
	step("all as metadata alone", "GET", projects, {
		accept: `application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json`,
	}),
	step("some by a label", "GET", `${projects}?labelSelector=a%3Db`),
	step("a selector that is none", "GET", `${projects}?labelSelector=a%3D%3D%3Db`),
	step("some by a field", "GET", `${robots}?fieldSelector=spec.registryRef.name%3Dmain`),
	step("by a field that cannot be selected by", "GET", `${robots}?fieldSelector=spec.nothing%3Dmain`),
	step("by name", "GET", `${projects}?fieldSelector=metadata.name%3Dweb`),
	step("something that nobody can give", "GET", `${projects}/web`, { accept: "text/html" }),
	step("a limit that is none", "GET", `${projects}?limit=x`),
	step("a continuation that is none", "GET", `${projects}?limit=1&continue=x`),
	step("at a version in the future", "GET", `${projects}?resourceVersion=999999999&resourceVersionMatch=Exact`),
	step("a match without a version", "GET", `${projects}?resourceVersionMatch=Exact`),
];

const changing: readonly ScriptStep[] = [
	step("a merge patch", "PATCH", `${projects}/web?fieldManager=merger`, {
		body: { metadata: { labels: { a: "b" } }, spec: { visibility: "Public" } },
		type: MERGE,
	}),
	step("a merge patch that takes away", "PATCH", `${projects}/web?fieldManager=merger`, {
		body: { metadata: { labels: { a: null } } },
		type: MERGE,
	}),
	step("a patch that changes nothing", "PATCH", `${projects}/web?fieldManager=merger`, {
		body: { spec: { visibility: "Public" } },
		type: MERGE,
	}),
	step("a JSON patch under a test", "PATCH", `${projects}/web?fieldManager=tester`, {
		body: [
			{ op: "test", path: "/spec/visibility", value: "Public" },
			{ op: "add", path: "/metadata/annotations", value: { note: "x" } },
		],
		type: JSON_PATCH,
	}),
	step("a JSON patch whose test fails", "PATCH", `${projects}/web`, {
		body: [{ op: "test", path: "/spec/visibility", value: "Private" }],
		type: JSON_PATCH,
	}),
	step("a JSON patch of what is not there", "PATCH", `${projects}/web`, {
		body: [{ op: "remove", path: "/spec/nothing" }],
		type: JSON_PATCH,
	}),
	step("a JSON patch that is none", "PATCH", `${projects}/web`, { body: { op: "add" }, type: JSON_PATCH }),
	step("a strategic patch of a custom resource", "PATCH", `${projects}/web`, { body: { spec: {} }, type: STRATEGIC }),
	step("a patch of an unknown type", "PATCH", `${projects}/web`, { body: {}, type: "application/json" }),
	step("what cannot change", "PATCH", `${projects}/web`, {
		body: { spec: { registryRef: { name: "other" } } },
		type: MERGE,
	}),
	step("its name cannot change", "PATCH", `${projects}/web`, { body: { metadata: { name: "other" } }, type: MERGE }),
	step("the status is no part of the resource", "PATCH", `${projects}/web`, {
		body: { status: { url: "x" } },
		type: MERGE,
	}),
	step("the status has a place of its own", "PATCH", `${projects}/web/status?fieldManager=teller`, {
		body: { status: { url: "https://x/web", observedGeneration: 1 }, spec: { visibility: "Private" } },
		type: MERGE,
	}),
	step("a status that makes no sense", "PATCH", `${projects}/web/status`, {
		body: { status: { url: 7 } },
		type: MERGE,
	}),
	step("a place that a resource does not have", "GET", `${projects}/web/scale`),
	step("replaced under an old version", "PUT", `${projects}/web`, {
		body: project("web", {}, { resourceVersion: "1" }),
	}),
	step("replaced without a version", "PUT", `${projects}/web`, { body: project("web") }),
	step("replaced under another name", "PUT", `${projects}/web`, { body: project("other") }),
	step("a patch of what is not there", "PATCH", `${projects}/absent`, { body: {}, type: MERGE }),
	step("a change in a dry run", "PATCH", `${projects}/web?dryRun=All&fieldManager=merger`, {
		body: { metadata: { labels: { dry: "run" } } },
		type: MERGE,
	}),
	step("after all of this", "GET", `${projects}/web`),
];

const applying: readonly ScriptStep[] = [
	apply(
		"applied for the first time",
		`${projects}/applied`,
		project("applied", { visibility: "Public" }),
		"fieldManager=one",
	),
	apply("applied again", `${projects}/applied`, project("applied", { visibility: "Public" }), "fieldManager=one"),
	apply(
		"another says the same",
		`${projects}/applied`,
		project("applied", { visibility: "Public" }),
		"fieldManager=two",
	),
	apply(
		"another says something else",
		`${projects}/applied`,
		project("applied", { visibility: "Private" }),
		"fieldManager=two",
	),
	apply(
		"another insists",
		`${projects}/applied`,
		project("applied", { visibility: "Private" }),
		"fieldManager=two&force=true",
	),
	apply("the first one says no more of it", `${projects}/applied`, project("applied"), "fieldManager=one"),
	apply("the second one takes it back", `${projects}/applied`, project("applied"), "fieldManager=two"),
	apply("nobody applies without a name", `${projects}/applied`, project("applied"), ""),
	apply("unknown fields are refused", `${projects}/applied`, project("applied", { nonsense: 1 }), "fieldManager=one"),
	apply(
		"what is applied must make sense",
		`${projects}/senseless`,
		project("senseless", { visibility: "No" }),
		"fieldManager=one",
	),
	apply("in a dry run", `${projects}/later`, project("later"), "fieldManager=one&dryRun=All"),
	apply(
		"a list by its keys",
		`${configMaps}/shared`,
		configMap("shared", { a: "1" }, { finalizers: ["x.dev/a"] }),
		"fieldManager=one",
	),
	apply(
		"another entry of that list",
		`${configMaps}/shared`,
		configMap("shared", { b: "2" }, { finalizers: ["x.dev/b"] }),
		"fieldManager=two",
	),
	apply(
		"and away with the first",
		`${configMaps}/shared`,
		{ ...configMap("shared", {}), data: undefined },
		"fieldManager=one",
	),
	step("what became of it", "GET", `${configMaps}/shared`),
	apply(
		"the status is applied in its place",
		`${projects}/applied/status`,
		{ ...project("applied"), spec: undefined, status: { url: "https://x" } },
		"fieldManager=teller",
	),
];

const ofCore: readonly ScriptStep[] = [
	step("a ConfigMap", "POST", `${configMaps}?fieldManager=maker`, { body: configMap("plain") }),
	step("with a value that is no text", "POST", configMaps, { body: configMap("typed", { a: 1 }) }),
	step("with an unknown field", "POST", `${configMaps}?fieldValidation=Strict`, {
		body: { ...configMap("strict"), nonsense: 1 },
	}),
	step("a strategic patch", "PATCH", `${configMaps}/plain?fieldManager=patcher`, {
		body: { data: { b: "2" } },
		type: STRATEGIC,
	}),
	step("a ConfigMap as a table", "GET", `${configMaps}/plain`, { accept: TABLE }),
	step("a Secret from plain text", "POST", `${CORE}/secrets?fieldManager=maker`, {
		body: { apiVersion: "v1", kind: "Secret", metadata: { name: "plain" }, stringData: { user: "me" } },
	}),
	step("a Secret that is no base64", "POST", `${CORE}/secrets`, {
		body: { apiVersion: "v1", kind: "Secret", metadata: { name: "bad" }, data: { user: "*" } },
	}),
	step("a Secret of a type without what it needs", "POST", `${CORE}/secrets`, {
		body: { apiVersion: "v1", kind: "Secret", metadata: { name: "docker" }, type: "kubernetes.io/dockerconfigjson" },
	}),
	step("a Secret that never changes", "POST", `${CORE}/secrets`, {
		body: { apiVersion: "v1", kind: "Secret", metadata: { name: "fixed" }, immutable: true, data: { a: "YQ==" } },
	}),
	step("and does not", "PATCH", `${CORE}/secrets/fixed`, { body: { data: { a: "Yg==" } }, type: MERGE }),
	step("the type of a Secret does not change", "PATCH", `${CORE}/secrets/plain`, {
		body: { type: "other" },
		type: MERGE,
	}),
];

const paging: readonly ScriptStep[] = [
	...["p1", "p2", "p3"].map((name) =>
		step(`${name} for pages`, "POST", configMaps, { body: configMap(name, {}, { labels: { page: "yes" } }) }),
	),
	step("the first page", "GET", `${configMaps}?labelSelector=page%3Dyes&limit=2`),
	step("all of them", "GET", `${configMaps}?labelSelector=page%3Dyes`),
	step("by a set", "GET", `${configMaps}?labelSelector=page+in+(yes,no),!absent`),
	step("by a set that is none", "GET", `${configMaps}?labelSelector=page+in+yes`),
];

const deleting: readonly ScriptStep[] = [
	step("one that waits for somebody", "POST", projects, { body: project("held", {}, { finalizers: ["x.dev/hold"] }) }),
	step("deletion is noted", "DELETE", `${projects}/held`),
	step("and once more", "DELETE", `${projects}/held`),
	step("no finalizer comes to it now", "PATCH", `${projects}/held`, {
		body: { metadata: { finalizers: ["x.dev/hold", "x.dev/more"] } },
		type: MERGE,
	}),
	step("it goes with the last one", "PATCH", `${projects}/held`, {
		body: { metadata: { finalizers: null } },
		type: MERGE,
	}),
	step("and is gone", "GET", `${projects}/held`),
	step("under another uid nothing is deleted", "DELETE", `${projects}/web`, {
		body: { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: "not-this" } },
	}),
	step("under an old version nothing is deleted", "DELETE", `${projects}/web`, {
		body: { apiVersion: "v1", kind: "DeleteOptions", preconditions: { resourceVersion: "1" } },
	}),
	step("in a dry run nothing is deleted", "DELETE", `${projects}/web?dryRun=All`),
	step("in a way that is none", "DELETE", `${projects}/web?propagationPolicy=Sideways`),
	step("after what it owns", "DELETE", `${projects}/applied?propagationPolicy=Foreground`),
	step("one is deleted", "DELETE", `${projects}/web`),
	step("one that is not there is deleted", "DELETE", `${projects}/web`),
	step("all of a label are deleted", "DELETE", `${configMaps}?labelSelector=page%3Dyes`),
	step("and none is left", "GET", `${configMaps}?labelSelector=page%3Dyes`),
];

const discovering: readonly ScriptStep[] = [
	step("what a group has", "GET", "/apis/limani.dev/v1alpha1"),
	step("which versions a group has", "GET", "/apis/limani.dev"),
	step("no method of the path's", "POST", `${projects}/web`, { body: {} }),
	step("a definition is read", "GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/projects.limani.dev"),
];

/** Everything that both servers are asked, in this order. Each part stands on what those before it left. */
export const differentialScript: readonly ScriptStep[] = [
	...creating,
	...reading,
	...changing,
	...applying,
	...ofCore,
	...paging,
	...deleting,
	...discovering,
	...watchSteps,
	...edgeSteps,
	...expirySteps,
];
