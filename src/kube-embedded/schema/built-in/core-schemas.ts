import type { JsonRecord } from "#/kube-embedded/schema/json-record.ts";
import { bytes, flag, int32, list, object, objectReference, text, texts, time } from "./schema-words.ts";

const immutable = flag("Whether the contents stay as they are for as long as the object exists.");

/** Secrets. */
export const secretSchema = object("Secret data: passwords, tokens, keys.", {
	data: bytes("The contents, in base64, by key."),
	stringData: texts("Contents to write that are not in base64; never read back."),
	type: { ...text("What the contents are."), default: "Opaque" },
	immutable,
});

/** ConfigMaps. */
export const configMapSchema = object("Settings for others to read.", {
	data: texts("Texts by key."),
	binaryData: bytes("Bytes, in base64, by key."),
	immutable,
});

const condition = object(
	"One aspect of the state.",
	{
		type: text("What it is about."),
		status: text("True, False or Unknown."),
		lastTransitionTime: time("When the status changed."),
		reason: text("Why, in one word."),
		message: text("Why, for people."),
	},
	{ required: ["type", "status"] },
);

/** Namespaces. */
export const namespaceSchema = object("A space of names.", {
	spec: object("How the namespace is to be.", {
		finalizers: list("Who has to be done before the namespace may go.", text("A finalizer.")),
	}),
	status: object("How the namespace is.", {
		phase: text("Active or Terminating."),
		conditions: list("Aspects of its state.", condition, "type"),
	}),
});

/** ServiceAccounts. */
export const serviceAccountSchema = object("An identity for programs.", {
	secrets: list("Secrets that programs of this identity may use.", objectReference("A Secret."), "name"),
	imagePullSecrets: list(
		"Secrets to pull images with.",
		object("A Secret of the same namespace.", { name: text("Its name.") }, { "x-kubernetes-map-type": "atomic" }),
	),
	automountServiceAccountToken: flag("Whether pods of this identity get its token."),
});

const eventSeries = object("The same event again and again.", {
	count: int32("How often."),
	lastObservedTime: time("When it was last seen."),
});

const eventSource: JsonRecord = object("Who reports.", { component: text("Its name."), host: text("Its host.") });

/** Events of the core group. */
export const coreEventSchema = object("Something that happened to an object.", {
	involvedObject: objectReference("The object."),
	reason: text("What happened, in one word."),
	message: text("What happened, for people."),
	source: eventSource,
	firstTimestamp: time("When it was first seen."),
	lastTimestamp: time("When it was last seen."),
	count: int32("How often it was seen."),
	type: text("Normal or Warning."),
	eventTime: time("When it was first seen, to the microsecond."),
	series: eventSeries,
	action: text("What was done."),
	related: objectReference("Another object that has to do with it."),
	reportingComponent: text("The controller that reports."),
	reportingInstance: text("Which instance of it."),
});

/** Events of their own group. */
export const eventSchema = object("Something that happened to an object.", {
	eventTime: time("When it was first seen."),
	series: eventSeries,
	reportingController: text("The controller that reports."),
	reportingInstance: text("Which instance of it."),
	action: text("What was done."),
	reason: text("Why."),
	regarding: objectReference("The object."),
	related: objectReference("Another object that has to do with it."),
	note: text("What happened, for people."),
	type: text("Normal or Warning."),
	deprecatedSource: eventSource,
	deprecatedFirstTimestamp: time("Of the core group's events."),
	deprecatedLastTimestamp: time("Of the core group's events."),
	deprecatedCount: int32("Of the core group's events."),
});

/** Leases. */
export const leaseSchema = object("Who holds something for a while.", {
	spec: object("The lease.", {
		holderIdentity: text("Who holds it."),
		leaseDurationSeconds: int32("Seconds until it may be taken from a silent holder."),
		acquireTime: time("When it was taken."),
		renewTime: time("When its holder last said so."),
		leaseTransitions: int32("How often it changed hands."),
		strategy: text("How a holder is chosen."),
		preferredHolder: text("Who should hold it next."),
	}),
});
