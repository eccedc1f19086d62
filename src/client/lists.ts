import { z } from "zod";
import { isRepositoryName } from "#/oci/name.ts";
import { isTag } from "#/oci/tag.ts";
import type { Answer } from "./answer.ts";
import { openPages, parsePage } from "./pages.ts";
import { RemoteError } from "./remote-error.ts";
import type { Session } from "./session.ts";

const tagsSchema = z.object({ tags: z.array(z.string()).nullish() });
const catalogSchema = z.object({ repositories: z.array(z.string()).nullish() });

/** Elements of a page that are asked for. */
const PAGE = 1_000;

/** Who reads the tags of a repository keeps them in mind; more than these are no list that anybody meant. */
const MAX_TAGS = 1_000_000;

/** The tags of a repository, page by page; undefined: there is no such repository. @throws RemoteError */
export const listTags = async (
	session: Session,
	repository: string,
	signal: AbortSignal,
): Promise<AsyncIterable<readonly string[]> | undefined> => {
	const listing = {
		url: new URL(`/v2/${repository}/tags/list?n=${PAGE}`, session.origin),
		scopes: [`repository:${repository}:pull`],
		read: (json: unknown, answer: Answer) => (parsePage(tagsSchema, json, answer).tags ?? []).filter(isTag),
		last: (tag: string) => tag,
	};
	const pages = await openPages(session, listing, signal);
	return pages && bounded(pages, `${session.origin.host} lists more than ${MAX_TAGS} tags of ${repository}`);
};

async function* bounded(pages: AsyncIterable<readonly string[]>, what: string): AsyncGenerator<readonly string[]> {
	let count = 0;
	for await (const page of pages) {
		count += page.length;
		if (count > MAX_TAGS) throw new RemoteError("INVALID", what);
		yield page;
	}
}

/** The names that the registry's own catalog has, page by page. @throws RemoteError */
export async function* listCatalog(session: Session, signal: AbortSignal): AsyncGenerator<readonly string[]> {
	const listing = {
		url: new URL(`/v2/_catalog?n=${PAGE}`, session.origin),
		scopes: ["registry:catalog:*"],
		read: (json: unknown, answer: Answer) =>
			(parsePage(catalogSchema, json, answer).repositories ?? []).filter(isRepositoryName),
		last: (name: string) => name,
	};
	const pages = await openPages(session, listing, signal);
	if (pages === undefined) {
		throw new RemoteError("INVALID", `${session.origin.origin} has no catalog: repositories must be named`);
	}
	yield* pages;
}
