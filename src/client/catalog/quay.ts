import { z } from "zod";
import { listCatalog } from "#/client/lists.ts";
import type { Catalog, CatalogDeps, CatalogOpts } from "./catalog.ts";

/** The name by which Quay knows that the password is the token of an application. */
const TOKEN_USER = "$oauthtoken";

const pageSchema = z.object({
	repositories: z.array(z.object({ namespace: z.string(), name: z.string() })),
	next_page: z.string().nullish(),
});

/**
 * What Quay's own interface lists of the namespaces that are wanted, for who has an application's token; for a robot, and
 * where no namespace is known, what its catalog has.
 */
export const quayCatalog = ({ ask, session }: CatalogDeps, { credentials, namespaces }: CatalogOpts): Catalog => {
	if (credentials?.username !== TOKEN_USER || namespaces.length === 0) return (signal) => listCatalog(session, signal);
	const headers = { accept: "application/json", authorization: `Bearer ${credentials.password}` };
	return async function* (signal) {
		for (const namespace of namespaces) {
			let after: string | null | undefined;
			do {
				const url = new URL("/api/v1/repository", session.origin);
				url.searchParams.set("namespace", namespace);
				if (after) url.searchParams.set("next_page", after);
				const { value } = await ask({ method: "GET", url, headers }, pageSchema, signal);
				if (value.repositories.length > 0) yield value.repositories.map((found) => `${found.namespace}/${found.name}`);
				after = value.next_page;
			} while (after);
		}
	};
};
