import { formatBasic } from "./auth/login.ts";
import { errorOf, readFailure, saysAbsent } from "./read-failure.ts";
import { Retry, type RetryOpts, retrying } from "./retry.ts";
import type { Wire } from "./wire.ts";

/** Takes a tag away and leaves its manifest; undefined: there was none. @throws RemoteError */
export type RemoveTag = (repository: string, tag: string, signal: AbortSignal) => Promise<"removed" | undefined>;

/** By Harbor's own interface, since its `/v2/` deletes no tags. */
export const harborRemoveTag =
	(
		{ wire, origin }: { readonly wire: Wire; readonly origin: URL },
		credentials: { readonly username: string; readonly password: string } | undefined,
		opts: RetryOpts,
	): RemoveTag =>
	(repository, tag, signal) => {
		const [project = "", ...rest] = repository.split("/");
		// A name with slashes is escaped twice, as its interface says.
		const name = encodeURIComponent(encodeURIComponent(rest.join("/")));
		const path = `/api/v2.0/projects/${project}/repositories/${name}/artifacts/${tag}/tags/${tag}`;
		const headers = {
			accept: "application/json",
			"x-is-resource-name": "true",
			...(credentials === undefined ? {} : { authorization: formatBasic(credentials) }),
		};
		const attempt = async (): Promise<"removed" | undefined> => {
			const answer = await wire.send({ method: "DELETE", url: new URL(path, origin), headers }, signal);
			const failure = await readFailure(answer);
			if (answer.status === 200) return "removed";
			if (answer.status === 404 && saysAbsent(failure)) return undefined;
			throw errorOf(answer, failure);
		};
		return retrying(new Retry(wire.timing, opts), attempt, signal);
	};
