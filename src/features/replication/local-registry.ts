import { RemoteError, type RemoteErrorCode } from "#/client/remote-error.ts";
import type {
	AttachedDigest,
	BlobSpan,
	RemoteBlob,
	RemoteManifest,
	RemoteRegistry,
	TaggedDigest,
} from "#/client/remote-registry.ts";
import { once } from "#/lib/once.ts";
import type { Descriptor } from "#/oci/descriptor.ts";
import type { Digest } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { parseReference, type Reference } from "#/oci/reference.ts";
import type { Registry } from "#/registry/registry.ts";
import { putLocalBlob } from "./put-local-blob.ts";

/** What {@link LocalRegistry} works with. */
export interface LocalRegistryDeps {
	readonly registry: Registry;
	/** Who writes, for history and events. */
	readonly actor: string;
}

/** Entries of one page. */
const PAGE = 1_000;

type PutBlob = Parameters<RemoteRegistry["putBlob"]>[1];

/**
 * This registry as another one would see it, without the network between. Writes go the way that clients' do, through
 * the same commands: quota, immutability and all other guards hold, and what they refuse is REFUSED.
 */
export class LocalRegistry implements RemoteRegistry {
	readonly #registry: Registry;
	readonly #actor: string;

	constructor({ registry, actor }: LocalRegistryDeps) {
		this.#registry = registry;
		this.#actor = actor;
	}

	async *repositories(signal: AbortSignal): AsyncGenerator<readonly string[]> {
		let last: string | undefined;
		for (let more = true; more; ) {
			const page = await told(() => this.#registry.catalog("all", { last, limit: PAGE }, signal));
			yield page.repositories;
			last = page.repositories.at(-1);
			more = page.more;
		}
	}

	async tags(repository: string, signal: AbortSignal): Promise<AsyncIterable<readonly string[]> | undefined> {
		const { manifests } = this.#registry;
		const page = (last?: string) => told(() => manifests.tags(repository, { last, limit: PAGE }, signal));
		const first = await orAbsent(page());
		return first === undefined ? undefined : pages(first, page, (tag) => tag);
	}

	async tagDigests(
		repository: string,
		signal: AbortSignal,
	): Promise<AsyncIterable<readonly TaggedDigest[]> | undefined> {
		const { manifests } = this.#registry;
		const page = (last?: string) => told(() => manifests.tagDigests(repository, { last, limit: PAGE }, signal));
		const first = await orAbsent(page());
		return first === undefined ? undefined : pages(first, page, ({ tag }) => tag);
	}

	async head(repository: string, reference: string, signal: AbortSignal): Promise<Digest | undefined> {
		const { manifests } = this.#registry;
		const head = await orAbsent(told(() => manifests.head(repository, referenceOf(reference), signal)));
		return head?.digest;
	}

	async manifest(repository: string, reference: string, signal: AbortSignal): Promise<RemoteManifest | undefined> {
		const { manifests } = this.#registry;
		return orAbsent(told(() => manifests.get(repository, referenceOf(reference), signal)));
	}

	async referrers(repository: string, subject: Digest, signal: AbortSignal): Promise<readonly Descriptor[]> {
		const found: Descriptor[] = [];
		let last: string | undefined;
		for (let more = true; more; ) {
			const page = await told(() =>
				this.#registry.manifests.referrers(repository, subject, { last, limit: PAGE }, signal),
			);
			for (const { digest, mediaType, size, artifactType, annotations } of page.referrers) {
				found.push({
					digest,
					mediaType,
					size,
					...(artifactType === undefined ? {} : { artifactType }),
					...(annotations === undefined ? {} : { annotations: { ...annotations } }),
				});
			}
			last = page.referrers.at(-1)?.digest;
			more = page.more;
		}
		return found;
	}

	async *#attached(repository: string, signal: AbortSignal): AsyncGenerator<readonly AttachedDigest[]> {
		const { manifests } = this.#registry;
		let last: string | undefined;
		for (let more = true; more; ) {
			const page = await told(() => manifests.attached(repository, { last, limit: PAGE }, signal));
			yield page.referrers;
			last = page.referrers.at(-1)?.digest;
			more = page.more;
		}
	}

	async attached(repository: string, signal: AbortSignal): Promise<AsyncIterable<readonly AttachedDigest[]>> {
		return this.#attached(repository, signal);
	}

