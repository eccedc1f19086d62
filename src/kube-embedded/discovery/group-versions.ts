import type { KindRegistry } from "#/kube-embedded/kinds/kind-registry.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";

/** A version of a group with its kinds. */
export interface GroupVersion {
	readonly group: string;
	readonly version: string;
	readonly kinds: readonly ServedKind[];
}

/** Stable before beta before alpha, higher numbers first: the order in which clients prefer versions. */
const rankOf = (version: string): readonly number[] => {
	const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
	if (match === null) return [0, 0, 0];
	const stage = match[2] === undefined ? 3 : match[2] === "beta" ? 2 : 1;
	return [stage, Number(match[1]), Number(match[3] ?? 0)];
};

const byPreference = (one: GroupVersion, other: GroupVersion): number => {
	const [first, second] = [rankOf(one.version), rankOf(other.version)];
	const at = first.findIndex((rank, index) => rank !== second[index]);
	return at < 0 ? 0 : (second[at] ?? 0) - (first[at] ?? 0);
};

/** What is served, by group; the versions of each with the preferred one first. The core group has an empty name. */
export const groupsOf = (kinds: KindRegistry): ReadonlyMap<string, readonly GroupVersion[]> => {
	const byGroup = Map.groupBy(kinds.all(), ({ type }) => type.group);
	return new Map(
		[...byGroup].map(([group, all]) => {
			const byVersion = Map.groupBy(all, ({ type }) => type.version);
			const versions = [...byVersion].map(([version, some]) => ({ group, version, kinds: some }));
			return [group, versions.toSorted(byPreference)];
		}),
	);
};
