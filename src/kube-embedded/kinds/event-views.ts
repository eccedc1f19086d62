import type { KubeObject } from "#/kube/kube-object.ts";
import { withoutFields } from "#/kube-embedded/json.ts";

/** How fields of `events.k8s.io/v1` are called in the core group, under which events are stored. */
const NAMES: Readonly<Record<string, string>> = {
	regarding: "involvedObject",
	note: "message",
	reportingController: "reportingComponent",
	deprecatedSource: "source",
	deprecatedFirstTimestamp: "firstTimestamp",
	deprecatedLastTimestamp: "lastTimestamp",
	deprecatedCount: "count",
};

const renamed = (object: KubeObject, names: Readonly<Record<string, string>>, apiVersion: string): KubeObject => {
	const { kind, metadata } = object;
	const rest = withoutFields(object, ["apiVersion", "kind", "metadata"]);
	const fields = Object.entries(rest).map(([name, value]) => [names[name] ?? name, value]);
	return { apiVersion, kind, metadata, ...Object.fromEntries(fields) };
};

/** An event of `events.k8s.io/v1` as one of the core group. */
export const toCoreEvent = (event: KubeObject): KubeObject => renamed(event, NAMES, "v1");

/** An event of the core group as one of `events.k8s.io/v1`. */
export const fromCoreEvent = (event: KubeObject): KubeObject => {
	const names = Object.fromEntries(Object.entries(NAMES).map(([name, core]) => [core, name]));
	return renamed(event, names, "events.k8s.io/v1");
};
