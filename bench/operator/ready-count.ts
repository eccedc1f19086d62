import type { KubeClient } from "#/kube/kube-client.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { Reflector } from "#/kube/reflector.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { systemTiming } from "#/lib/timing.ts";

/** Whether the operator has made it as its present spec says. */
const isReady = (object: KubeObject): boolean => {
	const ready = findCondition(conditionsOf(object), "Ready");
	return ready?.status === "True" && ready.observedGeneration === object.metadata.generation;
};

/** Watches the resources of some kinds as their owners would, and counts those that are Ready. */
export class ReadyCount implements AsyncDisposable {
	readonly #ready = new Set<string>();
	readonly #reflectors: readonly Reflector[];
	readonly #ending = new AbortController();
	readonly #running: Promise<unknown>;

	constructor(client: KubeClient, types: readonly ResourceType[]) {
		const deps = { client, timing: systemTiming, report: (error: unknown) => console.error(error) };
		this.#reflectors = types.map((type) => new Reflector(deps, { type }));
		for (const { store, type } of this.#reflectors) {
			store.subscribe(({ key, after }) => this.#note(`${type.plural}/${key}`, after));
		}
		this.#running = Promise.all(this.#reflectors.map((reflector) => reflector.run(this.#ending.signal)));
	}

	get count(): number {
		return this.#ready.size;
	}

	/** One of a kind that is not Ready now; absent when all are. */
	waiting(plural: string): KubeObject | undefined {
		const reflector = this.#reflectors.find(({ type }) => type.plural === plural);
		return [...(reflector?.store.list() ?? [])].findLast(
			(object) => !this.#ready.has(`${plural}/${keyOf(object.metadata)}`),
		);
	}

	/** Whether that one is Ready as it is now, in that generation at least. */
	has(plural: string, key: string, generation: number): boolean {
		const store = this.#reflectors.find(({ type }) => type.plural === plural)?.store;
		const object = store?.get(key);
		return object !== undefined && (object.metadata.generation ?? 0) >= generation && isReady(object);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#ending.abort();
		await this.#running;
	}

	#note(key: string, object: KubeObject | undefined): void {
		if (object !== undefined && isReady(object)) this.#ready.add(key);
		else this.#ready.delete(key);
	}
}
