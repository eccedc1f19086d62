import type { KubeObject, ObjectKey } from "./kube-object.ts";
import type { IndexFunction } from "./object-store.ts";

/** Finds keys by values of their objects. */
export class ObjectIndex {
	readonly #valuesOf: IndexFunction;
	readonly #report: (error: unknown) => void;
	readonly #keys = new Map<string, Set<ObjectKey>>();

	/** @param report told of what `valuesOf` throws; the object is found by no value then */
	constructor(valuesOf: IndexFunction, report: (error: unknown) => void) {
		this.#valuesOf = valuesOf;
		this.#report = report;
	}

	/** An object took the place of another under its key; either may be absent. */
	move(key: ObjectKey, before: KubeObject | undefined, after: KubeObject | undefined): void {
		for (const value of this.#values(before)) {
			const keys = this.#keys.get(value);
			keys?.delete(key);
			if (keys?.size === 0) this.#keys.delete(value);
		}
		for (const value of this.#values(after)) {
			const keys = this.#keys.get(value);
			if (keys === undefined) this.#keys.set(value, new Set([key]));
			else keys.add(key);
		}
	}

	/** The keys of a value. */
	keys(value: string): Iterable<ObjectKey> {
		return this.#keys.get(value) ?? [];
	}

	#values(object: KubeObject | undefined): readonly string[] {
		if (object === undefined) return [];
		try {
			return this.#valuesOf(object);
		} catch (error) {
			this.#report(error);
			return [];
		}
	}
}
