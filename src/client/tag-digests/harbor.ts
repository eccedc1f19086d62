import { z } from "zod";
import { formatBasic } from "#/client/auth/login.ts";
import { linkedPages } from "#/client/catalog/linked-pages.ts";
import type { TaggedDigest } from "#/client/remote-registry.ts";
import { type Credentials, readTaggedDigest, type TagDigests, type TagDigestsDeps } from "./tag-digests.ts";

const artifact = z.object({ digest: z.string(), tags: z.array(z.object({ name: z.string() })).nullish() });

/** What Harbor's own interface lists: artifacts with their tags. Signatures, which belong to others, it leaves out. */
export const harborTagDigests =
	({ ask, session }: TagDigestsDeps, credentials: Credentials): TagDigests =>
	async (repository, signal) => {
		const [project = "", ...rest] = repository.split("/");
		// A name with slashes is escaped twice, as its interface says.
		const name = encodeURIComponent(encodeURIComponent(rest.join("/")));
		const query = "with_tag=true&q=tags%3D*&page=1&page_size=100";
		const url = new URL(`/api/v2.0/projects/${project}/repositories/${name}/artifacts?${query}`, session.origin);
		const headers = {
			accept: "application/json",
			"x-is-resource-name": "true",
			...(credentials === undefined ? {} : { authorization: formatBasic(credentials) }),
		};
		return tagsOf(linkedPages(ask, url, { headers, element: artifact }, signal));
	};

async function* tagsOf(
	pages: AsyncIterable<readonly z.output<typeof artifact>[]>,
): AsyncGenerator<readonly TaggedDigest[]> {
	for await (const page of pages) {
		yield page.flatMap(({ digest, tags }) => (tags ?? []).flatMap(({ name }) => readTaggedDigest(name, digest)));
	}
}
