import { isDeepStrictEqual } from "node:util";
import type { KubeObject, ObjectMeta } from "#/kube/kube-object.ts";
import { listAt, withoutFields } from "#/kube-embedded/json.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import type { FieldCause } from "#/kube-embedded/schema/kind-rules.ts";
import { conflict, MODIFIED } from "#/kube-embedded/status-error.ts";
import type { Transaction } from "#/kube-embedded/store/transaction.ts";
import { checkMetadata } from "./check-metadata.ts";
import { passed } from "./judge.ts";
import { checkChange, checkServable, prepare, withOwnStatus } from "./prepare.ts";
import { isSameObject } from "./same-object.ts";
import type { VerbDeps, WriteSettings, Written } from "./verb-deps.ts";
import { withManagedFields, withOwnStatusManaged } from "./with-managed-fields.ts";

/** Refuses a write that stands on another version or another object of that name. @throws StatusError Conflict */
export const checkPreconditions = (
	kind: ServedKind,
	live: KubeObject,
	{ uid, resourceVersion }: { readonly uid?: unknown; readonly resourceVersion?: unknown },
): void => {
	const { name } = live.metadata;
	if (typeof uid === "string" && uid !== "" && uid !== live.metadata.uid) {
		const [namespace, group] = [live.metadata.namespace ?? "", kind.crd === undefined ? "" : `${kind.type.group}/`];
		const key = ["/registry", `${group}${kind.type.plural}`, ...(namespace === "" ? [] : [namespace]), name].join("/");
		const why = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`;
		throw conflict(kind.type, name, why);
	}
	if (typeof resourceVersion !== "string" || resourceVersion === "") return;
	if (resourceVersion !== live.metadata.resourceVersion) throw conflict(kind.type, name, MODIFIED);
};

/** What the API server alone says of an object stays as it is. */
const keptMetadata = (next: ObjectMeta, live: ObjectMeta): ObjectMeta => {
	const own = [
		"uid",
		"creationTimestamp",
		"deletionTimestamp",
		"deletionGracePeriodSeconds",
		"generation",
		"resourceVersion",
	];
	const kept = Object.entries(live).filter(([field]) => [...own, "namespace", "name"].includes(field));
	return { ...withoutFields(next, [...own, "selfLink", "namespace"]), name: live.name, ...Object.fromEntries(kept) };
};

/** The part of `next` that this subresource may change, on top of what there is. */
const reachOf = (
	kind: ServedKind,
	next: KubeObject,
	live: KubeObject,
	subresource: WriteSettings["subresource"],
): KubeObject => {
	const { managedFields } = next.metadata;
	if (subresource === "status") {
		const metadata = { ...live.metadata, ...(managedFields === undefined ? {} : { managedFields }) };
		return { ...live, metadata, ...(next.status === undefined ? {} : { status: next.status }) };
	}
	const metadata = keptMetadata(next.metadata, live.metadata);
	if (!kind.hasStatus) return { ...next, metadata };
	const { status: _dropped, ...wanted } = next;
	const { apiVersion, kind: word } = live;
	return { ...wanted, apiVersion, kind: word, metadata, ...(live.status === undefined ? {} : { status: live.status }) };
};

const content = (kind: ServedKind, object: KubeObject): unknown =>
	withoutFields(object, ["apiVersion", "kind", "metadata", ...(kind.hasStatus ? ["status"] : [])]);

const withGeneration = (kind: ServedKind, next: KubeObject, live: KubeObject): KubeObject => {
	if (!kind.hasGeneration || isDeepStrictEqual(content(kind, next), content(kind, live))) return next;
	return { ...next, metadata: { ...next.metadata, generation: (live.metadata.generation ?? 0) + 1 } };
};

/** Who is on the way out takes on no new duties. */
const newFinalizers = (next: KubeObject, live: KubeObject): FieldCause[] => {
	if (live.metadata.deletionTimestamp === undefined) return [];
	const before = live.metadata.finalizers ?? [];
	const added = (next.metadata.finalizers ?? []).filter((finalizer) => !before.includes(finalizer));
	if (added.length === 0) return [];
	const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(", ")}}`;
	const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
	return [{ reason: "FieldValueForbidden", field: "metadata.finalizers", message }];
};

/** Whether nothing keeps an object any more that is to be deleted. */
export const isFree = ({ metadata, ...object }: KubeObject): boolean =>
	metadata.deletionTimestamp !== undefined &&
	(metadata.finalizers ?? []).length === 0 &&
	!(object.kind === "Namespace" && object.apiVersion === "v1" && listAt(object, "spec", "finalizers").length > 0);

const judgeChange = (
	kind: ServedKind,
	next: KubeObject,
	live: KubeObject,
	settings: WriteSettings & { readonly managed: boolean },
	deps: VerbDeps,
): Omit<Written, "created"> => {
	const { name } = live.metadata;
	const subresource = settings.subresource === "status" ? "status" : undefined;
	const reached = reachOf(kind, next, live, subresource);
	const prepared = subresource === undefined ? prepare(kind, reached) : reached;
	const { unknownFields } = settings;
	const [once, changed] = [checkMetadata(prepared, kind.storage === "/namespaces"), newFinalizers(prepared, live)];
	// Kubernetes looks at the metadata of a custom resource several times, and tells of it as often.
	const known = kind.crd === undefined ? [...changed, ...once] : [...changed, ...once, ...changed, ...once, ...once];
	const judged = kind.rules.judgeUpdate(prepared, live, { unknownFields, subresource, known });
	const { object, warnings } = passed(kind, name, judged);
	checkChange(kind, object, live);
	checkServable(kind, object);
	const counted = withGeneration(kind, withOwnStatus(kind, object, deps), live);
	const managed = settings.managed
		? counted
		: withManagedFields(kind, { before: live, after: counted }, settings, deps.now());
	return { object: withOwnStatusManaged(kind, { before: live, after: managed }, deps.now()), warnings };
};

/** JSON as it will be read again: fields that are undefined are not there. */
const plain = (object: KubeObject): KubeObject => JSON.parse(JSON.stringify(object));

/**
 * Changes an object within a transaction. An object that waits for nothing but this change to be deleted is deleted.
 *
 * @param live as its kind shows it now
 * @param settings `managed`: the object carries its `managedFields` already
 * @throws StatusError Conflict, Invalid …
 */
export const updateIn = (
	transaction: Transaction,
	{ kind, live }: { readonly kind: ServedKind; readonly live: KubeObject },
	next: KubeObject,
	settings: WriteSettings & { readonly managed: boolean },
	deps: VerbDeps,
): Written => {
	checkPreconditions(kind, live, { uid: next.metadata.uid, resourceVersion: next.metadata.resourceVersion });
	const judged = judgeChange(kind, next, live, settings, deps);
	const object = plain(judged.object);
	const { warnings } = judged;
	const free = isFree(object);
	if (settings.dryRun || (!free && isSameObject(object, live))) {
		return { object: settings.dryRun ? object : live, warnings, created: false };
	}
	const { namespace = "", name } = live.metadata;
	const stored = kind.toStored(object);
	const done = free
		? transaction.remove({ resource: kind.storage, namespace, name }, stored)
		: transaction.put(kind.storage, stored);
	return { object: kind.fromStored(done ?? stored), warnings, created: false };
};
