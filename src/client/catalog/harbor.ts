import { z } from "zod";
import { formatBasic } from "#/client/auth/login.ts";
import type { Catalog, CatalogDeps, CatalogOpts } from "./catalog.ts";
import { linkedPages } from "./linked-pages.ts";

const named = z.object({ name: z.string().min(1) });

/** What Harbor's own interface lists, project by project: its `_catalog` is for administrators alone, and not paged. */
export const harborCatalog = ({ ask, session }: CatalogDeps, { credentials, namespaces }: CatalogOpts): Catalog => {
	// A project may have a name of digits alone, which is no number then.
	const headers = {
		accept: "application/json",
		"x-is-resource-name": "true",
		...(credentials === undefined ? {} : { authorization: formatBasic(credentials) }),
	};
	const request = { headers, element: named };
	return async function* (signal) {
		const at = (path: string): URL => new URL(`/api/v2.0/${path}?page=1&page_size=100`, session.origin);
		const all =
			namespaces.length > 0
				? [namespaces.map((name) => ({ name }))]
				: linkedPages(ask, at("projects"), request, signal);
		for await (const projects of all) {
			for (const { name } of projects) {
				const url = at(`projects/${encodeURIComponent(name)}/repositories`);
				for await (const page of linkedPages(ask, url, request, signal))
					yield page.map((repository) => repository.name);
			}
		}
	};
};
