import { json, type Reply } from "#/http/reply.ts";
import type { AttachedManifest } from "#/metadata/tag-states.ts";
import type { V2Endpoint } from "#/oci/path.ts";
import type { V2Context } from "./context.ts";
import { linkIfMore, parsePage } from "./paging.ts";

/** Indexes that one page names, about: one manifest may be listed by any number of them, again for each of its referrers. */
const MAX_PARENTS = 20_000;
/** Referrers that are read at once, before it is known how many indexes there are to each. */
const STEP = 100;

/** What a repository has beside the specification (distribution specification, "extensions/_oci.md"). */
const EXTENSIONS = [
	{
		name: "_oci",
		description: "What a repository has beside the distribution specification",
		url: "https://github.com/opencontainers/distribution-spec/blob/main/extensions/_oci.md",
		endpoints: ["_oci/ext/discover"],
	},
	{
		name: "_limani",
		description: "Tags with the digests of what they name, and all referrers of a repository, page by page",
		url: "https://limani.dev/docs/extensions",
		endpoints: ["_limani/tags/digests", "_limani/referrers/list"],
	},
];

/** `GET /v2/<name>/_oci/ext/discover`: the same of each repository, whether it is there or not. */
export const getExtensions = async (): Promise<Reply> => json(200, { extensions: EXTENSIONS });

/** `GET /v2/<name>/_limani/tags/digests`: as `tags/list`, with what each tag names. */
export const getTagDigests = async (
	{ registry, query, signal }: V2Context,
	{ repository }: Extract<V2Endpoint, { kind: "tagDigests" }>,
): Promise<Reply> => {
	const page = parsePage(query);
	const { tags, more } = await registry.manifests.tagDigests(repository, page, signal);
	const path = `/v2/${repository}/_limani/tags/digests`;
	return json(
		200,
		{ name: repository, tags: tags.map(({ tag, digest }) => ({ name: tag, digest })) },
		linkIfMore(path, query, page.limit, more, tags.at(-1)?.tag),
	);
};

/**
 * `GET /v2/<name>/_limani/referrers/list`: every manifest with a subject, and the indexes that list that subject. A page
 * may have fewer than were asked for, and another one follow all the same.
 */
export const getAttached = async (
	{ registry, query, signal }: Pick<V2Context, "registry" | "query" | "signal">,
	{ repository }: Extract<V2Endpoint, { kind: "attached" }>,
): Promise<Reply> => {
	const { last, limit } = parsePage(query);
	const referrers: AttachedManifest[] = [];
	let more = true;
	let parents = 0;
	while (more && referrers.length < limit && parents < MAX_PARENTS) {
		const after = { last: referrers.at(-1)?.digest ?? last, limit: Math.min(STEP, limit - referrers.length) };
		const page = await registry.manifests.attached(repository, after, signal);
		referrers.push(...page.referrers);
		({ more } = page);
		parents += page.referrers.reduce((sum, each) => sum + each.parents.length, 0);
	}
	const path = `/v2/${repository}/_limani/referrers/list`;
	return json(
		200,
		{ name: repository, referrers: referrers.map(({ digest, subject, parents }) => ({ digest, subject, parents })) },
		linkIfMore(path, query, limit, more, referrers.at(-1)?.digest),
	);
};
