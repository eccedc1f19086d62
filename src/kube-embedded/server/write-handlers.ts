import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf } from "#/kube/resource-type.ts";
import { fieldAt, isRecord, textAt } from "#/kube-embedded/json.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { duplicateFields } from "#/kube-embedded/schema/duplicate-fields.ts";
import type { FieldCause } from "#/kube-embedded/schema/kind-rules.ts";
import { badRequest, invalid, invalidOptions, notFound, StatusError } from "#/kube-embedded/status-error.ts";
import { createIn } from "#/kube-embedded/verbs/create.ts";
import { type DeleteSettings, deleteIn } from "#/kube-embedded/verbs/delete.ts";
import { refuseStrictly } from "#/kube-embedded/verbs/judge.ts";
import { listPage } from "#/kube-embedded/verbs/list-page.ts";
import { patchIn, type WantedPatch } from "#/kube-embedded/verbs/patch.ts";
import { updateIn } from "#/kube-embedded/verbs/update.ts";
import type { Target, VerbDeps, WriteSettings, Written } from "#/kube-embedded/verbs/verb-deps.ts";
import { type ApiReply, type ApiRequest, isAsked, queryOf } from "./api-request.ts";
import { listOf, objectReply } from "./object-reply.ts";
import { contentType, type DecodedBody, readBody, unrecognized } from "./read-body.ts";
import { type Scope, selectorOf } from "./read-handlers.ts";
import { dryRunCauses, writeSettings } from "./write-settings.ts";

const NO_JSON = "couldn't get version/kind; json parse error: unexpected end of JSON input";

/** A body of another kind than the path's. */
const otherKind = ({ group, kind: expected }: ServedKind["type"], value: unknown, kind: string): StatusError => {
	const message = `Invalid value: ${JSON.stringify(kind)}: must be ${expected}`;
	const cause: FieldCause = { reason: "FieldValueInvalid", field: "kind", message };
	return invalid({ group, kind }, textAt(value, "metadata", "name") ?? "", [cause]);
};

