/** What the control plane needs of a Kubernetes API: raw JSON, every call cancellable. Failures are `KubeError`s. */
import type { KubeObject } from "./kube-object.ts";
import type { ResourceType } from "./resource-type.ts";

/** Names one object. */
export interface ObjectRef {
	readonly namespace?: string | undefined;
	readonly name: string;
}

/** Which objects. */
export interface Selection {
	/** Absent: all namespaces, or a cluster-scoped type. */
	readonly namespace?: string | undefined;
	readonly labelSelector?: string | undefined;
	readonly fieldSelector?: string | undefined;
}

/** One page of a list. */
export interface ObjectPage {
	readonly items: readonly KubeObject[];
	/** From where a watch goes on. */
	readonly resourceVersion: string;
	/** What the next page is asked for with; absent on the last one. */
	readonly next: string | undefined;
}

/** What a watch tells. A bookmark has no object of interest, but the resource version to go on from. */
export interface WatchEvent {
	readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
	readonly object: KubeObject;
}

/** Options of writes. */
export interface WriteOpts {
	/** `status` or `scale`; absent: the object itself. */
	readonly subresource?: "status" | "scale" | "token" | undefined;
	/** Who writes, in `managedFields`. */
	readonly fieldManager?: string | undefined;
	/** Judge it, keep nothing. */
	readonly dryRun?: boolean | undefined;
}

/** Options of {@link KubeClient.delete}. */
export interface DeleteOpts {
	/** Only if it is still this one. */
	readonly uid?: string | undefined;
	readonly propagation?: "Background" | "Foreground" | "Orphan" | undefined;
}

/** How a patch is to be read. */
export type PatchKind = "json" | "merge" | "strategic";

/** A Kubernetes API. */
export interface KubeClient {
	/** Absent when there is none. */
	find(type: ResourceType, ref: ObjectRef, signal: AbortSignal): Promise<KubeObject | undefined>;
	/** One page; `limit` objects at most, from `next` of the page before. @throws KubeError GONE when `next` is too old */
	list(
		type: ResourceType,
		selection: Selection & { readonly limit: number; readonly next?: string | undefined },
		signal: AbortSignal,
	): Promise<ObjectPage>;
	/** @throws KubeError EXISTS, INVALID, NOT_FOUND (its namespace) */
	create(type: ResourceType, object: KubeObject, opts: WriteOpts, signal: AbortSignal): Promise<KubeObject>;
	/** Replaces the version that `object` names. @throws KubeError CONFLICT, NOT_FOUND, INVALID */
	replace(type: ResourceType, object: KubeObject, opts: WriteOpts, signal: AbortSignal): Promise<KubeObject>;
	/** @throws KubeError NOT_FOUND, INVALID (a `test` of a JSON patch that fails, too) */
	patch(
		type: ResourceType,
		ref: ObjectRef,
		patch: { readonly kind: PatchKind; readonly body: unknown },
		opts: WriteOpts,
		signal: AbortSignal,
	): Promise<KubeObject>;
	/** Server-side apply. @throws KubeError CONFLICT, unless `force` */
	apply(
		type: ResourceType,
		object: KubeObject,
		opts: WriteOpts & { readonly fieldManager: string; readonly force: boolean },
		signal: AbortSignal,
	): Promise<KubeObject>;
	/** Gone already is fine. @throws KubeError CONFLICT when it is another one than `uid` */
	delete(type: ResourceType, ref: ObjectRef, opts: DeleteOpts, signal: AbortSignal): Promise<void>;
	/**
	 * What happens after `resourceVersion`. Ends when the server ends it; then it goes on from the last event's version.
	 *
	 * @throws KubeError GONE when that version is too old; UNAVAILABLE when the connection breaks or stands still
	 */
	watch(
		type: ResourceType,
		selection: Selection & { readonly resourceVersion: string },
		signal: AbortSignal,
	): AsyncIterable<WatchEvent>;
}
