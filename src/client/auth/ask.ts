import type { z } from "zod";
import { toError } from "#/client/read-failure.ts";
import { RemoteError } from "#/client/remote-error.ts";
import { Retry, type RetryOpts, retrying } from "#/client/retry.ts";
import type { Wire, WireRequest } from "#/client/wire.ts";
import { formatIssues } from "#/lib/format-issues.ts";

/** Answers of token services and of vendors' own interfaces are read up to here. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Asks something that answers in JSON, with credentials in the request or none; tries again what may pass. */
export type Ask = <T>(request: WireRequest, schema: z.ZodType<T>, signal: AbortSignal) => Promise<Reply<T>>;

/** An answer in JSON. */
interface Reply<T> {
	readonly value: T;
	/** A header of the answer. */
	readonly header: (name: string) => string | undefined;
}

/** An {@link Ask} over the wire. It throws RemoteError for every answer that is no 200, and for one of another shape. */
export const createAsk =
	(wire: Wire, opts: RetryOpts): Ask =>
	(request, schema, signal) =>
		retrying(
			new Retry(wire.timing, opts),
			async () => {
				const answer = await wire.send(request, signal);
				if (answer.status !== 200) throw await toError(answer);
				const parsed = schema.safeParse(await answer.json(MAX_BYTES));
				if (!parsed.success) throw new RemoteError("INVALID", `${answer.what}: ${formatIssues(parsed.error.issues)}`);
				return { value: parsed.data, header: (name: string) => answer.header(name) };
			},
			signal,
		);