/** A body as the object that the path is about. @throws StatusError BadRequest */
const objectOf = ({ type, crd }: ServedKind, { value, text }: DecodedBody, namespace: string): KubeObject => {
	if (value === undefined) throw unrecognized(type, NO_JSON, "");
	if (!isRecord(value)) throw badRequest("the body of the request is no object");
	const expected = apiVersionOf(type);
	// What a custom resource is must be said; of built-in kinds it is taken from the path.
	const [apiVersion = crd === undefined ? expected : "", kind = crd === undefined ? type.kind : ""] = [
		textAt(value, "apiVersion"),
		textAt(value, "kind"),
	];
	if (kind === "") throw unrecognized(type, `Object 'Kind' is missing in '${text ?? ""}'`, text ?? "");
	if (apiVersion !== expected) {
		throw badRequest(
			`the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
		);
	}
	if (kind !== type.kind) throw otherKind(type, value, kind);
	const metadata = isRecord(value.metadata) ? value.metadata : {};
	const named = textAt(metadata, "namespace") ?? "";
	if (type.namespaced && named !== "" && named !== namespace) {
		throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
	}
	return { ...value, apiVersion, kind, metadata: { ...metadata, name: textAt(metadata, "name") ?? "" } };
};

/** Fields that a body has twice, as warnings; refused where the client wants that. @throws StatusError BadRequest */
const duplicatesIn = (kind: ServedKind, { text }: DecodedBody, { unknownFields }: WriteSettings): readonly string[] => {
	if (unknownFields === "Ignore" || text === undefined) return [];
	const found = duplicateFields(text);
	if (unknownFields === "Strict") refuseStrictly(kind, found);
	return found;
};

const replyWritten = (
	request: ApiRequest,
	kind: ServedKind,
	{ object, warnings, created }: Written,
	more: { readonly warnings: readonly string[]; readonly now: number },
): ApiReply => {
	const all = [...more.warnings, ...warnings];
	return objectReply(request, kind, object, { status: created ? 201 : 200, warnings: all, now: more.now });
};

/** POST of a new object. @throws StatusError */
export const createObject = async (
	request: ApiRequest,
	{ kind, namespace = "" }: Scope,
	deps: VerbDeps,
): Promise<ApiReply> => {
	const settings = writeSettings(request, undefined);
	const body = await readBody(request, kind.type);
	const object = objectOf(kind, body, namespace);
	const warnings = duplicatesIn(kind, body, settings);
	const all = { ...settings, managed: false };
	const written = await deps.store.write((transaction) =>
		createIn(transaction, { kind, namespace }, object, all, deps),
	);
	return replyWritten(request, kind, written, { warnings, now: deps.now() });
};

const UNVERSIONED: FieldCause = {
	reason: "FieldValueInvalid",
	field: "metadata.resourceVersion",
	message: "Invalid value: 0: must be specified for an update",
};

/** PUT of an object or its status. @throws StatusError */
export const replaceObject = async (
	request: ApiRequest,
	{ kind, namespace, name, subresource }: Target & { readonly subresource: "status" | undefined },
	deps: VerbDeps,
): Promise<ApiReply> => {
	const settings = writeSettings(request, subresource);
	const body = await readBody(request, kind.type);
	const next = objectOf(kind, body, namespace);
	if (next.metadata.name !== name) {
		throw badRequest(`the name of the object (${next.metadata.name}) does not match the name on the URL (${name})`);
	}
	const warnings = duplicatesIn(kind, body, settings);
	const all = { ...settings, managed: false };
	const named = textAt(next, "metadata", "resourceVersion") ?? "";
	const written = await deps.store.write((transaction) => {
		const stored = transaction.find({ resource: kind.storage, namespace, name });
		if (stored !== undefined && named === "" && !kind.replacesBlindly) {
			throw invalid({ group: kind.type.group, kind: kind.type.plural }, name, [UNVERSIONED]);
		}
		if (stored !== undefined) return updateIn(transaction, { kind, live: kind.fromStored(stored) }, next, all, deps);
		if (!kind.createsOnUpdate || subresource !== undefined) throw notFound(kind.type, name);
		return createIn(transaction, { kind, namespace }, next, all, deps);
	});
	return replyWritten(request, kind, written, { warnings, now: deps.now() });
};

const PATCHES: Readonly<Record<string, WantedPatch["kind"]>> = {
	"application/json-patch+json": "json",
	"application/merge-patch+json": "merge",
	"application/strategic-merge-patch+json": "strategic",
	"application/apply-patch+yaml": "apply",
};

/** The patch of a request. @throws StatusError UnsupportedMediaType, BadRequest */
export const patchOf = async (
	request: ApiRequest,
	kind: ServedKind,
): Promise<WantedPatch & { readonly decoded: DecodedBody }> => {
	const type = contentType(request);
	const patch = PATCHES[type];
	if (patch === undefined || (patch === "strategic" && kind.crd !== undefined)) {
		const accepted = Object.entries(PATCHES).filter(([, known]) => kind.crd === undefined || known !== "strategic");
		const list = accepted.map(([name]) => name).join(", ");
		const message = `the body of the request was in an unknown format - accepted media types include: ${list}`;
		throw new StatusError("UnsupportedMediaType", message);
	}
	const decoded = await readBody(request);
	return { kind: patch, body: decoded.value, force: isAsked(request, "force"), decoded };
};

/** PATCH of an object or its status. @throws StatusError */
export const patchObject = async (
	request: ApiRequest,
	{ subresource, ...target }: Target & { readonly subresource: "status" | undefined },
	deps: VerbDeps,
): Promise<ApiReply> => {
	const settings = writeSettings(request, subresource);
	const patch = await patchOf(request, target.kind);
	const warnings = duplicatesIn(target.kind, patch.decoded, settings);
	const written = await deps.store.write((transaction) => patchIn(transaction, target, patch, settings, deps));
	return replyWritten(request, target.kind, written, { warnings, now: deps.now() });
};

const PROPAGATIONS = ["Background", "Foreground", "Orphan"] as const;

const unknownPropagation = (wanted: string): FieldCause => ({
	reason: "FieldValueNotSupported",
	field: "propagationPolicy",
	message: `Unsupported value: ${JSON.stringify(wanted)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
});

const twoWays = (wanted: string): FieldCause => ({
	reason: "FieldValueInvalid",
	field: "propagationPolicy",
	message: `Invalid value: ${JSON.stringify(wanted)}: orphanDependents and deletionPropagation cannot be both set`,
});

const deleteSettings = async (request: ApiRequest): Promise<DeleteSettings> => {
	const { value } = await readBody(request);
	const wanted = textAt(value, "propagationPolicy") ?? queryOf(request, "propagationPolicy");
	const propagation = PROPAGATIONS.find((known) => known === wanted);
	const inBody = fieldAt(value, ["dryRun"]);
	const dryRun = [...(Array.isArray(inBody) ? inBody : []), ...request.url.searchParams.getAll("dryRun")];
	const causes = [
		...(wanted !== undefined && propagation === undefined ? [unknownPropagation(wanted)] : []),
		...(wanted !== undefined && fieldAt(value, ["orphanDependents"]) !== undefined ? [twoWays(wanted)] : []),
		...dryRunCauses(dryRun),
	];
	if (causes.length > 0) throw invalidOptions("DeleteOptions", causes);
	const preconditions = fieldAt(value, ["preconditions"]);
	return {
		propagation: propagation ?? (fieldAt(value, ["orphanDependents"]) === true ? "Orphan" : undefined),
		dryRun: dryRun.length > 0,
		uid: fieldAt(preconditions, ["uid"]),
		resourceVersion: fieldAt(preconditions, ["resourceVersion"]),
	};
};

const success = ({ type }: ServedKind, { metadata }: KubeObject): unknown => ({
	kind: "Status",
	apiVersion: "v1",
	metadata: {},
	status: "Success",
	details: {
		name: metadata.name,
		...(type.group === "" ? {} : { group: type.group }),
		kind: type.plural,
		uid: metadata.uid,
	},
});

/** DELETE of an object: a success when it is gone, the object itself when something still holds it. @throws StatusError */
export const deleteObject = async (request: ApiRequest, target: Target, deps: VerbDeps): Promise<ApiReply> => {
	const settings = await deleteSettings(request);
	const { object, gone } = await deps.store.write((transaction) => deleteIn(transaction, target, settings, deps));
	if (gone) return { status: 200, json: success(target.kind, object) };
	return objectReply(request, target.kind, object, { now: deps.now() });
};

/** So many in one transaction: while it lasts nobody else is answered. */
const DELETED_TOGETHER = 50;

/** DELETE of all objects that are selected. @throws StatusError */
export const deleteObjects = async (
	request: ApiRequest,
	{ kind, namespace }: Scope,
	deps: VerbDeps,
): Promise<ApiReply> => {
	const settings = await deleteSettings(request);
	const selector = selectorOf(request, kind);
	const all = { kind, namespace, selector, limit: 0, next: undefined, exactly: undefined };
	const { items, revision } = listPage(deps.store, all);
	for (let from = 0; from < items.length; from += DELETED_TOGETHER) {
		const some = items.slice(from, from + DELETED_TOGETHER);
		await deps.store.write((transaction) => {
			for (const { metadata } of some) {
				const target = { kind, namespace: metadata.namespace ?? "", name: metadata.name };
				const { resource, ...ref } = { resource: kind.storage, namespace: target.namespace, name: target.name };
				if (transaction.find({ resource, ...ref }) !== undefined) deleteIn(transaction, target, settings, deps);
			}
		});
	}
	return { status: 200, json: listOf(kind, { items, revision, next: undefined, remaining: undefined }) };
};
