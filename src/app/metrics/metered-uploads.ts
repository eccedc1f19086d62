import type { Counter, Gauge } from "prom-client";
import type { Body, UploadService } from "#/registry/registry.ts";

/** Where uploads are counted. */
export interface UploadMeters {
	/** Requests that bring bytes, under way. */
	readonly requests: Gauge;
	/** Bytes that came, kept or not. */
	readonly bytes: Counter;
	/** Labels: outcome (`begun`, `mounted`, `finished`, `cancelled`). */
	readonly outcomes: Counter<"outcome">;
}

/** The same uploads, with what comes and what becomes of it counted. */
export const meteredUploads = (uploads: UploadService, meters: UploadMeters): UploadService => {
	const during = async <T>(
		body: Body,
		work: (body: Body) => Promise<T>,
		outcomeOf: (result: T) => string | undefined,
	) => {
		meters.requests.inc();
		try {
			const result = await work(counted(body, meters.bytes));
			const outcome = outcomeOf(result);
			if (outcome !== undefined) meters.outcomes.inc({ outcome });
			return result;
		} finally {
			meters.requests.dec();
		}
	};
	return {
		start(request, body, signal) {
			let isRead = false;
			const watched = {
				[Symbol.asyncIterator]: () => {
					isRead = true;
					return body[Symbol.asyncIterator]();
				},
			};
			return during(
				watched,
				(pieces) => uploads.start(request, pieces, signal),
				({ kind }) => (kind === "upload" ? "begun" : isRead ? "finished" : "mounted"),
			);
		},
		status: (repository, id, signal) => uploads.status(repository, id, signal),
		append: (request, body, signal) =>
			during(
				body,
				(pieces) => uploads.append(request, pieces, signal),
				() => undefined,
			),
		finish: (request, body, signal) =>
			during(
				body,
				(pieces) => uploads.finish(request, pieces, signal),
				() => "finished",
			),
		async cancel(repository, id, signal) {
			await uploads.cancel(repository, id, signal);
			meters.outcomes.inc({ outcome: "cancelled" });
		},
		drain: (signal) => uploads.drain(signal),
	};
};

/** The same body; not a generator, for it is on the way of every byte. */
const counted = (body: Body, bytes: Counter): Body => ({
	[Symbol.asyncIterator]: () => {
		const pieces = body[Symbol.asyncIterator]();
		return {
			next: async () => {
				const next = await pieces.next();
				if (next.done !== true) bytes.inc(next.value.byteLength);
				return next;
			},
			return: async () => (await pieces.return?.()) ?? { done: true, value: undefined },
		};
	},
});
