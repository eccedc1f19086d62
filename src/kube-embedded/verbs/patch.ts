import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf } from "#/kube/resource-type.ts";
import { fieldAt, isRecord, textAt } from "#/kube-embedded/json.ts";
import { applyPatch } from "#/kube-embedded/patch/apply-patch.ts";
import { PatchError } from "#/kube-embedded/patch/patch-error.ts";
import { serverSideApply } from "#/kube-embedded/patch/server-side-apply.ts";
import { badRequest, notFound, StatusError } from "#/kube-embedded/status-error.ts";
import type { Transaction } from "#/kube-embedded/store/transaction.ts";
import { createIn } from "./create.ts";
import { refuseFor } from "./judge.ts";
import { checkPreconditions, updateIn } from "./update.ts";
import { type Target, timestamp, type VerbDeps, type WriteSettings, type Written } from "./verb-deps.ts";

/** A patch as it came. */
export interface WantedPatch {
	readonly kind: "json" | "merge" | "strategic" | "apply";
	readonly body: unknown;
	/** Takes over fields that others own; for `apply`. */
	readonly force: boolean;
}

const rejected = ({ kind, name }: Pick<Target, "kind" | "name">, error: PatchError): StatusError => {
	const message = `the server rejected our request due to an error in our request: ${error.message}`;
	return new StatusError("Invalid", message, { name, kind: kind.type.plural }, error);
};

/** What a patch makes of a value. @throws StatusError Invalid when a test of it fails, BadRequest when it makes no sense */
export const patched = (
	{ kind, name }: Pick<Target, "kind" | "name">,
	patch: { readonly kind: "json" | "merge" | "strategic"; readonly body: unknown },
	object: KubeObject,
): KubeObject => {
	try {
		return applyPatch({ kind: patch.kind, body: patch.body, object, rules: kind.rules });
	} catch (error) {
		if (!(error instanceof PatchError)) throw error;
		if (error.code === "INVALID") throw badRequest(error.message, error);
		throw rejected({ kind, name }, error);
	}
};

/** The object that somebody applies, after a look at what it may not say. */
const appliedOf = ({ kind, name }: Target, body: unknown): KubeObject => {
	if (!isRecord(body)) throw badRequest("the patch is no object");
	const metadata = isRecord(body.metadata) ? body.metadata : {};
	const apiVersion = apiVersionOf(kind.type);
	if (body.apiVersion !== apiVersion || body.kind !== kind.type.kind) {
		const got = `${textAt(body, "apiVersion") ?? ""}, Kind=${textAt(body, "kind") ?? ""}`;
		throw badRequest(`the patch is for ${got}, the request for ${apiVersion}, Kind=${kind.type.kind}`);
	}
	if (metadata.name !== undefined && metadata.name !== name) {
		throw badRequest(`the name of the object (${String(metadata.name)}) does not match the name on the URL (${name})`);
	}
	if (Array.isArray(metadata.managedFields) && metadata.managedFields.length > 0) {
		throw badRequest("metadata.managedFields must be nil");
	}
	return { ...body, apiVersion, kind: kind.type.kind, metadata: { ...metadata, name } };
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
	if (next.metadata?.name === target.name) return;
	const name = String(fieldAt(next, ["metadata", "name"]));
	const message = `Invalid value: ${JSON.stringify(name)}: field is immutable`;
	refuseFor(target.kind, target.name, [{ reason: "FieldValueInvalid", field: "metadata.name", message }]);
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
	return updateIn(transaction, { kind, live }, next, { ...settings, managed: false }, deps);
};
