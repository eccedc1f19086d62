import { isDeepStrictEqual } from "node:util";
import type { KubeClient, ObjectRef, PatchKind, WriteOpts } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";

type Json = Record<string, unknown>;

/** One write that was asked for. */
interface FakeWrite {
	readonly verb: "create" | "patch";
	readonly key: string;
	readonly subresource: string | undefined;
	readonly body: unknown;
}

/**
 * As much of an API as status, finalizers and events need: objects of any type by key, a version that counts writes,
 * merge patches bound to a version, JSON patches with tests. What others do goes straight to {@link FakeKube.objects}.
 */
export class FakeKube implements Pick<KubeClient, "find" | "create" | "patch"> {
	readonly objects = new Map<string, KubeObject>();
	readonly writes: FakeWrite[] = [];
	/** Called before each write is judged; what it throws is the answer. */
	meddle: (write: FakeWrite) => void | Promise<void> = () => undefined;
	#version = 100;

	/** Puts an object there as another would, with a version of its own. */
	put(object: KubeObject): KubeObject {
		const { metadata } = object;
		const put = { ...object, metadata: { ...metadata, resourceVersion: String(++this.#version) } };
		this.objects.set(keyOf(metadata), put);
		return put;
	}

	async find(_type: ResourceType, ref: ObjectRef): Promise<KubeObject | undefined> {
		return this.objects.get(keyOf(ref));
	}

	async create(_type: ResourceType, object: KubeObject): Promise<KubeObject> {
		const key = keyOf(object.metadata);
		await this.#begin({ verb: "create", key, subresource: undefined, body: object });
		if (this.objects.has(key)) throw new KubeError("EXISTS", `${key} is there already`);
		return this.put(object);
	}

	async patch(
		_type: ResourceType,
		ref: ObjectRef,
		{ kind, body }: { readonly kind: PatchKind; readonly body: unknown },
		opts: WriteOpts,
	): Promise<KubeObject> {
		const key = keyOf(ref);
		await this.#begin({ verb: "patch", key, subresource: opts.subresource, body });
		const object = this.objects.get(key);
		if (object === undefined) throw new KubeError("NOT_FOUND", `there is no ${key}`);
		const next: unknown = structuredClone(object);
		const patched = kind === "json" ? applyJson(next, body) : merge(next, structuredClone(body));
		if (!isObject(patched)) throw new KubeError("INVALID", "what comes of it is no object");
		const wanted = isObject(body) && isObject(body.metadata) ? body.metadata.resourceVersion : undefined;
		if (wanted !== undefined && wanted !== object.metadata.resourceVersion) {
			throw new KubeError("CONFLICT", `${key} was changed`);
		}
		return this.put({ ...object, ...patched });
	}

	async #begin(write: FakeWrite): Promise<void> {
		this.writes.push(write);
		await this.meddle(write);
	}
}

const isObject = (value: unknown): value is Json =>
	typeof value === "object" && value !== null && !Array.isArray(value);

const merge = (target: unknown, patch: unknown): unknown => {
	if (!isObject(patch)) return patch;
	const result: Json = isObject(target) ? target : {};
	for (const [field, value] of Object.entries(patch)) {
		if (value === null) delete result[field];
		else result[field] = merge(result[field], value);
	}
	return result;
};

const applyJson = (target: unknown, operations: unknown): unknown => {
	if (!Array.isArray(operations)) throw new KubeError("INVALID", "a JSON patch is a list");
	for (const { op, path, value } of operations) {
		const steps: string[] = path.split("/").slice(1);
		const last = steps.pop() ?? "";
		const parent = steps.reduce((at: unknown, step) => (isObject(at) ? at[step] : undefined), target);
		const at: unknown = Array.isArray(parent) ? parent[Number(last)] : isObject(parent) ? parent[last] : undefined;
		if (op === "test" && !isDeepStrictEqual(at, value)) throw new KubeError("INVALID", `the test of ${path} failed`);
		if (op === "add" && Array.isArray(parent)) parent.push(value);
		else if (op === "add" && isObject(parent)) parent[last] = value;
		else if (op === "remove" && Array.isArray(parent)) parent.splice(Number(last), 1);
	}
	return target;
};
