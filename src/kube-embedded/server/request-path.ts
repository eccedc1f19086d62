import { badRequest, noSuchPath } from "#/kube-embedded/status-error.ts";

/** What a path below `/api` or `/apis` is about. */
export interface ResourcePath {
	readonly group: string;
	readonly version: string;
	readonly plural: string;
	readonly namespace: string | undefined;
	readonly name: string | undefined;
	readonly subresource: string | undefined;
}

const decode = (segment: string): string => {
	try {
		return decodeURIComponent(segment);
	} catch (error) {
		throw badRequest(`the path is not well encoded: ${segment}`, error);
	}
};

/**
 * Reads the path of a resource, an object or a subresource; undefined for other paths.
 *
 * @throws StatusError NotFound when it goes on behind a subresource, BadRequest when it is badly encoded
 */
export const parseResourcePath = (path: string): ResourcePath | undefined => {
	const [root, ...rest] = path
		.split("/")
		.filter((segment) => segment !== "")
		.map(decode);
	if (root !== "api" && root !== "apis") return undefined;
	const [group, version, ...tail] = root === "api" ? ["", ...rest] : rest;
	if (group === undefined || version === undefined || tail.length === 0) return undefined;
	const [first, second, third] = tail;
	// `namespaces/x/status` is about the namespace, `namespaces/x/secrets` about what is in it.
	const inside =
		first === "namespaces" && second !== undefined && third !== undefined && third !== "status" && third !== "finalize";
	const [plural, name, subresource, ...more] = inside ? tail.slice(2) : tail;
	if (plural === undefined || more.length > 0) throw noSuchPath();
	return { group, version, plural, namespace: inside ? second : undefined, name, subresource };
};
