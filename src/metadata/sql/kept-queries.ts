import type { QueryInput, QueryName, QueryOutput } from "./catalog.ts";

type KeptQueries = {
	readonly [N in QueryName]?: {
		readonly key: (input: QueryInput<N>) => string;
		readonly bytes: (answer: NonNullable<QueryOutput<N>>) => number;
	};
};

/** What an answer costs besides what varies, bytes. */
const ANSWER_BYTES = 512;

/** The queries behind every pull. What they answer depends on their input and the database alone, not on the time. */
export const keptQueries = {
	"manifests.find": {
		key: ({ repository, reference, payload }) => {
			const text = reference.kind === "tag" ? reference.tag : reference.digest;
			return `${payload ? "manifest" : "head"} ${repository} ${text}`;
		},
		bytes: ({ manifest }) => ANSWER_BYTES + (manifest?.payload?.byteLength ?? 0),
	},
	"blobs.find": {
		key: ({ repository, digest }) => `blob ${repository} ${digest}`,
		bytes: () => ANSWER_BYTES,
	},
} as const satisfies KeptQueries;
