import { z } from "zod";
import { parseDigest } from "#/oci/digest.ts";
import type { Answer } from "./answer.ts";
import type { HasExtension } from "./extensions.ts";
import { openPages, parsePage } from "./pages.ts";
import { RemoteError } from "./remote-error.ts";
import type { AttachedDigest } from "./remote-registry.ts";
import type { Session } from "./session.ts";

const ENDPOINT = "_limani/referrers/list";
/** Manifests of a page that are asked for. */
const PAGE = 1_000;

const pageSchema = z.object({
	referrers: z.array(z.object({ digest: z.string(), subject: z.string(), parents: z.array(z.string()) })),
});

/** All referrers of a repository, of a registry that says that it lists them; undefined: it does not. @throws RemoteError */
export const listAttached = async (
	session: Session,
	hasExtension: HasExtension,
	repository: string,
	signal: AbortSignal,
): Promise<AsyncIterable<readonly AttachedDigest[]> | undefined> => {
	if (!(await hasExtension(ENDPOINT, repository, signal))) return undefined;
	const listing = {
		url: new URL(`/v2/${repository}/${ENDPOINT}?n=${PAGE}`, session.origin),
		scopes: [`repository:${repository}:pull`],
		read: (json: unknown, answer: Answer) =>
			parsePage(pageSchema, json, answer).referrers.map((each) => read(each, answer)),
		last: ({ digest }: AttachedDigest) => digest,
	};
	return await openPages(session, listing, signal);
};

const read = (entry: z.output<typeof pageSchema>["referrers"][number], answer: Answer): AttachedDigest => {
	const [digest, subject] = [parseDigest(entry.digest), parseDigest(entry.subject)];
	const parents = entry.parents.flatMap((text) => parseDigest(text) ?? []);
	if (digest !== undefined && subject !== undefined) return { digest, subject, parents };
	throw new RemoteError("INVALID", `${answer.what}: a referrer without digest or subject`);
};
