import { z } from "zod";
import { RemoteError } from "./remote-error.ts";
import type { Session } from "./session.ts";

/** Whether a registry has an endpoint of an extension, such as `_limani/tags/digests`. */
export type HasExtension = (endpoint: string, repository: string, signal: AbortSignal) => Promise<boolean>;

/** A list of extensions is short. */
const MAX_BYTES = 256 * 1024;
const JSON_TYPE = "application/json";

const extensionsSchema = z.object({ extensions: z.array(z.object({ endpoints: z.array(z.string()).nullish() })) });

/**
 * What a registry has beside the specification, which it is asked for once, at the first repository (distribution
 * specification, "extensions/_oci.md"). Whatever it answers but a list means that it has nothing.
 */
export const openExtensions = (session: Session): HasExtension => {
	let known: ReadonlySet<string> | undefined;
	return async (endpoint, repository, signal) => {
		known ??= await discover(session, repository, signal);
		return known.has(endpoint);
	};
};

const discover = async (session: Session, repository: string, signal: AbortSignal): Promise<ReadonlySet<string>> => {
	const url = new URL(`/v2/${repository}/_oci/ext/discover`, session.origin);
	const scopes = [`repository:${repository}:pull`];
	try {
		// Not tried again: who does not know the question may well fail at it.
		const answer = await session.sendOnce({ method: "GET", url, scopes, headers: { accept: JSON_TYPE } }, signal);
		if (answer.status !== 200 || answer.mediaType !== JSON_TYPE) {
			await answer.discard();
			return new Set();
		}
		const parsed = extensionsSchema.safeParse(await answer.json(MAX_BYTES));
		return new Set(parsed.data?.extensions.flatMap(({ endpoints }) => endpoints ?? []));
	} catch (error) {
		signal.throwIfAborted();
		if (error instanceof RemoteError) return new Set();
		throw error;
	}
};
