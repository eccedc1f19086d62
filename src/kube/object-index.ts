import type { KubeObject, ObjectKey } from "./kube-object.ts";
import type { IndexFunction } from "./object-store.ts";

/** Finds keys by values of their objects. */
export class ObjectIndex {
	readonly #valuesOf: IndexFunction;
	readonly #report: (error: unknown) => void;
	/** Most values are of one object, and a set weighs many times as much as the key that it would have alone. */
	readonly #keys = new Map<string, ObjectKey | Set<ObjectKey>>();

	/** @param report told of what `valuesOf` throws; the object is found by no value then */
	constructor(valuesOf: IndexFunction, report: (error: unknown) => void) {
		this.#valuesOf = valuesOf;
		this.#report = report;
	}

	/** By what an object is found; nothing where there is none. */
	valuesOf(object: KubeObject | undefined): readonly string[] {
		if (object === undefined) return [];
		try {
			return this.#valuesOf(object);
		} catch (error) {
			this.#report(error);
			return [];
		}
	}

	/** An object took the place of another under its key; either may be absent. @param entered the values of the new one */
	move(key: ObjectKey, before: KubeObject | undefined, entered: readonly string[]): void {
		const left = this.valuesOf(before);
		if (left.length === entered.length && left.every((value, i) => value === entered[i])) return;
		for (const value of left) this.#remove(value, key);
		for (const value of entered) this.#add(value, key);
	}

	/** The keys of a value. */
	keys(value: string): Iterable<ObjectKey> {
		const keys = this.#keys.get(value) ?? [];
		return typeof keys === "string" ? [keys] : keys;
	}

	#add(value: string, key: ObjectKey): void {
		const keys = this.#keys.get(value);
		if (keys === undefined) this.#keys.set(value, key);
		else if (typeof keys !== "string") keys.add(key);
		else if (keys !== key) this.#keys.set(value, new Set([keys, key]));
	}

	#remove(value: string, key: ObjectKey): void {
		const keys = this.#keys.get(value);
		if (keys === undefined) return;
		if (typeof keys !== "string") keys.delete(key);
		if (keys === key || (typeof keys !== "string" && keys.size === 0)) this.#keys.delete(value);
	}
}
