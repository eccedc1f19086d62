import { configMap, configMaps, MERGE, project, projects, type ScriptStep, step, TABLE } from "./script-step.ts";

const watched = { labels: { watched: "yes" } };
const SELECTED = "labelSelector=watched%3Dyes";

/** What happens to two objects of a kind while somebody watches, and how that looks in each form. */
const eventsOf = (kind: string, path: string, make: (name: string) => object): readonly ScriptStep[] => [
	step(`${kind}: where the watch begins`, "GET", `${path}?limit=1`, { keeps: "metadata.resourceVersion" }),
	step(`${kind}: one comes`, "POST", path, { body: make("seen-1") }),
	step(`${kind}: another comes`, "POST", path, { body: make("seen-2") }),
	step(`${kind}: the first changes`, "PATCH", `${path}/seen-1`, {
		body: { metadata: { annotations: { a: "b" } } },
		type: MERGE,
	}),
	step(`${kind}: the first is meant no longer`, "PATCH", `${path}/seen-1`, {
		body: { metadata: { labels: { watched: "no" } } },
		type: MERGE,
	}),
	step(`${kind}: the second goes`, "DELETE", `${path}/seen-2`),
	step(`${kind}: all events`, "GET", `${path}?watch=1&resourceVersion={kept}&timeoutSeconds=1`),
	step(`${kind}: events of a label`, "GET", `${path}?watch=1&resourceVersion={kept}&timeoutSeconds=1&${SELECTED}`),
	step(
		`${kind}: events of a name`,
		"GET",
		`${path}?watch=1&resourceVersion={kept}&timeoutSeconds=1&fieldSelector=metadata.name%3Dseen-2`,
	),
	step(`${kind}: one object is watched`, "GET", `${path}/seen-1?watch=1&resourceVersion={kept}&timeoutSeconds=1`),
	step(`${kind}: events as rows`, "GET", `${path}?watch=1&resourceVersion={kept}&timeoutSeconds=1`, { accept: TABLE }),
	step(
		`${kind}: what there is comes first`,
		"GET",
		`${path}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1`,
	),
	step(`${kind}: what there is, and no mark`, "GET", `${path}?watch=1&timeoutSeconds=1&labelSelector=watched`),
	...["seen-3", "seen-4"].map((name) => step(`${kind}: ${name} for pages`, "POST", path, { body: make(name) })),
	step(`${kind}: a page`, "GET", `${path}?limit=1`, { keeps: "metadata.continue" }),
	step(`${kind}: the next page`, "GET", `${path}?limit=1&continue={kept}`, { keeps: "metadata.continue" }),
	step(`${kind}: the page after that`, "GET", `${path}?limit=500&continue={kept}`),
	step(`${kind}: a page and a version`, "GET", `${path}?limit=1&continue={kept}&resourceVersion=1`),
	step(`${kind}: a watch at no version`, "GET", `${path}?watch=1&resourceVersion=x&timeoutSeconds=1`),
	step(`${kind}: initial events without a match`, "GET", `${path}?watch=1&sendInitialEvents=true&timeoutSeconds=1`),
	step(`${kind}: a match in a watch`, "GET", `${path}?watch=1&resourceVersionMatch=Exact&timeoutSeconds=1`),
	step(`${kind}: a watch for no time`, "GET", `${path}?watch=1&timeoutSeconds=x`),
	step(`${kind}: initial events of a list`, "GET", `${path}?sendInitialEvents=true`),
	step(`${kind}: a list at no version`, "GET", `${path}?resourceVersion=x`),
	step(`${kind}: a list at an unknown match`, "GET", `${path}?resourceVersion=1&resourceVersionMatch=Nope`),
	step(`${kind}: a list at exactly any`, "GET", `${path}?resourceVersion=0&resourceVersionMatch=Exact`),
	step(`${kind}: a page of another server`, "GET", `${path}?continue=e30`),
	step(`${kind}: fewer than none`, "GET", `${path}?limit=-1&labelSelector=watched`),
];

/** What is answered to those who come with a version that is no longer known. */
const expiredOf = (kind: string, path: string): readonly ScriptStep[] => [
	step(`${kind}: a list at exactly an old version`, "GET", `${path}?resourceVersion=2&resourceVersionMatch=Exact`),
	step(`${kind}: a watch from an old version`, "GET", `${path}?watch=1&resourceVersion=2&timeoutSeconds=2`),
	step(`${kind}: a watch of one object from an old version`, "GET", `${path}/seen-3?watch=1&resourceVersion=2`),
	step(`${kind}: a watch from an old version, as rows`, "GET", `${path}?watch=1&resourceVersion=2`, { accept: TABLE }),
	step(
		`${kind}: a watch with marks from an old version`,
		"GET",
		`${path}?watch=1&resourceVersion=2&allowWatchBookmarks=1`,
	),
	step(
		`${kind}: a list no older than an old version`,
		"GET",
		`${path}?resourceVersion=2&labelSelector=watched&limit=1`,
	),
];

const watchedMaps = configMaps.replace("/diff/", "/watched/");
const watchedProjects = projects.replace("/diff/", "/watched/");

/** The last of all: old versions are forgotten meanwhile. */
export const expirySteps: readonly ScriptStep[] = [
	step("ConfigMaps: a page of which more is to come", "GET", `${watchedMaps}?limit=1`, { keeps: "metadata.continue" }),
	step("ConfigMaps: the page after it, much later", "GET", `${watchedMaps}?limit=1&continue={kept}`, {
		forgets: true,
		keeps: "metadata.continue",
	}),
	step("ConfigMaps: what is offered in its place", "GET", `${watchedMaps}?limit=1&continue={kept}`),
	...expiredOf("ConfigMaps", watchedMaps),
	...expiredOf("Projects", watchedProjects),
];

/** In a namespace of their own: on a real API server without its controllers more is left over. Watches from a version, watches that begin with what there is, lists in pages. */
export const watchSteps: readonly ScriptStep[] = [
	...eventsOf("ConfigMaps", watchedMaps, (name) => configMap(name, { a: "1" }, watched)),
	...eventsOf("Projects", watchedProjects, (name) => project(name, {}, watched)),
];
