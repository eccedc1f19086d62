import type { KubeObject, ObjectMeta } from "#/kube/kube-object.ts";
import { textAt, withoutFields } from "#/kube-embedded/json.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { alreadyExists, badRequest, forbidden, notFound, StatusError } from "#/kube-embedded/status-error.ts";
import type { StoreView, Transaction } from "#/kube-embedded/store/transaction.ts";
import { checkMetadata } from "./check-metadata.ts";
import { passed } from "./judge.ts";
import { checkServable, prepare, withOwnStatus } from "./prepare.ts";
import { timestamp, type VerbDeps, type WriteSettings, type Written } from "./verb-deps.ts";
import { withManagedFields, withOwnStatusManaged } from "./with-managed-fields.ts";

const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const NAMESPACE_TYPE = { group: "", plural: "namespaces", kind: "Namespace" };

const uuidOf = (bytes: Uint8Array): string => {
	const hex = Buffer.from(bytes).toString("hex");
	const variant = "89ab"[Number.parseInt(hex[16] ?? "0", 16) & 3];
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

const nameFor = (metadata: ObjectMeta, randomBytes: VerbDeps["randomBytes"]): string => {
	const prefix = textAt(metadata, "generateName") ?? "";
	if ((metadata.name ?? "") !== "" || prefix === "") return metadata.name ?? "";
	const suffix = Array.from(randomBytes(5), (byte) => ALPHABET[byte % ALPHABET.length]);
	return `${prefix.slice(0, 58)}${suffix.join("")}`;
};

/** The metadata of a new object: what only the API server may say is the API server's. */
const newMetadata = (kind: ServedKind, namespace: string, object: KubeObject, deps: VerbDeps): ObjectMeta => {
	const { metadata } = object;
	if ((metadata.resourceVersion ?? "") !== "")
		throw badRequest("resourceVersion should not be set on objects to be created");
	const own = [
		"selfLink",
		"deletionTimestamp",
		"deletionGracePeriodSeconds",
		"namespace",
		"generation",
		"resourceVersion",
	];
	const name = nameFor(metadata, deps.randomBytes);
	return {
		...withoutFields(metadata, own),
		name,
		...(kind.type.namespaced ? { namespace } : {}),
		uid: uuidOf(deps.randomBytes(16)),
		creationTimestamp: timestamp(deps.now()),
		...(kind.hasGeneration ? { generation: 1 } : {}),
	};
};

/** Refuses new objects in a namespace that is not there, or no longer. @throws StatusError NotFound, Forbidden */
const checkNamespace = (view: StoreView, kind: ServedKind, namespace: string, name: string): void => {
	if (!kind.type.namespaced) return;
	const found = view.find({ resource: "/namespaces", namespace: "", name: namespace });
	if (found === undefined) throw notFound(NAMESPACE_TYPE, namespace);
	if (found.metadata.deletionTimestamp === undefined) return;
	throw forbidden(
		kind.type,
		name,
		`unable to create new content in namespace ${namespace} because it is being terminated`,
	);
};

const FIELDS_OF_ALL = ["apiVersion", "kind", "metadata"];

/** What is to be stored, judged; its `managedFields` are made unless the caller did so. */
const judgeNew = (
	kind: ServedKind,
	fresh: KubeObject,
	settings: WriteSettings & { readonly managed: boolean },
	deps: VerbDeps,
): Omit<Written, "created"> => {
	const { name } = fresh.metadata;
	const prepared = prepare(kind, fresh);
	const known = checkMetadata(prepared, kind.storage === "/namespaces");
	const { unknownFields } = settings;
	const { object: judged, warnings } = passed(kind, name, kind.rules.judgeCreate(prepared, { unknownFields, known }));
	checkServable(kind, judged);
	const object = withOwnStatus(kind, judged, deps);
	// The finalizers that the API server gives to a namespace are nobody's.
	const isGiven = kind.storage === "/namespaces" && fresh.spec === undefined;
	const { spec: _given, ...said } = object;
	const { apiVersion, kind: word, metadata } = object;
	const after = isGiven ? { ...said, apiVersion, kind: word, metadata } : object;
	const managed = settings.managed
		? object
		: { ...object, metadata: withManagedFields(kind, { before: undefined, after }, settings, deps.now()).metadata };
	return { object: withOwnStatusManaged(kind, { before: undefined, after: managed }, deps.now()), warnings };
};

/**
 * Creates an object within a transaction.
 *
 * @param settings `managed`: the object carries its `managedFields` already
 * @throws StatusError AlreadyExists, NotFound (the namespace), Invalid …
 */
export const createIn = (
	transaction: Transaction,
	{ kind, namespace }: { readonly kind: ServedKind; readonly namespace: string },
	object: KubeObject,
	settings: WriteSettings & { readonly managed: boolean },
	deps: VerbDeps,
): Written => {
	if (kind.crd?.metadata.deletionTimestamp !== undefined) {
		throw new StatusError("MethodNotAllowed", "create not allowed while custom resource definition is terminating");
	}
	const metadata = newMetadata(kind, namespace, object, deps);
	const hidden = kind.hasStatus ? [...FIELDS_OF_ALL, "status"] : FIELDS_OF_ALL;
	const { apiVersion, kind: word } = object;
	const fresh = { apiVersion, kind: word, metadata, ...withoutFields(object, hidden) };
	checkNamespace(transaction, kind, namespace, metadata.name);
	if (transaction.find({ resource: kind.storage, namespace, name: metadata.name }) !== undefined) {
		throw alreadyExists(kind.type, metadata.name);
	}
	const judged = judgeNew(kind, fresh, settings, deps);
	if (settings.dryRun) return { ...judged, created: true };
	const stored = transaction.put(kind.storage, kind.toStored(judged.object));
	return { object: kind.fromStored(stored), warnings: judged.warnings, created: true };
};
