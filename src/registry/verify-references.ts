import type { DanglingRequest, Objects } from "#/metadata/objects.ts";
import type { Finding } from "./verify.ts";

/** What names a blob, in words for people. */
const NAMERS: { readonly [kind in DanglingRequest["kind"]]: (repository: string | undefined) => string } = {
	blobs: () => "an object with its bytes",
	links: (repository = "") => `the blob that is linked in ${repository}`,
	manifests: (repository = "") => `the link that a manifest of ${repository} needs`,
	deleted: (repository = "") => `the blob of a deleted manifest of ${repository}, which can be restored`,
};

/** Rows that are looked at in one statement. */
const PAGE = 1_000;

/**
 * Looks whether all that metadata names in a store is there for it: blobs their objects, links their blobs, manifests
 * their links, and what was deleted and can be restored its blobs. The registry may be at work.
 *
 * @returns how many were looked at, and how many of those name what is not there
 * @throws MetadataError when metadata cannot answer
 */
export const verifyReferences = async (
	{ objects, found }: { readonly objects: Pick<Objects, "dangling">; readonly found: (finding: Finding) => void },
	store: string,
	signal: AbortSignal,
): Promise<{ readonly references: number; readonly findings: number }> => {
	const sum = { references: 0, findings: 0 };
	for (const kind of ["blobs", "links", "manifests", "deleted"] as const) {
		for (let after: DanglingRequest["after"]; ; ) {
			const page = await objects.dangling({ store, kind, after, limit: PAGE }, signal);
			sum.references += page.looked;
			sum.findings += page.found.length;
			for (const { digest, repository } of page.found) {
				found({ kind: "dangling", store, key: digest, expected: NAMERS[kind](repository) });
			}
			after = page.next;
			if (after === undefined) break;
		}
	}
	return sum;
};
