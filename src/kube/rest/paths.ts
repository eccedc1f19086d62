import type { ResourceType } from "#/kube/resource-type.ts";

/** What a path leads to: all objects of a type, those of a namespace, one, or a part of one. */
export interface Target {
	readonly namespace?: string | undefined;
	readonly name?: string | undefined;
	readonly subresource?: string | undefined;
}

/** The path below the API server's address. Every part of it is escaped. */
export const pathOf = ({ group, version, plural, namespaced }: ResourceType, target: Target): string =>
	[
		...(group === "" ? ["api"] : ["apis", group]),
		version,
		...(namespaced && target.namespace !== undefined ? ["namespaces", target.namespace] : []),
		plural,
		...(target.name === undefined ? [] : [target.name]),
		...(target.subresource === undefined ? [] : [target.subresource]),
	]
		.map((part) => `/${encodeURIComponent(part)}`)
		.join("");

/** Values of a query; those that are undefined are left out. */
export type Query = { readonly [name: string]: string | number | boolean | undefined };

/** A path with its query, in which nothing is said that is undefined. */
export const withQuery = (path: string, query: Query): string => {
	const parts = Object.entries(query).flatMap(([name, value]) =>
		value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
	);
	return parts.length === 0 ? path : `${path}?${parts.join("&")}`;
};
