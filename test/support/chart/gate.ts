import type { FaultyRequest } from "#/kube-embedded/faults.ts";
import { type Access, accessOf, allows, type Grant } from "./rules.ts";

/** Remembers what grants allow of what was asked for, and what they do not. */
export interface Gate {
	/** What was asked for and granted: `verb group/resource`. */
	readonly used: ReadonlySet<string>;
	/** What was asked for and not granted, with its place. */
	readonly refused: ReadonlySet<string>;
	/** Told of a request. */
	judge(request: FaultyRequest): void;
}

/** One thing that may be done, wherever it may be. */
export const wordsOf = ({ verb, group, resource }: Pick<Access, "verb" | "group" | "resource">): string =>
	`${verb} ${group}/${resource}`;

/** Everything that grants allow, wherever they do. */
export const wordsOfGrants = (grants: readonly Grant[]): ReadonlySet<string> =>
	new Set(
		grants.flatMap(({ rule: { apiGroups, resources, verbs } }) =>
			apiGroups.flatMap((group) =>
				resources.flatMap((resource) => verbs.map((verb) => wordsOf({ verb, group, resource }))),
			),
		),
	);

/** Opens a gate with these grants. */
export const openGate = (grants: readonly Grant[]): Gate => {
	const used = new Set<string>();
	const refused = new Set<string>();
	const applied = new Set<string>();
	const note = (access: Access): void => {
		if (grants.some((grant) => allows(grant, access))) used.add(wordsOf(access));
		else refused.add(`${wordsOf(access)} ${access.name ?? ""} in ${access.namespace ?? "all namespaces"}`);
	};
	return {
		used,
		refused,
		judge(request) {
			const access = accessOf(request);
			if (access === undefined) return;
			note(access);
			if (request.isApply !== true || applied.has(request.path)) return;
			applied.add(request.path);
			// It makes the object, which is asked for as well (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
			note({ ...access, verb: "create", name: undefined });
		},
	};
};
