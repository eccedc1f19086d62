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

const CORE_NAMES = Object.fromEntries(Object.entries(NAMES).map(([name, core]) => [core, name]));

type Fields = Readonly<Record<string, unknown>>;

/** What a cluster shows of every event, also where it is empty: `kubectl get --sort-by` shows nothing without. */
const EMPTY_CORE: Fields = {
	source: {},
	firstTimestamp: null,
	lastTimestamp: null,
	eventTime: null,
	reportingComponent: "",
	reportingInstance: "",
};

/** The same of those of `events.k8s.io/v1`. */
const EMPTY: Fields = {
	eventTime: null,
	deprecatedSource: {},
	deprecatedFirstTimestamp: null,
	deprecatedLastTimestamp: null,
};

const renamed = (object: KubeObject, names: Readonly<Record<string, string>>, apiVersion: string): KubeObject => {
	const { kind, metadata } = object;
	const rest = withoutFields(object, ["apiVersion", "kind", "metadata"]);
	const fields = Object.entries(rest).map(([name, value]) => [names[name] ?? name, value]);
	return { apiVersion, kind, metadata, ...Object.fromEntries(fields) };
};

/** An event of the core group as it is shown. */
export const showCoreEvent = (event: KubeObject): KubeObject => ({ ...EMPTY_CORE, ...event });

/** The same as it is stored: without what is empty. */
export const hideEmpty = (event: KubeObject): KubeObject => {
	const { apiVersion, kind, metadata } = event;
	const shown: Fields = { ...event };
	const isEmpty = (name: string) => JSON.stringify(shown[name]) === JSON.stringify(EMPTY_CORE[name]);
	return { ...withoutFields(event, Object.keys(EMPTY_CORE).filter(isEmpty)), apiVersion, kind, metadata };
};

/** An event of `events.k8s.io/v1` as one of the core group, as it is stored. */
export const toCoreEvent = (event: KubeObject): KubeObject => hideEmpty(renamed(event, NAMES, "v1"));

/** An event of the core group as one of `events.k8s.io/v1`, as it is shown. */
export const fromCoreEvent = (event: KubeObject): KubeObject => ({
	...EMPTY,
	...renamed(event, CORE_NAMES, "events.k8s.io/v1"),
});
