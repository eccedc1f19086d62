import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf } from "#/kube/resource-type.ts";
import { fieldAt, isRecord, textAt } from "#/kube-embedded/json.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { applyPatch } from "#/kube-embedded/patch/apply-patch.ts";
import { PatchError } from "#/kube-embedded/patch/patch-error.ts";
import { serverSideApply } from "#/kube-embedded/patch/server-side-apply.ts";
import { badRequest, notFound, StatusError } from "#/kube-embedded/status-error.ts";
import type { Transaction } from "#/kube-embedded/store/transaction.ts";
import { createIn } from "./create.ts";
import { StrictDecodingError } from "./strict-decoding-error.ts";
import { checkPreconditions, updateIn } from "./update.ts";
import { type Target, timestamp, type VerbDeps, type WriteSettings, type Written } from "./verb-deps.ts";

/** A patch as it came. */
export interface WantedPatch {
	readonly kind: "json" | "merge" | "strategic" | "apply";
	readonly body: unknown;
	/** Takes over fields that others own; for `apply`. */
	readonly force: boolean;
}

const rejected = (error: PatchError): StatusError =>
	new StatusError("Invalid", "the server rejected our request due to an error in our request", {}, error);

/** What Go calls the JSON that a patch should not have been. */
const jsonName = (value: unknown): string => {
	if (Array.isArray(value)) return "array";
	if (value === null) return "null";
	return typeof value === "boolean" ? "bool" : typeof value;
};

/** Refuses a body that is no patch of its type at all. @throws StatusError BadRequest */
const checkShape = (patch: Pick<WantedPatch, "kind" | "body">): void => {
	const { kind, body } = patch;
	const isJson = kind === "json";
	if (isJson ? Array.isArray(body) : isRecord(body)) return;
	const wanted = isJson ? "[]handlers.jsonPatchOp" : "map[string]interface {}";
	const why = `json: cannot unmarshal ${jsonName(body)} into Go value of type ${wanted}`;
	if (kind === "apply") throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
	throw badRequest(kind === "strategic" ? why : `error decoding patch: ${why}`);
};

/** What a patch makes of a value. @throws StatusError Invalid when a test of it fails, BadRequest when it makes no sense */
export const patched = (
	{ kind }: Pick<Target, "kind">,
	patch: { readonly kind: "json" | "merge" | "strategic"; readonly body: unknown },
	object: KubeObject,
): KubeObject => {
	checkShape(patch);
	try {
		return applyPatch({ kind: patch.kind, body: patch.body, object, rules: kind.rules });
	} catch (error) {
		if (!(error instanceof PatchError)) throw error;
		if (patch.kind === "json") throw rejected(error);
		throw badRequest(error.message, error);
	}
};

/** The object that somebody applies, after a look at what it may not say. */
const appliedOf = ({ kind, name }: Target, body: unknown): KubeObject => {
	checkShape({ kind: "apply", body });
	if (!isRecord(body)) throw badRequest("the patch is no object");
	const metadata = isRecord(body.metadata) ? body.metadata : {};
	const apiVersion = apiVersionOf(kind.type);
	if (body.apiVersion !== apiVersion || body.kind !== kind.type.kind) {
		const got = `${textAt(body, "apiVersion") ?? ""}, Kind=${textAt(body, "kind") ?? ""}`;
		throw badRequest(`invalid object type: ${got}`);
	}
	if (metadata.name !== undefined && metadata.name !== name) {
		throw badRequest(`the name of the object (${String(metadata.name)}) does not match the name on the URL (${name})`);
	}
	if (Array.isArray(metadata.managedFields) && metadata.managedFields.length > 0) {
		throw badRequest("metadata.managedFields must be nil");
	}
	return { ...body, apiVersion, kind: kind.type.kind, metadata: { ...metadata, name } };
};

/** Refuses to apply what the schema cannot read. @throws StatusError Unknown */
const checkTyped = (kind: ServedKind, applied: KubeObject): void => {
	const problems = kind.rules.typedProblems(applied);
	if (problems.length === 0) return;
	const { group, version } = kind.type;
	const what = `${applied.metadata.namespace ?? ""}/${applied.metadata.name}; ${group}/${version}, Kind=${kind.type.kind}`;
	const all = problems.length === 1 ? problems[0] : ["errors:", ...problems.map((one) => `  ${one}`)].join("\n");
	throw new StatusError("Unknown", `failed to create typed patch object (${what}): ${all}`);
};

const applyIn = (
	transaction: Transaction,
	{ live, ...target }: Target & { readonly live: KubeObject | undefined },
	patch: WantedPatch,
	settings: WriteSettings,
	deps: VerbDeps,
): Written => {
	const { kind, namespace, name } = target;
	const applied = appliedOf(target, patch.body);
	checkTyped(kind, applied);
	if (live !== undefined) checkPreconditions(kind, live, applied.metadata);
	const done = serverSideApply({
		live,
		applied,
		manager: settings.manager,
		force: patch.force,
		rules: kind.rules,
		subresource: settings.subresource,
		now: timestamp(deps.now()),
	});
	if ("conflicts" in done) {
		const causes = done.conflicts.map(({ field, message }) => ({ reason: "FieldManagerConflict", message, field }));
		throw new StatusError("Conflict", done.message, { causes });
	}
	const managed = { ...settings, managed: true };
	if (live !== undefined) return updateIn(transaction, { kind, live }, done.object, managed, deps);
	if (settings.subresource !== undefined) throw notFound(kind.type, name);
	return createIn(transaction, { kind, namespace }, done.object, managed, deps);
};

const sameName = (target: Target, next: KubeObject): void => {
	const namespace = textAt(next, "metadata", "namespace") ?? "";
	if (target.kind.type.namespaced && namespace !== "" && namespace !== target.namespace) {
		throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
	}
	if (next.metadata?.name === target.name) return;
	const name = String(fieldAt(next, ["metadata", "name"]));
	throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
};

/** Patches an object within a transaction; applying creates it where there is none. @throws StatusError */
export const patchIn = (
	transaction: Transaction,
	target: Target,
	patch: WantedPatch,
	settings: WriteSettings,
	deps: VerbDeps,
): Written => {
	const { kind, namespace, name } = target;
	const stored = transaction.find({ resource: kind.storage, namespace, name });
	const live = stored === undefined ? undefined : kind.fromStored(stored);
	if (patch.kind === "apply") return applyIn(transaction, { ...target, live }, patch, settings, deps);
	if (live === undefined) throw notFound(kind.type, name);
	const next = patched(target, { kind: patch.kind, body: patch.body }, live);
	sameName(target, next);
	try {
		return updateIn(transaction, { kind, live }, next, { ...settings, managed: false }, deps);
	} catch (error) {
		throw error instanceof StrictDecodingError ? strictlyRefused(next, error) : error;
	}
};

/** Of a patch it is told what it makes of the object, and nothing of which object that is. */
const strictlyRefused = (next: KubeObject, { why }: StrictDecodingError): StatusError => {
	const message = `Invalid value: ${JSON.stringify(JSON.stringify(next))}: ${why}`;
	const causes = [{ reason: "FieldValueInvalid", field: "patch", message }];
	return new StatusError("Invalid", ` "" is invalid: patch: ${message}`, { causes });
};
