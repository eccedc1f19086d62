import type { Descriptor } from "#/oci/descriptor.ts";
import type { Digest } from "#/oci/digest.ts";
import { isTag } from "#/oci/tag.ts";
import { listAttached } from "./attached.ts";
import type { UploadOpts } from "./blob-upload.ts";
import { hasBlob, openBlob } from "./blobs.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { HasExtension } from "./extensions.ts";
import type { RemoveTag } from "./harbor-tag.ts";
import { listTags } from "./lists.ts";
import { deleteManifest, getManifest, headManifest, sendManifest } from "./manifests.ts";
import { listReferrers } from "./referrers.ts";
import { listUnderTag, readReferrer } from "./referrers-tag.ts";
import type {
	AttachedDigest,
	BlobSpan,
	RemoteBlob,
	RemoteManifest,
	RemoteRegistry,
	TaggedDigest,
} from "./remote-registry.ts";
import { Serially } from "./serially.ts";
import type { Session } from "./session.ts";
import type { TagDigests } from "./tag-digests/tag-digests.ts";
import { type BlobToPut, putBlob } from "./uploads.ts";

/** What a {@link HttpRemoteRegistry} stands on. */
export interface HttpRemoteRegistryDeps {
	readonly session: Session;
	readonly catalog: Catalog;
	readonly tagDigests: TagDigests;
	readonly hasExtension: HasExtension;
	/** The name that the other side has for a repository. */
	readonly nameOf: (repository: string) => string;
	/** How a tag goes alone; absent: as the distribution specification says. */
	readonly removeTag: RemoveTag | undefined;
	/** Ends all that is under way. */
	readonly close: () => Promise<void>;
}

/** Another registry, by the distribution specification. */
export class HttpRemoteRegistry implements RemoteRegistry {
	readonly #deps: HttpRemoteRegistryDeps;
	readonly #opts: UploadOpts;
	readonly #tagged = new Serially();

	constructor(deps: HttpRemoteRegistryDeps, opts: UploadOpts) {
		this.#deps = deps;
		this.#opts = opts;
	}

	repositories(signal: AbortSignal): AsyncIterable<readonly string[]> {
		return this.#deps.catalog(signal);
	}

	tags(repository: string, signal: AbortSignal): Promise<AsyncIterable<readonly string[]> | undefined> {
		return listTags(this.#deps.session, this.#deps.nameOf(repository), signal);
	}

	tagDigests(repository: string, signal: AbortSignal): Promise<AsyncIterable<readonly TaggedDigest[]> | undefined> {
		return this.#deps.tagDigests(this.#deps.nameOf(repository), signal);
	}

	head(repository: string, reference: string, signal: AbortSignal): Promise<Digest | undefined> {
		return headManifest(this.#deps.session, this.#deps.nameOf(repository), reference, signal);
	}

	manifest(repository: string, reference: string, signal: AbortSignal): Promise<RemoteManifest | undefined> {
		return getManifest(this.#deps.session, this.#deps.nameOf(repository), reference, signal);
	}

	referrers(repository: string, subject: Digest, signal: AbortSignal): Promise<readonly Descriptor[]> {
		return listReferrers(this.#deps.session, this.#deps.nameOf(repository), subject, signal);
	}

	attached(repository: string, signal: AbortSignal): Promise<AsyncIterable<readonly AttachedDigest[]> | undefined> {
		const { session, hasExtension, nameOf } = this.#deps;
		return listAttached(session, hasExtension, nameOf(repository), signal);
	}

	hasBlob(repository: string, digest: Digest, signal: AbortSignal): Promise<boolean> {
		return hasBlob(this.#deps.session, this.#deps.nameOf(repository), digest, signal);
	}

	blob(repository: string, digest: Digest, span: BlobSpan, signal: AbortSignal): Promise<RemoteBlob | undefined> {
		return openBlob(this.#deps.session, this.#deps.nameOf(repository), digest, span, signal);
	}

	putBlob(repository: string, blob: BlobToPut, signal: AbortSignal): Promise<"present" | "mounted" | "uploaded"> {
		const { session, nameOf } = this.#deps;
		const from = blob.from?.map(nameOf) ?? [];
		return putBlob(session, nameOf(repository), { ...blob, from }, this.#opts, signal);
	}

	/** A referrer is listed under its subject's tag too where the other side does not do it by itself. */
	async putManifest(
		repository: string,
		reference: string,
		manifest: RemoteManifest,
		signal: AbortSignal,
	): Promise<void> {
		const { session, nameOf } = this.#deps;
		const name = nameOf(repository);
		const { knowsSubject } = await sendManifest(session, name, reference, manifest, signal);
		const referrer = knowsSubject ? undefined : readReferrer(manifest);
		if (referrer === undefined) return;
		await this.#tagged.run(`${name}@${referrer.subject}`, () => listUnderTag(session, name, referrer, signal));
	}

	remove(repository: string, reference: string, signal: AbortSignal): Promise<"removed" | undefined> {
		const { session, nameOf, removeTag } = this.#deps;
		if (removeTag !== undefined && isTag(reference)) return removeTag(nameOf(repository), reference, signal);
		return deleteManifest(session, nameOf(repository), reference, signal);
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.#deps.close();
	}
}
