/** Manifests of files become objects of the API, at the start and whenever a file changes. */
import { type FSWatcher, watch } from "node:fs";
import { ConfigError } from "#/app/config/load.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { type Manifest, readManifests } from "./read-manifests.ts";

/** What {@link ManifestApplier} works with. */
export interface ManifestApplierDeps {
	readonly client: Pick<KubeClient, "apply">;
	/** Where objects of a kind are; absent for kinds that the API does not serve. */
	readonly typeOf: (object: KubeObject) => ResourceType | undefined;
	/** Told of what could not be applied; the message holds no content of the objects. */
	readonly report: (message: string) => void;
}

/** What is applied, by whom, in `managedFields`. */
const FIELD_MANAGER = "limani-manifests";
/** Where objects go that name no namespace, as with kubectl. */
const DEFAULT_NAMESPACE = "default";
/** How long after a change of a file it is read: editors write in several steps. Milliseconds. */
const SETTLE_MS = 200;
/** How soon what failed is tried again, milliseconds. */
const RETRY_MS = 10_000;

/**
 * Applies manifests by server-side apply. Fields that the files name win; what others set beside them stays. Objects
 * whose manifest goes away stay too: deleting is for people.
 */
export class ManifestApplier implements Disposable {
	readonly #deps: ManifestApplierDeps;
	readonly #paths: readonly string[];
	readonly #stopping = new AbortController();
	readonly #watchers: FSWatcher[] = [];
	#firstDone: (objects: readonly KubeObject[]) => void = () => undefined;
	#timer: NodeJS.Timeout | undefined;
	/** What was told since a file changed: that it is still so when it is tried again is no news. */
	#reported: string | undefined;
	#running: Promise<unknown> = Promise.resolve();

	constructor(deps: ManifestApplierDeps, paths: readonly string[]) {
		this.#deps = deps;
		this.#paths = paths;
	}

	/**
	 * Applies everything once.
	 *
	 * @returns the objects as the API has them
	 * @throws ConfigError when a file cannot be read, KubeError when the API refuses an object; after trying the others
	 */
	async apply(signal: AbortSignal): Promise<readonly KubeObject[]> {
		const applied: KubeObject[] = [];
		const { manifests, failures: unread } = readManifests(this.#paths);
		const failures: Error[] = [...unread];
		for (const manifest of manifests) {
			try {
				applied.push(await this.#applyOne(manifest, signal));
			} catch (error) {
				if (!(error instanceof KubeError)) throw error;
				failures.push(new KubeError(error.code, `${manifest.source}: ${error.message}`, { cause: error }));
			}
		}
		const [first] = failures;
		if (first === undefined) return applied;
		throw failures.length === 1 ? first : new ConfigError(failures.map(({ message }) => message).join("\n"));
	}

	/**
	 * Applies everything, and what fails again and again, also when a file changes; then whenever a file changes, until
	 * disposed of.
	 *
	 * @returns the objects as they were when all of them were applied for the first time
	 */
	async applyUntilDone(signal: AbortSignal): Promise<readonly KubeObject[]> {
		this.#watch();
		const done = Promise.withResolvers<readonly KubeObject[]>();
		this.#firstDone = done.resolve;
		const abort = (): void => done.reject(signal.reason);
		signal.addEventListener("abort", abort, { once: true });
		this.#applyIn(0);
		try {
			return await done.promise;
		} finally {
			signal.removeEventListener("abort", abort);
		}
	}

	#watch(): void {
		for (const path of this.#paths) {
			try {
				this.#watchers.push(watch(path, { recursive: true }, () => this.#changed()));
			} catch (cause) {
				throw new ConfigError(`--manifests: got ${path}: expected a file or directory that can be read`, { cause });
			}
		}
	}

	#changed(): void {
		this.#reported = undefined;
		this.#applyIn(SETTLE_MS);
	}

	[Symbol.dispose](): void {
		this.#stopping.abort();
		clearTimeout(this.#timer);
		for (const watcher of this.#watchers) watcher.close();
	}

	#applyIn(ms: number): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			this.#running = this.#running.then(() => this.#applyAgain());
		}, ms);
	}

	async #applyAgain(): Promise<void> {
		const { signal } = this.#stopping;
		if (signal.aborted) return;
		try {
			const applied = await this.apply(signal);
			this.#reported = undefined;
			this.#firstDone(applied);
		} catch (error) {
			if (signal.aborted) return;
			const message = error instanceof Error ? error.message : String(error);
			if (message !== this.#reported) this.#deps.report(message);
			this.#reported = message;
			this.#applyIn(RETRY_MS);
		}
	}

	async #applyOne({ object }: Manifest, signal: AbortSignal): Promise<KubeObject> {
		const type = this.#deps.typeOf(object);
		if (type === undefined) {
			throw new KubeError("INVALID", `no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
		}
		const namespace = object.metadata.namespace ?? DEFAULT_NAMESPACE;
		const placed = type.namespaced ? { ...object, metadata: { ...object.metadata, namespace } } : object;
		return this.#deps.client.apply(type, placed, { fieldManager: FIELD_MANAGER, force: true }, signal);
	}
}
