import { z } from "zod";
import { Renewed } from "#/client/auth/renewed.ts";
import { sameRegistry } from "#/client/same-registry.ts";
import { type Catalog, type CatalogDeps, type CatalogOpts, unlisted } from "./catalog.ts";

const API = "https://hub.docker.com";
/** The token says itself when it ends, ten minutes from now; nothing is lost by another one. */
const TOKEN_MS = 5 * 60_000;

const tokenSchema = z.object({ access_token: z.string().min(1) });
const pageSchema = z.object({
	next: z.string().nullish(),
	results: z.array(z.object({ name: z.string(), namespace: z.string() })),
});

/**
 * What Docker Hub's own interface lists of namespaces: those wanted, or else that of who logs in.
 *
 * @see https://docs.docker.com/reference/api/hub/latest/
 */
export const dockerHubCatalog = (deps: CatalogDeps, { credentials, namespaces }: CatalogOpts): Catalog => {
	const wanted = namespaces.length > 0 ? namespaces : credentials === undefined ? [] : [credentials.username];
	if (wanted.length === 0) return unlisted("Docker Hub", "name them, or log in as whose they are");
	const token = credentials === undefined ? undefined : openToken(deps, credentials);
	return async function* (signal) {
		for (const namespace of wanted) {
			let url: URL | undefined = new URL(
				`/v2/namespaces/${encodeURIComponent(namespace)}/repositories?page_size=100`,
				API,
			);
			while (url !== undefined) {
				const asked: URL = url;
				const headers = token === undefined ? {} : { authorization: `Bearer ${await token.get(signal)}` };
				const { value } = await deps.ask({ method: "GET", url: asked, headers }, pageSchema, signal);
				if (value.results.length > 0) yield value.results.map((found) => `${found.namespace}/${found.name}`);
				url = value.next ? sameRegistry(value.next, asked) : undefined;
			}
		}
	};
};

const openToken = (
	deps: CatalogDeps,
	{ username, password }: { readonly username: string; readonly password: string },
): Renewed<string> =>
	new Renewed(deps, async (signal) => {
		const { value } = await deps.ask(
			{
				method: "POST",
				url: new URL("/v2/auth/token", API),
				headers: { "content-type": "application/json" },
				body: JSON.stringify({ identifier: username, secret: password }),
			},
			tokenSchema,
			signal,
		);
		return { value: value.access_token, lifeMs: TOKEN_MS };
	});
