import type { ManifestHead, Manifests, TagCondition } from "#/metadata/manifests.ts";
import { isRefused } from "#/metadata/refusal.ts";
import type { TagStates } from "#/metadata/tag-states.ts";
import { OciError } from "#/oci/error.ts";
import type { Reference } from "#/oci/reference.ts";
import { answer, refusalError } from "#/registry/errors.ts";
import { pageOf } from "#/registry/page-of.ts";
import type { ManifestContent, ManifestService } from "#/registry/registry.ts";
import type { ManifestCache } from "./manifest-cache.ts";
import { readManifest } from "./read-manifest.ts";

/** What manifests are served from. */
export interface ManifestServiceDeps {
	readonly manifests: Manifests;
	readonly tagStates: Pick<TagStates, "list" | "attached">;
	/** Worth it where reading a payload is a trip over the network. @defaultValue none */
	readonly cache?: ManifestCache | undefined;
}

/** Manifests and tags over metadata, where their bytes are. */
export const createManifestService = ({ manifests, tagStates, cache }: ManifestServiceDeps): ManifestService => ({
	get: (repository, reference, signal) =>
		answer(async () => {
			if (cache === undefined)
				return contentOf(await find(manifests, repository, reference, { payload: true, signal }));
			// The head proves that the repository has the manifest now; only then may cached bytes be shown.
			const head = await find(manifests, repository, reference, { payload: false, signal });
			const cached = cache.find(head.manifest.digest);
			if (cached !== undefined) return contentOf({ ...head, manifest: { ...head.manifest, payload: cached } });
			const stored = contentOf(await find(manifests, repository, reference, { payload: true, signal }));
			cache.put(stored.digest, stored.payload);
			return stored;
		}),

	head: (repository, reference, signal) =>
		answer(async () => (await find(manifests, repository, reference, { payload: false, signal })).manifest),

	put: (push, body) => answer(() => put(manifests, push, body)),

	remove: (repository, reference, condition, actor) =>
		answer(async () => {
			if (reference.kind === "digest") assertCondition(reference.digest, condition);
			const outcome =
				reference.kind === "tag"
					? await manifests.removeTag(repository, reference.tag, condition, actor)
					: await manifests.remove(repository, reference.digest, actor);
			if (isRefused(outcome)) throw refusalError(outcome.refused);
		}),

	tags: (repository, { last, limit }, signal) =>
		answer(async () => {
			const page = await pageOf(limit, (more) => manifests.tags(repository, { last, limit: more }, signal));
			if (page === undefined) throw new OciError("NAME_UNKNOWN", { detail: { name: repository } });
			return { tags: page.entries, more: page.more };
		}),

	tagDigests: (repository, { last, limit }, signal) =>
		answer(async () => {
			const page = await pageOf(limit, (more) => tagStates.list(repository, { last, limit: more }, signal));
			if (page === undefined) throw new OciError("NAME_UNKNOWN", { detail: { name: repository } });
			return { tags: page.entries, more: page.more };
		}),

	attached: (repository, { last, limit }, signal) =>
		answer(async () => {
			const page = await pageOf(limit, (more) => tagStates.attached(repository, { last, limit: more }, signal));
			return { referrers: page?.entries ?? [], more: page?.more ?? false };
		}),

	referrers: (repository, subject, { artifactType, last, limit }, signal) =>
		answer(async () => {
			const page = await pageOf(limit, (more) =>
				manifests.referrers(repository, subject, { artifactType, last, limit: more }, signal),
			);
			return { referrers: page?.entries ?? [], more: page?.more ?? false };
		}),
});

interface Found {
	readonly manifest: ManifestHead & { readonly payload?: Uint8Array };
	readonly repositoryId: number;
}

const find = async (
	manifests: Manifests,
	repository: string,
	reference: Reference,
	opts: { readonly payload: boolean; readonly signal: AbortSignal },
): Promise<Found> => {
	const found = await manifests.find(repository, reference, { payload: opts.payload }, opts.signal);
	if (found === undefined) throw new OciError("NAME_UNKNOWN", { detail: { name: repository } });
	if (found.manifest !== undefined) return { manifest: found.manifest, repositoryId: found.repository.id };
	const text = reference.kind === "tag" ? reference.tag : reference.digest;
	throw new OciError("MANIFEST_UNKNOWN", { detail: { reference: text } });
};

const contentOf = ({ manifest, repositoryId }: Found): ManifestContent => {
	const { digest, mediaType, size, payload } = manifest;
	if (payload === undefined) throw new Error(`metadata has no payload of manifest ${digest}`);
	return { digest, mediaType, size, payload, repositoryId };
};

const put = async (
	manifests: Manifests,
	push: Parameters<ManifestService["put"]>[0],
	body: Parameters<ManifestService["put"]>[1],
): ReturnType<ManifestService["put"]> => {
	const { repository, reference, condition, actor } = push;
	const { payload, digest, parsed } = await readManifest(reference, push.contentType, body);
	const tags = [...new Set(reference.kind === "tag" ? [reference.tag, ...push.tags] : push.tags)];
	const subject = parsed.subject?.digest;
	const outcome = await manifests.put({
		repository,
		digest,
		mediaType: parsed.mediaType,
		artifactType: parsed.artifactType,
		payload,
		annotations: parsed.annotations,
		blobs: parsed.blobs,
		config: parsed.config?.digest,
		children: parsed.children,
		subject,
		tags,
		condition,
		actor,
	});
	if (isRefused(outcome)) throw refusalError(outcome.refused);
	return { digest, subject, tags };
};

/** A digest's entity tag is the digest itself, which never changes: no need to ask metadata (RFC 9110 §13.1). */
const assertCondition = (digest: string, condition: TagCondition | undefined): void => {
	const { ifMatch, ifNoneMatch } = condition ?? {};
	const matches = (tags: readonly string[] | "*"): boolean => tags === "*" || tags.includes(digest);
	if ((ifMatch !== undefined && !matches(ifMatch)) || (ifNoneMatch !== undefined && matches(ifNoneMatch))) {
		throw new OciError("PRECONDITION_FAILED", { detail: { digest } });
	}
};
