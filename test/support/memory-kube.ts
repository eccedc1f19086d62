import { isDeepStrictEqual } from "node:util";
import { formatInstant } from "#/api/fields/instants.ts";
import { CachedStore } from "#/kube/cached-store.ts";
import type {
	DeleteOpts,
	KubeClient,
	ObjectPage,
	ObjectRef,
	Selection,
	WatchEvent,
	WriteOpts,
} from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { type KubeObject, keyOf, type ObjectMeta } from "#/kube/kube-object.ts";
import type { IndexFunction } from "#/kube/object-store.ts";
import { apiVersionOf, type ResourceType } from "#/kube/resource-type.ts";
import { applyFields } from "./apply-fields.ts";

/** One write that was asked for. */
export interface KubeWrite {
	readonly verb: "create" | "replace" | "patch" | "apply" | "delete";
	readonly kind: string;
	readonly key: string;
	readonly subresource: string | undefined;
}

interface Kind {
	readonly type: ResourceType;
	readonly objects: Map<string, KubeObject>;
	readonly store: CachedStore;
	readonly sees: (object: KubeObject) => boolean;
}

type Json = { readonly [field: string]: unknown };

/**
 * A Kubernetes API in memory, with the caches of its objects: as much of it as controllers need to be tried. It knows
 * no schemas. The caches hear of changes when they are told to, so that a test can have them behind.
 */
export class MemoryKube implements KubeClient {
	/** Every write that had an effect, in order. */
	readonly writes: KubeWrite[] = [];
	/** Called after each effect; what it throws is the caller's answer. */
	afterWrite: (write: KubeWrite) => void = () => undefined;
	/** Called before each read of one object and each write; what it throws is the caller's answer. */
	before: (verb: string, kind: string, ref: ObjectRef) => void = () => undefined;
	/** By which objects are created, milliseconds since the epoch. */
	now: () => number = () => Date.UTC(2026, 0, 1);
	readonly #kinds = new Map<string, Kind>();
	readonly #applied = new Map<string, Map<string, Json>>();
	readonly #news: { readonly kind: Kind; readonly object: KubeObject; readonly gone: boolean }[] = [];
	#version = 0;
	#uids = 0;

	/** Serves a type; its cache has what `sees` lets pass. */
	serve(
		type: ResourceType,
		indexes: { readonly [name: string]: IndexFunction } = {},
		sees: (object: KubeObject) => boolean = () => true,
	): CachedStore {
		const report = (error: unknown) => {
			throw error;
		};
		const store = new CachedStore({ report }, indexes);
		store.replaceAll([]);
		this.#kinds.set(type.plural, { type, objects: new Map(), store, sees });
		return store;
	}

	/** Lets the caches hear of all that happened, in order. */
	deliver(): void {
		for (const { kind, object, gone } of this.#news.splice(0)) {
			if (gone || !kind.sees(object)) kind.store.remove(object);
			else kind.store.put(object);
		}
	}

	/** Makes or changes an object as a user would: metadata and spec as given, the status stays. */
	edit(type: ResourceType, object: Json & { readonly metadata: ObjectMeta }): KubeObject {
		const kind = this.#kind(type);
		const present = kind.objects.get(keyOf(object.metadata));
		const metadata = { ...present?.metadata, ...object.metadata };
		return this.#put(kind, { apiVersion: apiVersionOf(type), kind: type.kind, ...present, ...object, metadata });
	}

	/** An object as it is. */
	peek(type: ResourceType, ref: ObjectRef): KubeObject | undefined {
		return this.#kind(type).objects.get(keyOf(ref));
	}

