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
import type { Timing } from "#/lib/timing.ts";
import { pathOf, type Query, withQuery } from "./paths.ts";
import { readObject, readPage } from "./read-object.ts";
import { type Call, Transport, type TransportDeps, type TransportOpts } from "./transport.ts";
import { type WatchSeconds, watchEvents } from "./watch-events.ts";

/** Settings of a {@link RestClient}. */
export interface RestClientOpts extends TransportOpts {
	/** How long watches last. @defaultValue 290 to 590 */
	readonly watchSeconds?: WatchSeconds | undefined;
}

/** A Kubernetes API over HTTP: one connection for all, raw JSON. Dispose it to close the connection. */
export class RestClient implements KubeClient, AsyncDisposable {
	readonly #transport: Transport;
	readonly #timing: Timing;
	readonly #watchSeconds: WatchSeconds;

	constructor(deps: TransportDeps, opts: RestClientOpts = {}) {
		this.#transport = new Transport(deps, opts);
		this.#timing = deps.timing;
		this.#watchSeconds = opts.watchSeconds ?? { min: 290, max: 590 };
	}

	async find(type: ResourceType, ref: ObjectRef, signal: AbortSignal): Promise<KubeObject | undefined> {
		try {
			return await this.#object({ verb: "find", path: pathOf(type, ref) }, signal);
		} catch (error) {
			// That speaks of no object when it is the type itself that is unknown.
			if (error instanceof KubeError && error.code === "NOT_FOUND" && error.about !== undefined) return undefined;
			throw error;
		}
	}

	async list(
		type: ResourceType,
		{ limit, next, ...selection }: Selection & { readonly limit: number; readonly next?: string | undefined },
		signal: AbortSignal,
	): Promise<ObjectPage> {
		const path = pathOf(type, { namespace: selection.namespace });
		const query = { ...selectors(selection), limit, continue: next };
		return readPage(
			`list ${path}`,
			type,
			await this.#transport.call({ verb: "list", path: withQuery(path, query) }, signal),
		);
	}

	create(type: ResourceType, object: KubeObject, opts: WriteOpts, signal: AbortSignal): Promise<KubeObject> {
		const { namespace, name } = object.metadata;
		const { subresource } = opts;
		// A part of an object is created below it, the object itself below its type.
		const target = subresource === undefined ? { namespace } : { namespace, name, subresource };
		return this.#object(
			{ verb: "create", path: withQuery(pathOf(type, target), writeQuery(opts)), body: object },
			signal,
		);
	}

	replace(type: ResourceType, object: KubeObject, opts: WriteOpts, signal: AbortSignal): Promise<KubeObject> {
		return this.#object({ verb: "replace", path: writePath(type, object.metadata, opts), body: object }, signal);
	}

	patch(
		type: ResourceType,
		ref: ObjectRef,
		{ kind, body }: { readonly kind: PatchKind; readonly body: unknown },
		opts: WriteOpts,
		signal: AbortSignal,
	): Promise<KubeObject> {
		return this.#object({ verb: `patch-${kind}`, path: writePath(type, ref, opts), body }, signal);
	}

	apply(
		type: ResourceType,
		object: KubeObject,
		opts: WriteOpts & { readonly fieldManager: string; readonly force: boolean },
		signal: AbortSignal,
	): Promise<KubeObject> {
		const path = writePath(type, object.metadata, opts, { force: opts.force });
		return this.#object({ verb: "apply", path, body: object }, signal);
	}

	async delete(
		type: ResourceType,
		ref: ObjectRef,
		{ uid, propagation }: DeleteOpts,
		signal: AbortSignal,
	): Promise<void> {
		const body = {
			apiVersion: "v1",
			kind: "DeleteOptions",
			...(uid === undefined ? {} : { preconditions: { uid } }),
			...(propagation === undefined ? {} : { propagationPolicy: propagation }),
		};
		try {
			await this.#transport.call({ verb: "delete", path: pathOf(type, ref), body }, signal);
		} catch (error) {
			if (!(error instanceof KubeError && error.code === "NOT_FOUND")) throw error;
		}
	}

	watch(
		type: ResourceType,
		{ resourceVersion, ...selection }: Selection & { readonly resourceVersion: string },
		signal: AbortSignal,
	): AsyncIterable<WatchEvent> {
		const path = pathOf(type, { namespace: selection.namespace });
		const query = { ...selectors(selection), resourceVersion };
		return watchEvents({ transport: this.#transport, timing: this.#timing }, path, query, this.#watchSeconds, signal);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#transport[Symbol.asyncDispose]();
	}

	async #object(call: Call, signal: AbortSignal): Promise<KubeObject> {
		return readObject(`${call.verb} ${call.path.split("?", 1)[0]}`, await this.#transport.call(call, signal));
	}
}

const selectors = ({ labelSelector, fieldSelector }: Selection): Query => ({ labelSelector, fieldSelector });

const writeQuery = ({ fieldManager, dryRun }: WriteOpts): Query => ({
	fieldManager,
	dryRun: dryRun === true ? "All" : undefined,
});

const writePath = (type: ResourceType, { namespace, name }: ObjectRef, opts: WriteOpts, more: Query = {}): string =>
	withQuery(pathOf(type, { namespace, name, subresource: opts.subresource }), { ...writeQuery(opts), ...more });
