import { ADMIN_AUTHORIZATION } from "./limani-process.ts";

/** What a registry shows: each repository's tags with the digests that they point at. */
export type Photograph = { readonly [repository: string]: { readonly [tag: string]: string | null } };

/** Looks at every repository of a registry and every tag. */
export const photograph = async (url: string): Promise<Photograph> => {
	const show: { [repository: string]: { [tag: string]: string | null } } = {};
	for (const repository of await listed(url, "/v2/_catalog?n=7", "repositories")) {
		const tags: { [tag: string]: string | null } = {};
		for (const tag of await listed(url, `/v2/${repository}/tags/list?n=7`, "tags")) {
			const { headers } = await get(url, `/v2/${repository}/manifests/${tag}`, "HEAD");
			tags[tag] = headers.get("docker-content-digest");
		}
		show[repository] = tags;
	}
	return show;
};

/** All pages of a list. */
const listed = async (url: string, first: string, member: string): Promise<readonly string[]> => {
	const entries: string[] = [];
	for (let path: string | undefined = first; path !== undefined; ) {
		const response = await get(url, path, "GET");
		const page: unknown = await response.json();
		const found: unknown = typeof page === "object" && page !== null ? Reflect.get(page, member) : undefined;
		if (Array.isArray(found)) entries.push(...found.map(String));
		path = /^<([^>]*)>/.exec(response.headers.get("link") ?? "")?.[1];
	}
	return entries;
};

const get = async (url: string, path: string, method: string): Promise<Response> => {
	const response = await fetch(`${url}${path}`, { method, headers: { authorization: ADMIN_AUTHORIZATION } });
	if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
	return response;
};
