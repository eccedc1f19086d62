import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf, type ResourceType } from "#/kube/resource-type.ts";
import { textAt } from "#/kube-embedded/json.ts";
import { builtInRules } from "#/kube-embedded/schema/built-in-rules.ts";
import { BUILT_IN_COLUMNS } from "#/kube-embedded/tables/built-in-columns.ts";
import { AGE_COLUMN, NAME_COLUMN } from "#/kube-embedded/tables/standard-columns.ts";
import { fromCoreEvent, hideEmpty, showCoreEvent, toCoreEvent } from "./event-views.ts";
import { ALL_VERBS, type ServedKind } from "./served-kind.ts";

const selectableAt = (...paths: string[]): ServedKind["selectable"] =>
	Object.fromEntries(paths.map((path) => [path, (object) => textAt(object, ...path.split(".")) ?? ""]));

const EVENT_FIELDS = selectableAt(
	"involvedObject.kind",
	"involvedObject.namespace",
	"involvedObject.name",
	"involvedObject.uid",
	"involvedObject.apiVersion",
	"involvedObject.resourceVersion",
	"involvedObject.fieldPath",
	"reason",
	"reportingComponent",
	"type",
);

/** Events are shared by two groups; what the core group calls the source is the component of it. */
const CORE_EVENT_FIELDS: ServedKind["selectable"] = {
	...EVENT_FIELDS,
	source: (object) => textAt(object, "source", "component") ?? textAt(object, "reportingComponent") ?? "",
};

const REGARDING_FIELDS: ServedKind["selectable"] = Object.fromEntries(
	Object.entries(CORE_EVENT_FIELDS).map(([path, read]) => [
		path.replace("involvedObject", "regarding").replace("reportingComponent", "reportingController"),
		(object: KubeObject) => read(toCoreEvent(object)),
	]),
);

type Overrides = Partial<ServedKind>;

const builtIn = (type: ResourceType, overrides: Overrides = {}): ServedKind => {
	const rules = builtInRules.get(`${type.group}/${type.kind}`);
	if (rules === undefined) throw new Error(`there are no rules for ${type.kind}`);
	const apiVersion = apiVersionOf(type);
	return {
		type,
		singular: type.kind.toLowerCase(),
		listKind: `${type.kind}List`,
		shortNames: [],
		categories: [],
		verbs: ALL_VERBS,
		storage: `${type.group}/${type.plural}`,
		storedAs: type,
		rules,
		hasStatus: false,
		hasGeneration: false,
		scale: undefined,
		createsOnUpdate: false,
		replacesBlindly: true,
		columns: BUILT_IN_COLUMNS[`${type.group}/${type.kind}`] ?? [NAME_COLUMN, AGE_COLUMN],
		selectable: {},
		crd: undefined,
		fromStored: (object) => ({ ...object, apiVersion, kind: type.kind }),
		toStored: (object) => object,
		...overrides,
	};
};

const core = (plural: string, kind: string, overrides: Overrides = {}): ServedKind =>
	builtIn({ group: "", version: "v1", plural, kind, namespaced: true }, overrides);

const coreEvents = core("events", "Event", {
	shortNames: ["ev"],
	selectable: CORE_EVENT_FIELDS,
	createsOnUpdate: true,
	fromStored: (object) => showCoreEvent({ ...object, apiVersion: "v1", kind: "Event" }),
	toStored: hideEmpty,
});

/** The kinds that are there without a definition. */
export const builtInKinds = (): readonly ServedKind[] => [
	core("configmaps", "ConfigMap", { shortNames: ["cm"] }),
	coreEvents,
	builtIn(
		{ group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false },
		{
			shortNames: ["ns"],
			hasStatus: true,
			verbs: ALL_VERBS.filter((verb) => verb !== "deletecollection"),
			selectable: selectableAt("status.phase"),
		},
	),
	core("secrets", "Secret", { selectable: selectableAt("type") }),
	core("serviceaccounts", "ServiceAccount", { shortNames: ["sa"] }),
	builtIn(
		{
			group: "apiextensions.k8s.io",
			version: "v1",
			plural: "customresourcedefinitions",
			kind: "CustomResourceDefinition",
			namespaced: false,
		},
		{
			replacesBlindly: false,
			shortNames: ["crd", "crds"],
			categories: ["api-extensions"],
			hasStatus: true,
			hasGeneration: true,
		},
	),
	builtIn(
		{ group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease", namespaced: true },
		{ createsOnUpdate: true, replacesBlindly: false },
	),
	builtIn(
		{ group: "events.k8s.io", version: "v1", plural: "events", kind: "Event", namespaced: true },
		{
			shortNames: ["ev"],
			storage: "/events",
			storedAs: coreEvents.type,
			columns: coreEvents.columns.map((column) => ({
				...column,
				cell: (object, now) => column.cell(toCoreEvent(object), now),
			})),
			selectable: REGARDING_FIELDS,
			createsOnUpdate: true,
			fromStored: fromCoreEvent,
			toStored: toCoreEvent,
		},
	),
];
