import { hash } from "node:crypto";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import type { GroupVersion } from "./group-versions.ts";

const nameOf = ({ group, version }: Pick<GroupVersion, "group" | "version">): string =>
	group === "" ? version : `${group}/${version}`;

/** Changes when objects are kept in another version. */
const storageVersionHash = ({ group, version, kind }: ServedKind["storedAs"]): string =>
	hash("sha256", `${group}/${version}/${kind}`, "buffer").subarray(0, 8).toString("base64");

const SUBRESOURCE_VERBS = ["get", "patch", "update"];

const subresourcesOf = ({ type, hasStatus, scale, storage }: ServedKind): readonly unknown[] => {
	const { plural, namespaced, kind } = type;
	const base = { singularName: "", namespaced };
	return [
		...(hasStatus ? [{ ...base, name: `${plural}/status`, kind, verbs: SUBRESOURCE_VERBS }] : []),
		...(scale === undefined
			? []
			: [
					{
						...base,
						name: `${plural}/scale`,
						group: "autoscaling",
						version: "v1",
						kind: "Scale",
						verbs: SUBRESOURCE_VERBS,
					},
				]),
		...(storage === "/serviceaccounts"
			? [
					{
						...base,
						name: `${plural}/token`,
						group: "authentication.k8s.io",
						version: "v1",
						kind: "TokenRequest",
						verbs: ["create"],
					},
				]
			: []),
	];
};

/** The resources of one group and version, `APIResourceList`. */
export const resourceList = (groupVersion: GroupVersion): unknown => ({
	kind: "APIResourceList",
	apiVersion: "v1",
	groupVersion: nameOf(groupVersion),
	resources: groupVersion.kinds.flatMap((kind) => [
		{
			name: kind.type.plural,
			singularName: kind.singular,
			namespaced: kind.type.namespaced,
			kind: kind.type.kind,
			verbs: kind.verbs,
			...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
			...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
			storageVersionHash: storageVersionHash(kind.storedAs),
		},
		...subresourcesOf(kind),
	]),
});

const versionOf = (groupVersion: GroupVersion): unknown => ({
	groupVersion: nameOf(groupVersion),
	version: groupVersion.version,
});

/** One group with its versions, `APIGroup`. */
export const apiGroup = (versions: readonly GroupVersion[]): Readonly<Record<string, unknown>> => ({
	name: versions[0]?.group ?? "",
	versions: versions.map(versionOf),
	preferredVersion: versions.slice(0, 1).map(versionOf)[0],
});

/** All groups but the core one, `APIGroupList`. */
export const groupList = (groups: ReadonlyMap<string, readonly GroupVersion[]>): unknown => ({
	kind: "APIGroupList",
	apiVersion: "v1",
	groups: [...groups].filter(([group]) => group !== "").map(([, versions]) => apiGroup(versions)),
});
