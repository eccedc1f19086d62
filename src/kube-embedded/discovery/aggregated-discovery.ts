import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import type { GroupVersion } from "./group-versions.ts";

const WRITES = ["get", "patch", "update"];

const subresourcesOf = ({ type, hasStatus, scale, storage }: ServedKind): readonly unknown[] => {
	const { group, version, kind } = type;
	return [
		...(hasStatus ? [{ subresource: "status", responseKind: { group, version, kind }, verbs: WRITES }] : []),
		...(scale === undefined
			? []
			: [
					{ subresource: "scale", responseKind: { group: "autoscaling", version: "v1", kind: "Scale" }, verbs: WRITES },
				]),
		...(storage === "/serviceaccounts"
			? [
					{
						subresource: "token",
						responseKind: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" },
						verbs: ["create"],
					},
				]
			: []),
	];
};

const resourceOf = (served: ServedKind): unknown => {
	const { group, version, kind, plural, namespaced } = served.type;
	const subresources = subresourcesOf(served);
	return {
		resource: plural,
		responseKind: { group, version, kind },
		scope: namespaced ? "Namespaced" : "Cluster",
		singularResource: served.singular,
		verbs: served.verbs,
		...(served.shortNames.length === 0 ? {} : { shortNames: served.shortNames }),
		...(served.categories.length === 0 ? {} : { categories: served.categories }),
		...(subresources.length === 0 ? {} : { subresources }),
	};
};

/** The media type of {@link aggregatedGroups}. */
export const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Groups with all that they serve in one answer, `apidiscovery.k8s.io/v2`. */
export const aggregatedGroups = (groups: readonly (readonly GroupVersion[])[]): unknown => ({
	kind: "APIGroupDiscoveryList",
	apiVersion: "apidiscovery.k8s.io/v2",
	metadata: {},
	items: groups.map((versions) => ({
		metadata:
			versions[0]?.group === "" ? { creationTimestamp: null } : { name: versions[0]?.group, creationTimestamp: null },
		versions: versions.map(({ version, kinds }) => ({
			version,
			resources: kinds.map(resourceOf),
			freshness: "Current",
		})),
	})),
});
