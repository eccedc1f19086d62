/**
 * How the value of a field is read. `text` and `int` are left out of the JSON when they are empty or zero, as Go does;
 * with a `?` they are kept.
 */
export type FieldKind =
	| "text"
	| "text?"
	| "int"
	| "int?"
	| "flag?"
	| "bytes"
	| "time"
	| "micro-time"
	| "json"
	| { readonly message: MessageTable }
	| { readonly mapOf: "text" | "bytes" };

/** The fields of a message by number: `name[]` is a list. */
export type MessageTable = { readonly [number: number]: readonly [name: string, kind: FieldKind] };

const message = (table: MessageTable): FieldKind => ({ message: table });

const texts: FieldKind = { mapOf: "text" };

const ownerReference = message({
	1: ["kind", "text"],
	3: ["name", "text"],
	4: ["uid", "text"],
	5: ["apiVersion", "text"],
	6: ["controller", "flag?"],
	7: ["blockOwnerDeletion", "flag?"],
});

const managedFields = message({
	1: ["manager", "text"],
	2: ["operation", "text"],
	3: ["apiVersion", "text"],
	4: ["time", "time"],
	6: ["fieldsType", "text"],
	7: ["fieldsV1", "json"],
	8: ["subresource", "text"],
});

const metadata = message({
	1: ["name", "text"],
	2: ["generateName", "text"],
	3: ["namespace", "text"],
	4: ["selfLink", "text"],
	5: ["uid", "text"],
	6: ["resourceVersion", "text"],
	7: ["generation", "int"],
	8: ["creationTimestamp", "time"],
	9: ["deletionTimestamp", "time"],
	10: ["deletionGracePeriodSeconds", "int?"],
	11: ["labels", texts],
	12: ["annotations", texts],
	13: ["ownerReferences[]", ownerReference],
	14: ["finalizers[]", "text"],
	17: ["managedFields[]", managedFields],
});

const objectReference = message({
	1: ["kind", "text"],
	2: ["namespace", "text"],
	3: ["name", "text"],
	4: ["uid", "text"],
	5: ["apiVersion", "text"],
	6: ["resourceVersion", "text"],
	7: ["fieldPath", "text"],
});

const eventSource = message({ 1: ["component", "text"], 2: ["host", "text"] });

const eventSeries = message({ 1: ["count", "int"], 2: ["lastObservedTime", "micro-time"] });

const coreEvent: MessageTable = {
	1: ["metadata", metadata],
	2: ["involvedObject", objectReference],
	3: ["reason", "text"],
	4: ["message", "text"],
	5: ["source", eventSource],
	6: ["firstTimestamp", "time"],
	7: ["lastTimestamp", "time"],
	8: ["count", "int"],
	9: ["type", "text"],
	10: ["eventTime", "micro-time"],
	11: ["series", eventSeries],
	12: ["action", "text"],
	13: ["related", objectReference],
	14: ["reportingComponent", "text"],
	15: ["reportingInstance", "text"],
};

const event: MessageTable = {
	1: ["metadata", metadata],
	2: ["eventTime", "micro-time"],
	3: ["series", eventSeries],
	4: ["reportingController", "text"],
	5: ["reportingInstance", "text"],
	6: ["action", "text"],
	7: ["reason", "text"],
	8: ["regarding", objectReference],
	9: ["related", objectReference],
	10: ["note", "text"],
	11: ["type", "text"],
	12: ["deprecatedSource", eventSource],
	13: ["deprecatedFirstTimestamp", "time"],
	14: ["deprecatedLastTimestamp", "time"],
	15: ["deprecatedCount", "int"],
};

const namespaceCondition = message({
	1: ["type", "text"],
	2: ["status", "text"],
	4: ["lastTransitionTime", "time"],
	5: ["reason", "text"],
	6: ["message", "text"],
});

const leaseSpec = message({
	1: ["holderIdentity", "text?"],
	2: ["leaseDurationSeconds", "int?"],
	3: ["acquireTime", "micro-time"],
	4: ["renewTime", "micro-time"],
	5: ["leaseTransitions", "int?"],
	6: ["strategy", "text?"],
	7: ["preferredHolder", "text?"],
});

const deleteOptions: MessageTable = {
	1: ["gracePeriodSeconds", "int?"],
	2: ["preconditions", message({ 1: ["uid", "text?"], 2: ["resourceVersion", "text?"] })],
	3: ["orphanDependents", "flag?"],
	4: ["propagationPolicy", "text?"],
	5: ["dryRun[]", "text"],
};

const boundObject = message({
	1: ["kind", "text"],
	2: ["apiVersion", "text"],
	3: ["name", "text"],
	4: ["uid", "text"],
});

const tokenSpec = message({
	1: ["audiences[]", "text"],
	3: ["boundObjectRef", boundObject],
	4: ["expirationSeconds", "int?"],
});

/** The kinds that clients send as protobuf, by group and kind (the `.proto` files of the Kubernetes API). */
export const messageTables: ReadonlyMap<string, MessageTable> = new Map<string, MessageTable>([
	[
		"/Secret",
		{
			1: ["metadata", metadata],
			2: ["data", { mapOf: "bytes" }],
			3: ["type", "text"],
			4: ["stringData", texts],
			5: ["immutable", "flag?"],
		},
	],
	[
		"/ConfigMap",
		{ 1: ["metadata", metadata], 2: ["data", texts], 3: ["binaryData", { mapOf: "bytes" }], 4: ["immutable", "flag?"] },
	],
	[
		"/ServiceAccount",
		{
			1: ["metadata", metadata],
			2: ["secrets[]", objectReference],
			3: ["imagePullSecrets[]", message({ 1: ["name", "text"] })],
			4: ["automountServiceAccountToken", "flag?"],
		},
	],
	[
		"/Namespace",
		{
			1: ["metadata", metadata],
			2: ["spec", message({ 1: ["finalizers[]", "text"] })],
			3: ["status", message({ 1: ["phase", "text"], 2: ["conditions[]", namespaceCondition] })],
		},
	],
	["/Event", coreEvent],
	["events.k8s.io/Event", event],
	["coordination.k8s.io/Lease", { 1: ["metadata", metadata], 2: ["spec", leaseSpec] }],
	["authentication.k8s.io/TokenRequest", { 1: ["metadata", metadata], 2: ["spec", tokenSpec] }],
	["/DeleteOptions", deleteOptions],
	["meta.k8s.io/DeleteOptions", deleteOptions],
]);
