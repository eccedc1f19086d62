import type { KubeObject } from "#/kube/kube-object.ts";
import { fieldAt, listAt } from "#/kube-embedded/json.ts";
import { builtInKinds } from "./built-in-kinds.ts";
import { crdKinds } from "./crd-kinds.ts";
import type { ServedKind } from "./served-kind.ts";

/** Where objects of a kind are asked for. */
export interface KindAddress {
	readonly group: string;
	readonly version: string;
	readonly plural: string;
}

const isEstablished = (crd: KubeObject): boolean =>
	listAt(crd, "status", "conditions").some(
		(condition) => fieldAt(condition, ["type"]) === "Established" && fieldAt(condition, ["status"]) === "True",
	);

/** Every kind that is served now: the built-in ones, and those of the definitions that are established. */
export class KindRegistry {
	readonly #builtIn: readonly ServedKind[];
	#all: readonly ServedKind[] | undefined;
	readonly #custom = new Map<string, { readonly crd: KubeObject; readonly kinds: readonly ServedKind[] }>();

	/** @param more kinds that are there without a definition, beside the built-in ones */
	constructor(more: readonly ServedKind[] = []) {
		this.#builtIn = [...builtInKinds(), ...more];
	}

	/** All of them, built-in ones first, the others by their groups. */
	all(): readonly ServedKind[] {
		this.#all ??= this.#builtIn.concat(
			[...this.#custom.values()]
				.flatMap(({ kinds }) => kinds)
				.toSorted((a, b) => (a.type.group === b.type.group ? 0 : a.type.group < b.type.group ? -1 : 1)),
		);
		return this.#all;
	}

	/** Undefined when nothing is served there. */
	find({ group, version, plural }: KindAddress): ServedKind | undefined {
		return this.all().find(({ type }) => type.group === group && type.version === version && type.plural === plural);
	}

	/** Undefined when the group has no such kind in that version, or in any when it is absent. */
	findKind(group: string, kind: string, version?: string): ServedKind | undefined {
		return this.all().find(
			({ type }) => type.group === group && type.kind === kind && (version === undefined || type.version === version),
		);
	}

	/** One view of the objects of a table; undefined when none is served. */
	findStored(storage: string): ServedKind | undefined {
		return this.all().find((kind) => kind.storage === storage);
	}

	/** Serves a definition from now on as it is now, if it is established. Gives whether its kinds changed. */
	put(crd: KubeObject): boolean {
		const { name, uid, generation } = crd.metadata;
		const before = this.#custom.get(name)?.crd;
		if (!isEstablished(crd)) return this.remove(name);
		if (before?.metadata.uid === uid && before?.metadata.generation === generation) return false;
		this.#custom.set(name, { crd, kinds: crdKinds(crd) });
		this.#all = undefined;
		return true;
	}

	/** Serves a definition no longer. Gives whether it did. */
	remove(name: string): boolean {
		this.#all = undefined;
		return this.#custom.delete(name);
	}
}
