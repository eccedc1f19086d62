import { z } from "zod";
import { callEcr, parseEcrHost } from "#/client/auth/ecr.ts";
import { listCatalog } from "#/client/lists.ts";
import { type Catalog, type CatalogDeps, type CatalogOpts, unlisted } from "./catalog.ts";

const pageSchema = z.object({
	repositories: z.array(z.object({ repositoryName: z.string().min(1) })),
	nextToken: z.string().nullish(),
});

/** What DescribeRepositories lists of an account, for who has keys of it; else what the registry's catalog has. */
export const ecrCatalog = (deps: CatalogDeps, { credentials }: CatalogOpts): Catalog => {
	const { session, timing, ask } = deps;
	const ecr = parseEcrHost(session.origin.host);
	if (ecr?.account === undefined) return unlisted(session.origin.host, "they must be named");
	if (credentials === undefined || credentials.username === "AWS") return (signal) => listCatalog(session, signal);
	const keys = { accessKeyId: credentials.username, secretAccessKey: credentials.password };
	return async function* (signal) {
		let nextToken: string | null | undefined;
		do {
			const input = { registryId: ecr.account, maxResults: 1_000, ...(nextToken ? { nextToken } : {}) };
			const call = { operation: "DescribeRepositories", input, schema: pageSchema };
			const page = await callEcr({ ask, timing, keys }, ecr, call, signal);
			if (page.repositories.length > 0) yield page.repositories.map(({ repositoryName }) => repositoryName);
			nextToken = page.nextToken;
		} while (nextToken);
	};
};