	/** All objects of a type. */
	all(type: ResourceType): readonly KubeObject[] {
		return [...this.#kind(type).objects.values()];
	}

	async find(type: ResourceType, ref: ObjectRef): Promise<KubeObject | undefined> {
		this.before("find", type.kind, ref);
		return structuredClone(this.peek(type, ref));
	}

	async list(type: ResourceType, { namespace, labelSelector }: Selection = {}): Promise<ObjectPage> {
		const [label = "", value] = labelSelector?.split("=") ?? [];
		const items = this.all(type)
			.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
			.filter(({ metadata }) => labelSelector === undefined || metadata.labels?.[label] === value);
		return { items: structuredClone(items), resourceVersion: String(this.#version), next: undefined };
	}

	async create(type: ResourceType, object: KubeObject, opts: WriteOpts): Promise<KubeObject> {
		this.before("create", type.kind, object.metadata);
		const kind = this.#kind(type);
		if (kind.objects.has(keyOf(object.metadata))) throw new KubeError("EXISTS", `${keyOf(object.metadata)} exists`);
		return this.#write("create", this.#put(kind, object), opts);
	}

	async replace(type: ResourceType, object: KubeObject, opts: WriteOpts): Promise<KubeObject> {
		this.before("replace", type.kind, object.metadata);
		const { present, kind } = this.#present(type, object.metadata);
		expectSame(present, object);
		return this.#write("replace", this.#put(kind, object), opts);
	}

	async patch(
		type: ResourceType,
		ref: ObjectRef,
		patch: { readonly kind: string; readonly body: unknown },
		opts: WriteOpts,
	): Promise<KubeObject> {
		this.before("patch", type.kind, ref);
		const { present, kind } = this.#present(type, ref);
		const patched = toObject(patch.kind === "json" ? jsonPatch(present, patch.body) : mergePatch(present, patch.body));
		expectSame(present, patched);
		const next = opts.subresource === "status" ? { ...present, status: patched.status } : patched;
		return this.#write("patch", this.#put(kind, next), opts);
	}

	async apply(
		type: ResourceType,
		object: KubeObject,
		opts: WriteOpts & { readonly fieldManager: string },
	): Promise<KubeObject> {
		this.before("apply", type.kind, object.metadata);
		const kind = this.#kind(type);
		const key = keyOf(object.metadata);
		const present = kind.objects.get(key);
		const { uid } = object.metadata;
		if (uid !== undefined && uid !== present?.metadata.uid) throw new KubeError("CONFLICT", `${key} is another one`);
		const id = `${type.kind} ${present?.metadata.uid}`;
		const managers = this.#applied.get(id) ?? new Map<string, Json>();
		const others = [...managers].filter(([name]) => name !== opts.fieldManager).map(([, fields]) => fields);
		const next = applyFields(present ?? {}, { before: managers.get(opts.fieldManager) ?? {}, wanted: object, others });
		const put = this.#put(kind, toObject(next));
		managers.set(opts.fieldManager, object);
		this.#applied.set(`${type.kind} ${put.metadata.uid}`, managers);
		return this.#write("apply", put, opts);
	}

	async delete(type: ResourceType, ref: ObjectRef, { uid }: DeleteOpts = {}): Promise<void> {
		this.before("delete", type.kind, ref);
		const kind = this.#kind(type);
		const present = kind.objects.get(keyOf(ref));
		if (present === undefined) return;
		if (uid !== undefined && uid !== present.metadata.uid) throw new KubeError("CONFLICT", "it is another one");
		if ((present.metadata.finalizers ?? []).length === 0) this.#remove(kind, present);
		else this.#put(kind, { ...present, metadata: { ...present.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } });
		this.#write("delete", present, {});
	}

	// biome-ignore lint/correctness/useYield: the caches are fed without it
	async *watch(): AsyncIterable<WatchEvent> {
		throw new KubeError("UNAVAILABLE", "nobody watches here");
	}

	#write(verb: KubeWrite["verb"], object: KubeObject, { subresource }: WriteOpts): KubeObject {
		const write = { verb, kind: object.kind, key: keyOf(object.metadata), subresource };
		this.writes.push(write);
		this.afterWrite(write);
		return structuredClone(object);
	}

	#put(kind: Kind, object: KubeObject): KubeObject {
		const key = keyOf(object.metadata);
		const present = kind.objects.get(key);
		const { uid = present?.metadata.uid ?? `uid-${++this.#uids}` } = object.metadata;
		const unchanged = present !== undefined && isDeepStrictEqual(present.spec, object.spec);
		const generation = (present?.metadata.generation ?? 0) + (unchanged ? 0 : 1);
		const { creationTimestamp = present?.metadata.creationTimestamp ?? formatInstant(this.now()) } = object.metadata;
		const resourceVersion = String(++this.#version);
		const metadata = { ...object.metadata, uid, creationTimestamp, generation, resourceVersion };
		const kept = structuredClone({ ...object, metadata });
		if (metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0) {
			this.#remove(kind, kept);
			return kept;
		}
		kind.objects.set(key, kept);
		this.#news.push({ kind, object: kept, gone: false });
		return kept;
	}

	#remove(kind: Kind, object: KubeObject): void {
		kind.objects.delete(keyOf(object.metadata));
		this.#news.push({ kind, object, gone: true });
		for (const other of this.#kinds.values()) {
			for (const owned of [...other.objects.values()]) {
				const isOwned = owned.metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid) ?? false;
				if (isOwned) this.#remove(other, owned);
			}
		}
	}

