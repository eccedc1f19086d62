import { z } from "zod";
import type { Answer } from "#/client/answer.ts";
import type { HasExtension } from "#/client/extensions.ts";
import { openPages, parsePage } from "#/client/pages.ts";
import type { TaggedDigest } from "#/client/remote-registry.ts";
import type { Session } from "#/client/session.ts";
import { readTaggedDigest, type TagDigests } from "./tag-digests.ts";

const ENDPOINT = "_limani/tags/digests";
/** Tags of a page that are asked for. */
const PAGE = 1_000;

const pageSchema = z.object({ tags: z.array(z.object({ name: z.string(), digest: z.string() })) });

/** The list of another Limani, or of who else says that it has the same extension. */
export const limaniTagDigests =
	(session: Session, hasExtension: HasExtension): TagDigests =>
	async (repository, signal) => {
		if (!(await hasExtension(ENDPOINT, repository, signal))) return undefined;
		const listing = {
			url: new URL(`/v2/${repository}/${ENDPOINT}?n=${PAGE}`, session.origin),
			scopes: [`repository:${repository}:pull`],
			read: (json: unknown, answer: Answer) =>
				parsePage(pageSchema, json, answer).tags.flatMap(({ name, digest }) => readTaggedDigest(name, digest)),
			last: ({ tag }: TaggedDigest) => tag,
		};
		return await openPages(session, listing, signal);
	};
