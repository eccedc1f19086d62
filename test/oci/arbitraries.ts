import fc from "fast-check";
import type { Digest } from "#/oci/digest.ts";
import type { V2Endpoint } from "#/oci/path.ts";
import type { Reference } from "#/oci/reference.ts";

/** Names that a path parser may mistake for an endpoint, besides ordinary ones. */
const component = fc.oneof(
	fc.constantFrom("manifests", "blobs", "uploads", "tags", "list", "referrers", "v2", "latest", "ext", "digests"),
	fc.stringMatching(/^[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,6}){0,3}$/),
);

/** Repository names, many of them full of the words of the path grammar. */
export const repository: fc.Arbitrary<string> = fc
	.array(component, { minLength: 1, maxLength: 5 })
	.map((components) => components.join("/"))
	.filter((name) => name.length <= 255);

/** Tags, some of them words of the path grammar. */
export const tag: fc.Arbitrary<string> = fc.oneof(
	fc.constantFrom("latest", "uploads", "list", "blobs", "_"),
	fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/),
);

/** Digests of both algorithms. */
export const digest: fc.Arbitrary<Digest> = fc.oneof(
	fc.stringMatching(/^[0-9a-f]{64}$/).map((hex): Digest => `sha256:${hex}`),
	fc.stringMatching(/^[0-9a-f]{128}$/).map((hex): Digest => `sha512:${hex}`),
);

/** References of both kinds. */
export const reference: fc.Arbitrary<Reference> = fc.oneof(
	tag.map((text): Reference => ({ kind: "tag", tag: text })),
	digest.map((text): Reference => ({ kind: "digest", digest: text })),
);

const uploadId = fc.oneof(fc.constantFrom("uploads", "blobs"), fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/));

const OPTS = { noNullPrototype: true } as const;

/** Every endpoint with every part that its path has. */
export const endpoint: fc.Arbitrary<V2Endpoint> = fc.oneof(
	fc.constant<V2Endpoint>({ kind: "base" }),
	fc.constant<V2Endpoint>({ kind: "catalog" }),
	fc.record({ kind: fc.constant("tags" as const), repository }, OPTS),
	fc.record({ kind: fc.constant("manifest" as const), repository, reference }, OPTS),
	fc.record({ kind: fc.constant("blob" as const), repository, digest }, OPTS),
	fc.record({ kind: fc.constant("uploads" as const), repository }, OPTS),
	fc.record({ kind: fc.constant("upload" as const), repository, id: uploadId }, OPTS),
	fc.record({ kind: fc.constant("referrers" as const), repository, digest }, OPTS),
	fc.record(
		{ kind: fc.constantFrom("extensions" as const, "tagDigests" as const, "attached" as const), repository },
		OPTS,
	),
);