	async hasBlob(repository: string, digest: Digest, signal: AbortSignal): Promise<boolean> {
		const blob = await orAbsent(told(() => this.#registry.blobs.stat(repository, digest, signal)));
		return blob !== undefined;
	}

	async blob(repository: string, digest: Digest, span: BlobSpan, signal: AbortSignal): Promise<RemoteBlob | undefined> {
		const { blobs } = this.#registry;
		const { offset, end = Number.POSITIVE_INFINITY } = typeof span === "number" ? { offset: span } : span;
		const found = await orAbsent(told(() => blobs.stat(repository, digest, signal)));
		if (found === undefined) return undefined;
		const content = await told(() => blobs.content(found, { method: "GET", inline: true }, signal));
		if ("redirect" in content) throw new RemoteError("FAILED", `the bytes of ${digest} are not at hand here`);
		if ("bytes" in content) {
			const { bytes } = content;
			const part = bytes.subarray(offset, end);
			return {
				...{ offset, end: offset + part.length, size: bytes.length, bytes: once(part) },
				[Symbol.asyncDispose]: nothing,
			};
		}
		const open = await told(content.open);
		const last = Math.min(end, open.size);
		const range = offset === 0 && last === open.size ? undefined : { start: offset, end: last - 1 };
		return {
			offset,
			end: Math.max(offset, last),
			size: open.size,
			bytes: offset >= last ? once(new Uint8Array()) : copies(open.chunks(range, signal)),
			[Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
		};
	}

	putBlob(repository: string, blob: PutBlob, signal: AbortSignal): ReturnType<RemoteRegistry["putBlob"]> {
		const { blobs, uploads } = this.#registry;
		return told(() => putLocalBlob({ blobs, uploads, actor: this.#actor }, { repository, ...blob }, signal));
	}

	async putManifest(
		repository: string,
		reference: string,
		manifest: RemoteManifest,
		signal: AbortSignal,
	): Promise<void> {
		const named = referenceOf(reference);
		const push = {
			repository,
			// By its digest also under a tag, so that it keeps it, whichever algorithm that is of.
			reference: { kind: "digest", digest: manifest.digest } as const,
			tags: named.kind === "tag" ? [named.tag] : [],
			contentType: manifest.mediaType,
			condition: undefined,
			actor: this.#actor,
		};
		await told(() => this.#registry.manifests.put(push, once(manifest.payload), signal));
	}

	async remove(repository: string, reference: string, signal: AbortSignal): Promise<"removed" | undefined> {
		const { manifests } = this.#registry;
		const removal = told(() =>
			manifests
				.remove(repository, referenceOf(reference), undefined, this.#actor, signal)
				.then(() => "removed" as const),
		);
		return orAbsent(removal);
	}

	async [Symbol.asyncDispose](): Promise<void> {}
}

type TagPage<T> = { readonly tags: readonly T[]; readonly more: boolean };

async function* pages<T>(
	first: TagPage<T>,
	next: (last: string) => Promise<TagPage<T>>,
	nameOf: (tag: T) => string,
): AsyncGenerator<readonly T[]> {
	for (let page = first; ; ) {
		yield page.tags;
		const last = page.tags.at(-1);
		if (!page.more || last === undefined) return;
		page = await next(nameOf(last));
	}
}

/** The store wants its buffers back; who reads a blob keeps what it is given. */
async function* copies(
	chunks: AsyncIterable<{ readonly bytes: Uint8Array; release(): void }>,
): AsyncGenerator<Uint8Array> {
	for await (const chunk of chunks) {
		// Not by `slice`, which of a Buffer gives a view.
		const copy = new Uint8Array(chunk.bytes);
		chunk.release();
		yield copy;
	}
}

const nothing = async (): Promise<void> => undefined;

const referenceOf = (text: string): Reference => {
	const reference = parseReference(text);
	if (reference === undefined) throw new RemoteError("INVALID", `not a tag or digest: ${text.slice(0, 200)}`);
	return reference;
};

/** What is not there is an answer. */
const orAbsent = async <T>(work: Promise<T>): Promise<T | undefined> => {
	try {
		return await work;
	} catch (error) {
		if (error instanceof RemoteError && error.cause instanceof OciError && ABSENT.has(error.cause.code))
			return undefined;
		throw error;
	}
};

const ABSENT: ReadonlySet<string> = new Set(["NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN"]);

/** Runs `work`; what this registry refuses or fails at leaves as another one's would. */
const told = async <T>(work: () => Promise<T>): Promise<T> => {
	try {
		return await work();
	} catch (error) {
		if (!(error instanceof OciError)) throw error;
		// A body that broke off did so for what the other side's reader said.
		if (error.cause instanceof RemoteError) throw error.cause;
		throw asTheirs(error);
	}
};

const asTheirs = (cause: OciError): RemoteError =>
	new RemoteError(codeOf(cause), `this registry: ${cause.message}${detailOf(cause)}`, { cause });

const detailOf = ({ detail }: OciError): string => (typeof detail === "string" ? ` (${detail})` : "");

const codeOf = ({ code, status }: OciError): RemoteErrorCode => {
	if (code === "DENIED" || code === "UNAUTHORIZED") return "REFUSED";
	return status >= 500 || code === "TOOMANYREQUESTS" ? "FAILED" : "INVALID";
};
