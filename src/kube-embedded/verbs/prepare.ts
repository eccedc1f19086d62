import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "#/kube/kube-object.ts";
import { isRecord, textAt, withoutFields } from "#/kube-embedded/json.ts";
import { crdKinds } from "#/kube-embedded/kinds/crd-kinds.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import type { FieldCause } from "#/kube-embedded/schema/kind-rules.ts";
import { defaultCrd, withCrdStatus } from "./crd-status.ts";
import { refuseFor } from "./judge.ts";
import { timestamp, type VerbDeps } from "./verb-deps.ts";

const base64 = (text: unknown): string => Buffer.from(String(text)).toString("base64");

/** `stringData` is for writing alone: it is kept as `data`. */
const prepareSecret = (secret: KubeObject): KubeObject => {
	const { stringData } = secret;
	const typed = { ...secret, type: textAt(secret, "type") ?? "Opaque" };
	if (!isRecord(stringData)) return typed;
	const encoded = Object.fromEntries(Object.entries(stringData).map(([key, text]) => [key, base64(text)]));
	const data = { ...(isRecord(secret.data) ? secret.data : {}), ...encoded };
	const { apiVersion, kind, metadata } = secret;
	return {
		apiVersion,
		kind,
		metadata,
		...withoutFields(typed, ["apiVersion", "kind", "metadata", "stringData"]),
		data,
	};
};

const prepareNamespace = (namespace: KubeObject): KubeObject => ({
	...namespace,
	metadata: {
		...namespace.metadata,
		labels: { ...namespace.metadata.labels, "kubernetes.io/metadata.name": namespace.metadata.name },
	},
	spec:
		isRecord(namespace.spec) && namespace.spec.finalizers !== undefined
			? namespace.spec
			: { finalizers: ["kubernetes"] },
});

const isDefinition = (kind: ServedKind): boolean =>
	kind.crd === undefined && kind.type.kind === "CustomResourceDefinition";

const LEFT_OUT_EMPTY = ["labels", "annotations", "finalizers", "ownerReferences"] as const;

const isEmpty = (value: unknown): boolean =>
	value === null || (typeof value === "object" && Object.keys(value).length === 0);

/** Metadata as Kubernetes writes it: of some fields, one with nothing in it is not there. */
const withoutEmptyMetadata = (object: KubeObject): KubeObject => {
	const empty = LEFT_OUT_EMPTY.filter((field) => isEmpty(object.metadata[field]));
	if (empty.length === 0) return object;
	return { ...object, metadata: { ...withoutFields(object.metadata, empty), name: object.metadata.name } };
};

/** Fields of built-in kinds that are not there when there is nothing in them. */
const EMPTIED: Readonly<Record<string, readonly string[]>> = {
	"/configmaps": ["data", "binaryData"],
	"/secrets": ["data", "stringData"],
	"/serviceaccounts": ["secrets", "imagePullSecrets"],
};

const withoutEmptyMaps = (kind: ServedKind, object: KubeObject): KubeObject => {
	const empty = (EMPTIED[kind.storage] ?? []).filter((field) => Object.hasOwn(object, field) && isEmpty(object[field]));
	if (empty.length === 0) return object;
	const { apiVersion, kind: word, metadata } = object;
	return { ...withoutFields(object, empty), apiVersion, kind: word, metadata };
};

/** What the API server itself does to objects before they are judged: to all, and to those of some built-in kinds. */
export const prepare = (kind: ServedKind, given: KubeObject): KubeObject => {
	const object = withoutEmptyMaps(kind, withoutEmptyMetadata(given));
	if (kind.storage === "/secrets") return prepareSecret(object);
	if (kind.storage === "/namespaces") return prepareNamespace(object);
	return isDefinition(kind) ? defaultCrd(object) : object;
};

/** The status that the API server itself gives to objects of some built-in kinds; others stay as they are. */
export const withOwnStatus = (
	kind: ServedKind,
	object: KubeObject,
	deps: Pick<VerbDeps, "kinds" | "now">,
): KubeObject => {
	if (isDefinition(kind)) return withCrdStatus(object, deps.kinds, timestamp(deps.now()));
	if (kind.storage !== "/namespaces" || textAt(object, "status", "phase") !== undefined) return object;
	return { ...object, status: { phase: "Active" } };
};

const FROZEN = "field is immutable when `immutable` is set";

const forbiddenField = (field: string, message: string): FieldCause => ({
	reason: "FieldValueForbidden",
	field,
	message: `Forbidden: ${message}`,
});

const immutableCauses = (next: KubeObject, previous: KubeObject): FieldCause[] => {
	if (previous.immutable !== true) return [];
	const changed = ["data", "binaryData"].filter(
		(field) => !isDeepStrictEqual(next[field] ?? {}, previous[field] ?? {}),
	);
	return [
		...(next.immutable === true ? [] : [forbiddenField("immutable", FROZEN)]),
		...changed.map((field) => forbiddenField(field, FROZEN)),
	];
};

/** Refuses changes that built-in kinds do not allow. @throws StatusError Invalid */
export const checkChange = (kind: ServedKind, next: KubeObject, previous: KubeObject): void => {
	if (kind.storage !== "/secrets" && kind.storage !== "/configmaps") return;
	const retyped: FieldCause[] =
		kind.storage === "/secrets" && next.type !== previous.type
			? [
					{
						reason: "FieldValueInvalid",
						field: "type",
						message: `Invalid value: ${JSON.stringify(next.type)}: field is immutable`,
					},
				]
			: [];
	refuseFor(kind, next.metadata.name, [...retyped, ...immutableCauses(next, previous)]);
};

/** Refuses definitions that could not be served. @throws StatusError Invalid */
export const checkServable = (kind: ServedKind, object: KubeObject): void => {
	if (!isDefinition(kind)) return;
	const { name } = object.metadata;
	const expected = `${textAt(object, "spec", "names", "plural")}.${textAt(object, "spec", "group")}`;
	if (name !== expected) {
		const message = `Invalid value: ${JSON.stringify(name)}: must be spec.names.plural+"."+spec.group`;
		refuseFor(kind, name, [{ reason: "FieldValueInvalid", field: "metadata.name", message }]);
	}
	try {
		crdKinds(object);
	} catch (error) {
		const message = `Invalid value: ${error instanceof Error ? error.message : String(error)}`;
		refuseFor(kind, name, [{ reason: "FieldValueInvalid", field: "spec.versions", message }]);
	}
};
