import type { KubeObject } from "#/kube/kube-object.ts";
import { fieldAt, isRecord, withField } from "#/kube-embedded/json.ts";
import type { ScalePaths, ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import type { FieldCause } from "#/kube-embedded/schema/kind-rules.ts";
import { badRequest, notFound, StatusError } from "#/kube-embedded/status-error.ts";
import type { Transaction } from "#/kube-embedded/store/transaction.ts";
import { patched } from "#/kube-embedded/verbs/patch.ts";
import { checkPreconditions, updateIn } from "#/kube-embedded/verbs/update.ts";
import type { Target, VerbDeps } from "#/kube-embedded/verbs/verb-deps.ts";
import type { ApiReply, ApiRequest } from "./api-request.ts";
import { warningHeaders } from "./object-reply.ts";
import { readBody } from "./read-body.ts";
import { patchOf } from "./write-handlers.ts";
import { writeSettings } from "./write-settings.ts";

type ScaleTarget = Target & { readonly scale: ScalePaths };

const countAt = (object: KubeObject, path: readonly string[]): number => {
	const found = fieldAt(object, path);
	return typeof found === "number" ? found : 0;
};

const scaleOf = ({ specReplicas, statusReplicas, selector }: ScalePaths, object: KubeObject): KubeObject => {
	const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
	const found = selector === undefined ? undefined : fieldAt(object, selector);
	const metadata = { name, namespace, uid, resourceVersion, creationTimestamp };
	const scale = {
		kind: "Scale",
		apiVersion: "autoscaling/v1",
		metadata,
		spec: { replicas: countAt(object, specReplicas) },
		status: {
			replicas: countAt(object, statusReplicas),
			...(typeof found === "string" ? { selector: found } : {}),
		},
	};
	const plain: KubeObject = JSON.parse(JSON.stringify(scale));
	return plain;
};

const find = (view: Pick<Transaction, "find">, { kind, namespace, name }: Target): KubeObject => {
	const stored = view.find({ resource: kind.storage, namespace, name });
	if (stored === undefined) throw notFound(kind.type, name);
	return kind.fromStored(stored);
};

const SCALE_TYPE = { group: "autoscaling", plural: "scales", kind: "Scale" };

const replicasOf = (scale: unknown, name: string): number => {
	const replicas = fieldAt(scale, ["spec", "replicas"]) ?? 0;
	if (typeof replicas === "number" && Number.isInteger(replicas) && replicas >= 0) return replicas;
	const message = `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`;
	const cause: FieldCause = { reason: "FieldValueInvalid", field: "spec.replicas", message };
	throw new StatusError("Invalid", `Scale.autoscaling "${name}" is invalid: ${cause.field}: ${message}`, {
		name,
		group: SCALE_TYPE.group,
		kind: SCALE_TYPE.kind,
		causes: [cause],
	});
};

/** GET of a scale. @throws StatusError NotFound */
export const getScale = (target: ScaleTarget, { store }: VerbDeps): ApiReply => ({
	status: 200,
	json: scaleOf(target.scale, find(store, target)),
});

/** What the body makes of the scale as it is. */
const nextScale = async (request: ApiRequest, { kind }: ScaleTarget): Promise<(live: KubeObject) => unknown> => {
	if (request.method === "PUT") {
		const { value } = await readBody(request);
		if (!isRecord(value)) throw badRequest("the body of the request is no object");
		return () => value;
	}
	const patch = await patchOf(request, kind);
	if (patch.kind === "apply") return (live) => ({ ...live, spec: fieldAt(patch.body, ["spec"]) });
	const read = { kind: patch.kind === "json" ? ("json" as const) : ("merge" as const), body: patch.body };
	return (live) => patched({ kind }, read, live);
};

/** PUT or PATCH of a scale: changes the replicas of the object and nothing else. @throws StatusError */
export const writeScale = async (request: ApiRequest, target: ScaleTarget, deps: VerbDeps): Promise<ApiReply> => {
	const { kind, scale, name } = target;
	const settings = { ...writeSettings(request, "scale"), managed: false };
	const next = await nextScale(request, target);
	const { object, warnings } = await deps.store.write((transaction) => {
		const live = find(transaction, target);
		const wanted = next(scaleOf(scale, live));
		checkPreconditions(kind, live, { resourceVersion: fieldAt(wanted, ["metadata", "resourceVersion"]) });
		const changed = withField(live, scale.specReplicas, replicasOf(wanted, name));
		return updateIn(transaction, { kind, live }, { ...live, ...changed }, settings, deps);
	});
	return { status: 200, headers: warningHeaders(warnings), json: scaleOf(scale, object) };
};

/** The scale of a kind that has one. @throws StatusError NotFound */
export const scalable = (kind: ServedKind, target: Omit<Target, "kind">): ScaleTarget => {
	if (kind.scale === undefined) throw notFound(kind.type, target.name);
	return { ...target, kind, scale: kind.scale };
};
