import { isDeepStrictEqual } from "node:util";
import type {
	DeleteOpts,
	KubeClient,
	ObjectPage,
	ObjectRef,
	PatchKind,
	Selection,
	WatchEvent,
	WriteOpts,
} from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";

type Json = { [field: string]: unknown };

/**
 * As much of a cluster as the objects of a Registry meet: objects by type and name, versions, uids, server-side apply in
 * which lists are whole, StatefulSets whose fixed fields cannot change, defaults that the API server adds.
 */
export class FakeCluster implements KubeClient {
	readonly objects = new Map<string, KubeObject>();
	/** Each write that was asked for: `apply Service app-registry`. */
	readonly writes: string[] = [];
	/** Called before each write; what it throws is the answer. */
	meddle: (write: string) => void = () => undefined;
	readonly #applied = new Map<string, unknown>();
	#count = 100;

	/** What stands under a kind and a name. */
	at(kind: string, name: string): KubeObject | undefined {
		return this.objects.get(`${kind} ${name}`);
	}

	/** Puts an object there as another would. */
	put(object: KubeObject): KubeObject {
		const key = `${object.kind} ${object.metadata.name}`;
		const present = this.objects.get(key);
		const { uid = `uid-${++this.#count}`, generation = 0 } = present?.metadata ?? {};
		const isChanged = !isDeepStrictEqual(present?.spec, object.spec);
		const kept = {
			...object,
			metadata: {
				...object.metadata,
				uid,
				resourceVersion: String(++this.#count),
				generation: isChanged ? generation + 1 : generation,
			},
		};
		this.objects.set(key, kept);
		return kept;
	}

	async find(type: ResourceType, ref: ObjectRef): Promise<KubeObject | undefined> {
		return this.objects.get(`${type.kind} ${ref.name}`);
	}

	async list(type: ResourceType, { labelSelector = "" }: Selection): Promise<ObjectPage> {
		const wanted = labelSelector.split(",").map((pair) => pair.split("="));
		const items = [...this.objects.values()].filter(
			({ kind, metadata }) =>
				kind === type.kind && wanted.every(([label = "", value]) => metadata.labels?.[label] === value),
		);
		return { items, resourceVersion: String(this.#count), next: undefined };
	}

	async create(_type: ResourceType, object: KubeObject): Promise<KubeObject> {
		this.#begin(`create ${object.kind} ${object.metadata.name}`);
		if (this.at(object.kind, object.metadata.name) !== undefined) throw new KubeError("EXISTS", "it exists");
		return this.put(object);
	}

	async replace(_type: ResourceType, object: KubeObject): Promise<KubeObject> {
		this.#begin(`replace ${object.kind} ${object.metadata.name}`);
		const present = this.at(object.kind, object.metadata.name);
		if (present?.metadata.resourceVersion !== object.metadata.resourceVersion) {
			throw new KubeError("CONFLICT", "it was changed");
		}
		return this.put(object);
	}

	async patch(
		type: ResourceType,
		ref: ObjectRef,
		{ body }: { readonly kind: PatchKind; readonly body: unknown },
	): Promise<KubeObject> {
		this.#begin(`patch ${type.kind} ${ref.name}`);
		const present = this.at(type.kind, ref.name);
		if (present === undefined) throw new KubeError("NOT_FOUND", "there is none");
		const merged = merge(present, body);
		return this.put({ ...present, ...(isRecord(merged) ? merged : {}) });
	}

	async apply(
		_type: ResourceType,
		object: KubeObject,
		opts: WriteOpts & { readonly fieldManager: string; readonly force: boolean },
	): Promise<KubeObject> {
		const key = `${object.kind} ${object.metadata.name}`;
		this.#begin(`apply ${key}`);
		const present = this.objects.get(key);
		if (object.metadata.uid !== undefined && object.metadata.uid !== present?.metadata.uid) {
			throw new KubeError("CONFLICT", "it is another one");
		}
		const owned = `${opts.fieldManager} ${key}`;
		const remaining = present === undefined ? {} : without(present, this.#applied.get(owned), object);
		const merged = merge(remaining, object);
		const next = withDefaults({ ...object, ...(isRecord(merged) ? merged : {}) });
		if (present?.kind === "StatefulSet") refuseFixed(present, next);
		this.#applied.set(owned, object);
		const { resourceVersion: _one, ...before } = present?.metadata ?? {};
		const { resourceVersion: _other, ...after } = next.metadata;
		const isSame =
			present !== undefined && isDeepStrictEqual({ ...present, metadata: before }, { ...next, metadata: after });
		return isSame ? present : this.put(next);
	}

	async delete(type: ResourceType, ref: ObjectRef, { uid }: DeleteOpts): Promise<void> {
		const present = this.at(type.kind, ref.name);
		this.#begin(`delete ${type.kind} ${ref.name}`);
		if (present !== undefined && uid !== undefined && present.metadata.uid !== uid) {
			throw new KubeError("CONFLICT", "it is another one");
		}
		this.objects.delete(`${type.kind} ${ref.name}`);
	}

	async *watch(): AsyncIterable<WatchEvent> {}

	#begin(write: string): void {
		this.meddle(write);
		this.writes.push(write);
	}
}

const isRecord = (value: unknown): value is Json =>
	typeof value === "object" && value !== null && !Array.isArray(value);

const merge = (target: unknown, patch: unknown): unknown => {
	if (!isRecord(patch)) return patch;
	const result: Json = { ...(isRecord(target) ? target : {}) };
	for (const [field, value] of Object.entries(patch)) result[field] = merge(result[field], value);
	return result;
};

/** An object without what its manager applied before and does not any more. */
const without = (present: unknown, before: unknown, now: unknown): unknown => {
	if (!isRecord(present) || !isRecord(before)) return present;
	const rest = isRecord(now) ? now : {};
	return Object.fromEntries(
		Object.entries(present).flatMap(([field, value]) => {
			if (!(field in before)) return [[field, value]];
			return field in rest ? [[field, without(value, before[field], rest[field])]] : [];
		}),
	);
};

const FIXED = ["selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"];

const refuseFixed = (present: KubeObject, next: KubeObject): void => {
	const [before, after] = [present.spec, next.spec];
	for (const field of FIXED) {
		if (isRecord(before) && isRecord(after) && !isDeepStrictEqual(before[field], after[field])) {
			throw new KubeError("INVALID", `spec.${field}: it cannot be changed`);
		}
	}
};

const withDefaults = (object: KubeObject): KubeObject => {
	const { kind, spec } = object;
	if (!isRecord(spec)) return object;
	if (kind === "Service") return { ...object, spec: { sessionAffinity: "None", clusterIP: "10.0.0.7", ...spec } };
	if (kind !== "StatefulSet") return object;
	const claims = Array.isArray(spec.volumeClaimTemplates)
		? spec.volumeClaimTemplates.map((claim: unknown) => ({
				...(isRecord(claim) ? claim : {}),
				status: { phase: "Pending" },
			}))
		: undefined;
	return {
		...object,
		spec: {
			revisionHistoryLimit: 10,
			...spec,
			...(claims === undefined ? {} : { volumeClaimTemplates: claims }),
		},
	};
};
