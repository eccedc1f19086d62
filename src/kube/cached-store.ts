import { type KubeObject, keyOf, type ObjectKey } from "./kube-object.ts";
import { LikeObjects } from "./like-objects.ts";
import { ObjectIndex } from "./object-index.ts";
import type { IndexFunction, ObjectChange, ObjectStore } from "./object-store.ts";

/** What a {@link CachedStore} stands on. */
export interface CachedStoreDeps {
	/** Told of what listeners and index functions throw. */
	report(error: unknown): void;
}

/** An object as it is kept, with the values by which each index finds it. */
export interface Prepared {
	readonly object: KubeObject;
	readonly values: ReadonlyMap<ObjectIndex, readonly string[]>;
}

/** The objects of one type in memory: written by its reflector, read by all others. */
export class CachedStore implements ObjectStore {
	readonly #report: (error: unknown) => void;
	readonly #indexes: ReadonlyMap<string, ObjectIndex>;
	readonly #listeners = new Set<(change: ObjectChange) => void>();
	readonly #objects = new Map<ObjectKey, KubeObject>();
	readonly #alike = new LikeObjects();
	#synced = false;

	/** @param indexes index functions by name */
	constructor(deps: CachedStoreDeps, indexes: { readonly [name: string]: IndexFunction } = {}) {
		this.#report = (error) => deps.report(error);
		this.#indexes = new Map(
			Object.entries(indexes).map(([name, valuesOf]) => [name, new ObjectIndex(valuesOf, this.#report)]),
		);
	}

	get synced(): boolean {
		return this.#synced;
	}

	/** How many objects there are. */
	get size(): number {
		return this.#objects.size;
	}

	get(key: ObjectKey): KubeObject | undefined {
		return this.#objects.get(key);
	}

	list(): Iterable<KubeObject> {
		return this.#objects.values();
	}

	/** @throws RangeError when there is no index of that name */
	by(index: string, value: string): readonly KubeObject[] {
		const found = this.#indexes.get(index);
		if (found === undefined) throw new RangeError(`there is no index ${index}`);
		return Array.from(found.keys(value), (key) => this.#objects.get(key)).filter((object) => object !== undefined);
	}

	subscribe(listener: (change: ObjectChange) => void): Disposable {
		// Each subscription is one of its own, even of the same function.
		const own = (change: ObjectChange) => listener(change);
		this.#listeners.add(own);
		return { [Symbol.dispose]: () => this.#listeners.delete(own) };
	}

	/** An object as it is now. */
	put(object: KubeObject): void {
		this.#tell(this.#set(this.prepare(object), false));
	}

	/** An object is gone; of another one that has its name since, nothing is said. */
	remove(object: KubeObject): void {
		const key = keyOf(object.metadata);
		const before = this.#objects.get(key);
		if (before === undefined || before.metadata.uid !== object.metadata.uid) return;
		this.#objects.delete(key);
		this.#move(key, before, new Map());
		this.#tell([{ key, before, after: undefined, initial: false }]);
	}

	/** All that there is; what is not among it is gone. Listeners hear of it when everything is in its place. */
	replaceAll(objects: Iterable<KubeObject>): void {
		this.takeOver(Array.from(objects, (object) => this.prepare(object)));
	}

	/** Does for an object of a list what takes time, so that {@link takeOver} takes next to none. */
	prepare(object: KubeObject): Prepared {
		const kept = this.#alike.keep(object, this.#objects.get(keyOf(object.metadata)));
		return { object: kept, values: new Map([...this.#indexes.values()].map((index) => [index, index.valuesOf(kept)])) };
	}

	/** {@link replaceAll} with objects that are prepared. */
	takeOver(objects: readonly Prepared[]): void {
		const first = !this.#synced;
		const stale = new Map(this.#objects);
		const changes: ObjectChange[] = [];
		for (const prepared of objects) {
			stale.delete(keyOf(prepared.object.metadata));
			changes.push(...this.#set(prepared, first));
		}
		for (const [key, before] of stale) {
			this.#objects.delete(key);
			this.#move(key, before, new Map());
			changes.push({ key, before, after: undefined, initial: false });
		}
		this.#synced = true;
		this.#tell(changes);
	}

	#set({ object: after, values }: Prepared, first: boolean): readonly ObjectChange[] {
		const key = keyOf(after.metadata);
		const before = this.#objects.get(key);
		this.#objects.set(key, after);
		this.#move(key, before, values);
		if (before === undefined) return [{ key, before, after, initial: first }];
		if (before.metadata.uid !== after.metadata.uid) {
			return [
				{ key, before, after: undefined, initial: false },
				{ key, before: undefined, after, initial: false },
			];
		}
		const { resourceVersion } = after.metadata;
		const same = resourceVersion !== undefined && resourceVersion === before.metadata.resourceVersion;
		return [{ key, before, after, initial: same }];
	}

	#move(key: ObjectKey, before: KubeObject | undefined, values: Prepared["values"]): void {
		for (const index of this.#indexes.values()) index.move(key, before, values.get(index) ?? []);
	}

	#tell(changes: readonly ObjectChange[]): void {
		for (const change of changes) {
			for (const listener of [...this.#listeners]) {
				try {
					listener(change);
				} catch (error) {
					this.#report(error);
				}
			}
		}
	}
}
