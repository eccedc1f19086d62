import { z } from "zod";
import type { TaggedDigest } from "#/client/remote-registry.ts";
import { type Credentials, readTaggedDigest, type TagDigests, type TagDigestsDeps } from "./tag-digests.ts";

/** The name by which Quay knows that the password is the token of an application. */
const TOKEN_USER = "$oauthtoken";

const pageSchema = z.object({
	tags: z.array(z.object({ name: z.string(), manifest_digest: z.string() })),
	has_additional: z.boolean(),
});

/** What Quay's own interface lists for who has an application's token; a robot has no list. */
export const quayTagDigests = ({ ask, session }: TagDigestsDeps, credentials: Credentials): TagDigests => {
	if (credentials?.username !== TOKEN_USER) return async () => undefined;
	const headers = { accept: "application/json", authorization: `Bearer ${credentials.password}` };
	async function* list(repository: string, signal: AbortSignal): AsyncGenerator<readonly TaggedDigest[]> {
		for (let page = 1, more = true; more; page++) {
			const url = new URL(`/api/v1/repository/${repository}/tag/`, session.origin);
			url.search = `?onlyActiveTags=true&limit=100&page=${page}`;
			const { value } = await ask({ method: "GET", url, headers }, pageSchema, signal);
			yield value.tags.flatMap(({ name, manifest_digest }) => readTaggedDigest(name, manifest_digest));
			more = value.has_additional;
		}
	}
	return async (repository, signal) => list(repository, signal);
};
