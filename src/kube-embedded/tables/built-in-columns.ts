import type { KubeObject } from "#/kube/kube-object.ts";
import { fieldAt, isRecord, textAt } from "#/kube-embedded/json.ts";
import type { Column } from "./column.ts";
import { humanAge } from "./human-duration.ts";
import { AGE_COLUMN, NAME_COLUMN } from "./standard-columns.ts";

const text = (name: string, description: string, cell: (object: KubeObject, now: number) => string): Column => ({
	name,
	type: "string",
	description,
	priority: 0,
	cell,
});

const wide = (column: Column): Column => ({ ...column, priority: 1 });

const entries = (name: string, description: string, ...fields: string[]): Column => ({
	name,
	type: "string",
	description,
	priority: 0,
	cell: (object) =>
		fields.reduce((sum, field) => {
			const value = object[field];
			return sum + (Array.isArray(value) ? value.length : isRecord(value) ? Object.keys(value).length : 0);
		}, 0),
});

const sourceOf = (event: KubeObject): string => {
	const [component, host] = [textAt(event, "source", "component") ?? "", textAt(event, "source", "host") ?? ""];
	const parts =
		component === "" ? [textAt(event, "reportingComponent"), textAt(event, "reportingInstance")] : [component, host];
	return parts.filter((part) => part !== undefined && part !== "").join(", ");
};

const seenLast = (event: KubeObject, now: number): string => {
	const series = textAt(event, "series", "lastObservedTime");
	const time = series ?? textAt(event, "lastTimestamp") ?? textAt(event, "eventTime");
	return humanAge(time, now);
};

const EVENT_COLUMNS: readonly Column[] = [
	text("Last Seen", "The time at which the most recent occurrence of this event was recorded.", seenLast),
	text(
		"Type",
		"Type of this event (Normal, Warning), new types could be added in the future.",
		(event) => textAt(event, "type") ?? "",
	),
	text(
		"Reason",
		"This should be a short, machine understandable string that gives the reason for the transition.",
		(event) => textAt(event, "reason") ?? "",
	),
	text("Object", "The object that this event is about.", (event) => {
		const kind = (textAt(event, "involvedObject", "kind") ?? "").toLowerCase();
		return `${kind}/${textAt(event, "involvedObject", "name") ?? ""}`;
	}),
	wide(text("Subobject", "The part of the object.", (event) => textAt(event, "involvedObject", "fieldPath") ?? "")),
	wide(text("Source", "The component reporting this event.", sourceOf)),
	text("Message", "A human-readable description of the status of this operation.", (event) =>
		(textAt(event, "message") ?? "").trim(),
	),
	wide(
		text("First Seen", "The time at which the event was first recorded.", (event, now) =>
			humanAge(textAt(event, "firstTimestamp") ?? textAt(event, "eventTime"), now),
		),
	),
	wide({
		name: "Count",
		type: "string",
		description: "The number of times this event has occurred.",
		priority: 0,
		cell: (event) => {
			const count = fieldAt(event, ["series", "count"]) ?? event.count;
			return typeof count === "number" ? count : 1;
		},
	}),
	wide({ ...NAME_COLUMN, description: "The name of the event." }),
];

/** The columns of the built-in kinds, by `group/kind`. */
export const BUILT_IN_COLUMNS: Readonly<Record<string, readonly Column[]>> = {
	"/Namespace": [
		NAME_COLUMN,
		text("Status", "The status of the namespace", (object) => textAt(object, "status", "phase") ?? ""),
		AGE_COLUMN,
	],
	"/ConfigMap": [NAME_COLUMN, entries("Data", "Number of entries", "data", "binaryData"), AGE_COLUMN],
	"/Secret": [
		NAME_COLUMN,
		text("Type", "Used to facilitate programmatic handling of secret data.", (object) => textAt(object, "type") ?? ""),
		entries("Data", "Number of entries", "data"),
		AGE_COLUMN,
	],
	"/ServiceAccount": [NAME_COLUMN, AGE_COLUMN],
	"/Event": EVENT_COLUMNS,
	"coordination.k8s.io/Lease": [
		NAME_COLUMN,
		text("Holder", "The holder of the lease", (object) => textAt(object, "spec", "holderIdentity") ?? ""),
		AGE_COLUMN,
	],
	"apiextensions.k8s.io/CustomResourceDefinition": [
		NAME_COLUMN,
		{ ...text("Created At", "The time of creation", ({ metadata }) => metadata.creationTimestamp ?? ""), type: "date" },
	],
};
