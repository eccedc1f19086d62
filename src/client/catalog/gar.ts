import { z } from "zod";
import { openGoogleToken, parseServiceAccountKey } from "#/client/auth/google-token.ts";
import { listCatalog } from "#/client/lists.ts";
import { type Catalog, type CatalogDeps, type CatalogOpts, unlisted } from "./catalog.ts";

const API = "https://artifactregistry.googleapis.com";
const HOST = /^([a-z0-9-]+)-docker\.pkg\.dev$/;

const repositoriesSchema = z.object({
	repositories: z.array(z.object({ name: z.string().min(1), format: z.string().optional() })).default([]),
	nextPageToken: z.string().optional(),
});
const packagesSchema = z.object({
	packages: z.array(z.object({ name: z.string().min(1) })).default([]),
	nextPageToken: z.string().optional(),
});

/**
 * What Google's Artifact Registry lists of the projects that are wanted, or else of the service account's own; for hosts of
 * the older Container Registry what the catalog has.
 *
 * @see https://cloud.google.com/artifact-registry/docs/reference/rest
 */
export const garCatalog = (deps: CatalogDeps, { credentials, namespaces }: CatalogOpts): Catalog => {
	const location = HOST.exec(deps.session.origin.host)?.[1];
	if (location === undefined) return (signal) => listCatalog(deps.session, signal);
	if (credentials === undefined) return unlisted(deps.session.origin.host, "name them, or log in");
	return async function* (signal) {
		const { header, project } = access(deps, credentials);
		for (const name of namespaces.length > 0 ? namespaces : project === undefined ? [] : [project]) {
			const root = `/v1/projects/${name}/locations/${location}/repositories`;
			const lists = { deps, header };
			for await (const { repositories } of pagesOf(lists, root, repositoriesSchema, signal)) {
				for (const repository of repositories) {
					if (repository.format !== undefined && repository.format !== "DOCKER") continue;
					const path = `/v1/${repository.name}/packages`;
					for await (const { packages } of pagesOf(lists, path, packagesSchema, signal)) {
						if (packages.length > 0) yield packages.map((found) => pathOf(name, found.name));
					}
				}
			}
		}
	};
};

/** An access token is shown as it is, a key file buys one. */
const access = (
	deps: CatalogDeps,
	{ username, password }: { readonly username: string; readonly password: string },
) => {
	if (!username.startsWith("_json_key")) {
		return { header: () => Promise.resolve(`Bearer ${password}`), project: undefined };
	}
	const key = parseServiceAccountKey(username, password);
	const token = openGoogleToken(deps, key);
	return { header: async (signal: AbortSignal) => `Bearer ${await token.get(signal)}`, project: key.project_id };
};

async function* pagesOf<T extends { readonly nextPageToken?: string | undefined }>(
	{ deps, header }: { readonly deps: CatalogDeps; readonly header: (signal: AbortSignal) => Promise<string> },
	path: string,
	schema: z.ZodType<T>,
	signal: AbortSignal,
): AsyncGenerator<T> {
	let pageToken: string | undefined;
	do {
		const url = new URL(path, API);
		url.searchParams.set("pageSize", "1000");
		if (pageToken !== undefined) url.searchParams.set("pageToken", pageToken);
		const headers = { accept: "application/json", authorization: await header(signal) };
		const { value } = await deps.ask({ method: "GET", url, headers }, schema, signal);
		yield value;
		pageToken = value.nextPageToken === "" ? undefined : value.nextPageToken;
	} while (pageToken !== undefined);
}

/** `projects/P/locations/L/repositories/R/packages/a%2Fb` is the repository `P/R/a/b`. */
const pathOf = (project: string, name: string): string => {
	const [, , , , , repository = "", , packaged = ""] = name.split("/");
	return `${project.replace(":", "/")}/${repository}/${decodeURIComponent(packaged)}`;
};
