import { createHash } from "node:crypto";
import type { KubeClient } from "./kube-client.ts";
import { type KubeObject, keyOf } from "./kube-object.ts";
import { projectFields } from "./project-fields.ts";
import { apiVersionOf, type ResourceType } from "./resource-type.ts";

/** What an {@link Applier} stands on. */
export interface ApplierDeps {
	readonly client: Pick<KubeClient, "apply">;
	/** In whose name fields are owned. */
	readonly fieldManager: string;
}

/** What became of one apply. */
interface Applied {
	readonly wanted: string;
	readonly uid: string | undefined;
	/** Of the wanted fields as the server answered them: it may write them otherwise, `1000m` as `1`. */
	readonly answered: string;
	/** The version that the store showed then, and may go on showing for a moment. */
	readonly seen: string | undefined;
}

/**
 * Applies objects by server-side apply, and leaves it where it would change nothing: the same was applied before by this
 * process, and the store shows it unharmed. What others own in the object is never looked at.
 */
export class Applier {
	readonly #deps: ApplierDeps;
	readonly #applied = new Map<string, Applied>();

	constructor(deps: ApplierDeps) {
		this.#deps = deps;
	}

	/**
	 * The object as it is now. Its fields become ours, even those of others.
	 *
	 * @param wanted the fields to own, complete: what was applied earlier and is missing now goes
	 * @param stored what the store has of it; absent: nothing
	 * @throws KubeError as {@link KubeClient.apply}
	 */
	async apply(
		type: ResourceType,
		wanted: KubeObject,
		stored: KubeObject | undefined,
		signal: AbortSignal,
	): Promise<KubeObject> {
		const key = this.#key(type, wanted);
		const before = this.#applied.get(key);
		const hash = hashOf(wanted);
		if (stored !== undefined && before?.wanted === hash && isUnharmed(before, wanted, stored)) return stored;
		// Should the call fail, nobody knows what is there.
		this.#applied.delete(key);
		const { fieldManager } = this.#deps;
		const answer = await this.#deps.client.apply(type, wanted, { fieldManager, force: true }, signal);
		this.#applied.set(key, {
			wanted: hash,
			uid: answer.metadata.uid,
			answered: hashOf(projectFields(answer, wanted)),
			seen: stored?.metadata.resourceVersion,
		});
		return answer;
	}

	/** Forgets an object that is not wanted any more. */
	forget(type: ResourceType, ref: { readonly namespace?: string | undefined; readonly name: string }): void {
		this.#applied.delete(this.#key(type, { metadata: ref }));
	}

	#key(
		type: ResourceType,
		{ metadata }: { readonly metadata: { readonly namespace?: string | undefined; readonly name: string } },
	): string {
		return `${apiVersionOf(type)}/${type.plural}/${keyOf(metadata)}`;
	}
}

const isUnharmed = (applied: Applied, wanted: KubeObject, stored: KubeObject): boolean => {
	// The store has not seen what this process did.
	if (applied.seen !== undefined && stored.metadata.resourceVersion === applied.seen) return true;
	return stored.metadata.uid === applied.uid && hashOf(projectFields(stored, wanted)) === applied.answered;
};

/** Secrets are among what is applied, so only digests are kept. Fields in another order are the same fields. */
const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value, sorted)).digest("base64");

const sorted = (_: string, value: unknown): unknown =>
	typeof value === "object" && value !== null && !Array.isArray(value)
		? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
		: value;