	#present(type: ResourceType, ref: ObjectRef): { readonly present: KubeObject; readonly kind: Kind } {
		const kind = this.#kind(type);
		const present = kind.objects.get(keyOf(ref));
		if (present === undefined) throw new KubeError("NOT_FOUND", `there is no ${type.kind} ${keyOf(ref)}`);
		return { present, kind };
	}

	#kind(type: ResourceType): Kind {
		const kind = this.#kinds.get(type.plural);
		if (kind === undefined) throw new KubeError("NOT_FOUND", `${type.plural} are not served`);
		return kind;
	}
}

const expectSame = (present: KubeObject, { metadata: { uid, resourceVersion } }: KubeObject): void => {
	const { metadata } = present;
	const isSame =
		(uid === undefined || uid === metadata.uid) &&
		(resourceVersion === undefined || resourceVersion === metadata.resourceVersion);
	if (!isSame) throw new KubeError("CONFLICT", `${keyOf(metadata)} was changed meanwhile`);
};

const isRecord = (value: unknown): value is Json =>
	typeof value === "object" && value !== null && !Array.isArray(value);

const isObject = (value: unknown): value is KubeObject =>
	isRecord(value) && isRecord(value.metadata) && typeof value.metadata.name === "string";

const toObject = (value: unknown): KubeObject => {
	if (!isObject(value)) throw new KubeError("INVALID", "that is no object");
	return value;
};

const mergePatch = (target: unknown, patch: unknown): unknown => {
	if (!isRecord(patch)) return patch;
	const merged: { [field: string]: unknown } = isRecord(target) ? { ...target } : {};
	for (const [key, value] of Object.entries(patch)) {
		if (value === null) delete merged[key];
		else merged[key] = mergePatch(merged[key], value);
	}
	return merged;
};

/** RFC 6902, as far as objects, `test`, and the lists of finalizers go. */
const jsonPatch = (target: KubeObject, operations: unknown): unknown => {
	const patched: unknown = structuredClone(target);
	for (const operation of Array.isArray(operations) ? operations : []) {
		const { op, path, value } = operation;
		const steps = String(path)
			.split("/")
			.slice(1)
			.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
		const last = steps.pop() ?? "";
		const parent = steps.reduce<unknown>(
			(at, step) => (typeof at === "object" && at !== null ? Reflect.get(at, step) : at),
			patched,
		);
		if (typeof parent !== "object" || parent === null) throw new KubeError("INVALID", `there is no ${path}`);
		if (op === "test") {
			if (!isDeepStrictEqual(Reflect.get(parent, last), value))
				throw new KubeError("INVALID", `${path} is not as tested`);
		} else if (Array.isArray(parent)) {
			parent.splice(
				last === "-" ? parent.length : Number(last),
				op === "add" ? 0 : 1,
				...(op === "remove" ? [] : [value]),
			);
		} else if (op === "remove") {
			Reflect.deleteProperty(parent, last);
		} else {
			Reflect.set(parent, last, value);
		}
	}
	return patched;
};
