import { z } from "zod";
import { type Catalog, type CatalogDeps, type CatalogOpts, unlisted } from "./catalog.ts";
import { linkedPages } from "./linked-pages.ts";

const projectSchema = z.object({ id: z.int(), container_registry_access_level: z.string().nullish() });
const repositorySchema = z.object({ path: z.string().min(1) });

/**
 * What GitLab itself lists of the projects that the owner of a personal, group or project token is a member of. GitLab is
 * found where its registry sends clients for tokens.
 *
 * @see https://docs.gitlab.com/api/container_registry/
 */
export const gitlabCatalog = ({ ask, session }: CatalogDeps, { credentials }: CatalogOpts): Catalog => {
	if (credentials === undefined) return unlisted(session.origin.host, "name them, or log in with a token");
	const headers = { accept: "application/json", "private-token": credentials.password };
	return async function* (signal) {
		const gitlab = (await session.realm(signal)) ?? session.origin;
		const query = "membership=true&pagination=keyset&order_by=id&sort=asc&per_page=100";
		const request = { headers, element: projectSchema };
		for await (const projects of linkedPages(ask, new URL(`/api/v4/projects?${query}`, gitlab), request, signal)) {
			for (const { id, container_registry_access_level } of projects) {
				if (container_registry_access_level === "disabled") continue;
				const url = new URL(`/api/v4/projects/${id}/registry/repositories?per_page=100`, gitlab);
				for await (const page of linkedPages(ask, url, { headers, element: repositorySchema }, signal)) {
					yield page.map(({ path }) => path);
				}
			}
		}
	};
};
