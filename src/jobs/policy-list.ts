import type { Policies, Policy } from "#/metadata/policies.ts";
import type { CarryOutDeps } from "./carry-out.ts";
import type { ParsedPolicy, PolicyFeature, PolicySpec } from "./policy-feature.ts";
import { type RunBook, readBook } from "./run-book.ts";
import { type FindSlot, keepSlot } from "./slots.ts";

const PAGE = 100;

/** A policy as it was listed, read. */
export interface ListedPolicy<Spec extends PolicySpec> {
	readonly policy: ParsedPolicy<Spec>;
	readonly book: RunBook;
	/** Keeps the policy's next slot until it changes. */
	readonly findSlot: FindSlot;
}

/** What is read of a policy once for each generation. */
interface Known<Spec> {
	readonly generation: number;
	/** Absent: it cannot be read. */
	readonly spec: Spec | undefined;
	readonly findSlot: FindSlot;
}

/** The policies of one kind, read. */
export class PolicyList<Spec extends PolicySpec> {
	readonly #feature: PolicyFeature<Spec>;
	readonly #deps: Pick<CarryOutDeps, "report"> & { readonly policies: Pick<Policies, "list"> };
	/** By uid. */
	#known: ReadonlyMap<string, Known<Spec>> = new Map();

	constructor(feature: PolicyFeature<Spec>, deps: Pick<CarryOutDeps, "report"> & { policies: Pick<Policies, "list"> }) {
		this.#feature = feature;
		this.#deps = deps;
	}

	/** All that are in force and can be read. @throws MetadataError */
	async read(signal: AbortSignal): Promise<readonly ListedPolicy<Spec>[]> {
		const listed: ListedPolicy<Spec>[] = [];
		const known = new Map<string, Known<Spec>>();
		let last: string | undefined;
		let page: readonly Policy[];
		do {
			page = await this.#deps.policies.list(this.#feature.kind, { last, limit: PAGE }, signal);
			for (const each of page) {
				const { uid, generation } = each;
				const before = this.#known.get(uid);
				const now = before?.generation === generation ? before : this.#learn(each);
				known.set(uid, now);
				const { spec, findSlot } = now;
				if (spec !== undefined)
					listed.push({ policy: { uid, generation, spec }, book: readBook(each.state), findSlot });
			}
			last = page.at(-1)?.uid;
		} while (page.length === PAGE);
		this.#known = known;
		return listed;
	}

	#learn(policy: Policy): Known<Spec> {
		return {
			generation: policy.generation,
			spec: parsePolicy(this.#feature, this.#deps, policy),
			findSlot: keepSlot(),
		};
	}
}

/** What a policy says; absent, and told of, when that cannot be read. */
export const parsePolicy = <Spec extends PolicySpec>(
	feature: PolicyFeature<Spec>,
	{ report }: Pick<CarryOutDeps, "report">,
	{ uid, spec }: Policy,
): Spec | undefined => {
	try {
		return feature.parse(spec);
	} catch (error) {
		report({ event: "policy.unreadable", level: "error", error, fields: { kind: feature.name, policy: uid } });
		return undefined;
	}
};
