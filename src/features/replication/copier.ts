import { LRUCache } from "@thi.ng/cache/lru";
import { RemoteError } from "#/client/remote-error.ts";
import type { BlobSpan, RemoteBlob, RemoteManifest } from "#/client/remote-registry.ts";
import type { TransferBudget } from "#/client/transfer-budget.ts";
import { inParallel } from "#/lib/in-parallel.ts";
import type { Descriptor } from "#/oci/descriptor.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { type Inside, type ReadManifest, readManifest } from "./choose-artifact.ts";
import { type RangeReaderDeps, readInRanges } from "./range-reader.ts";
import type { Side } from "./side.ts";
import type { Tally } from "./tally.ts";

/** A repository of the source, and where it goes. */
export interface Pair {
	readonly source: string;
	readonly target: string;
}

/** What a {@link Copier} works with. */
export interface CopierDeps {
	readonly source: Side;
	readonly target: Side;
	/** What transfers may use together. */
	readonly budget: TransferBudget;
	readonly tally: Tally;
	/** Where a repository of the source goes; undefined: nowhere. */
	readonly nameTarget: (source: string) => string | undefined;
}

/** Indexes within indexes, and referrers of referrers. */
const MAX_DEPTH = 8;
/** Blobs of which is remembered where they are at the target, to mount them from there. */
const MAX_PLACES = 50_000;
/** Parts of one manifest that are looked after at once; how many are transferred is a matter of the permits. */
const PARTS = 16;
/** A blob that is read in several ranges at once, bytes; and each of them, which is held in memory. */
const LARGE_BYTES = 64 * 1024 * 1024;
const RANGE_BYTES = 8 * 1024 * 1024;
/** Ranges of a blob that are held beside the one that is handed on. */
const MAX_AHEAD = 7;
/** The largest configuration that is looked into, bytes. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/**
 * Copies manifests with all that they name, each after what it names; what is there already is not sent again. So a
 * manifest at the target is whole, and a run that was killed goes on with the first that is not there.
 */
export class Copier {
	readonly #deps: CopierDeps;
	/** What is under way, so that two tags that share a layer send it once. */
	readonly #flights = new Map<string, Promise<void>>();
	readonly #places = new LRUCache<Digest, string>(null, { maxlen: MAX_PLACES });

	constructor(deps: CopierDeps) {
		this.#deps = deps;
	}

	/** A manifest of the source, by its digest; undefined: it is gone. @throws RemoteError INVALID when it is no manifest */
	async find(pair: Pair, digest: Digest, signal: AbortSignal): Promise<ReadManifest | undefined> {
		const { source, budget } = this.#deps;
		const found = await budget.run(() => source.registry.manifest(pair.source, digest, signal), signal);
		return found && readManifest(found);
	}

	async #read(pair: Pair, digest: Digest, signal: AbortSignal): Promise<ReadManifest> {
		const found = await this.find(pair, digest, signal);
		if (found !== undefined) return found;
		throw new RemoteError("INVALID", `${pair.source}@${digest} is gone at ${this.#deps.source.name}`);
	}

	/** How the source is looked into. */
	inside(pair: Pair, signal: AbortSignal): Inside {
		return {
			manifest: (digest) => this.#read(pair, digest, signal),
			blob: (descriptor) => this.#readBlob(pair, descriptor, signal),
		};
	}

	/** Copies a manifest without a tag, if it is not there. True: it was not. */
	async copy(pair: Pair, digest: Digest, signal: AbortSignal, depth = 0): Promise<boolean> {
		const { target, budget } = this.#deps;
		const present = await budget.run(() => target.registry.head(pair.target, digest, signal), signal);
		if (present !== undefined) return false;
		await this.#once(`${pair.target}@${digest}`, async () => {
			const manifest = await this.#read(pair, digest, signal);
			await this.copyContent(pair, manifest, signal, depth);
			await this.put(pair, digest, manifest, signal);
		});
		return true;
	}

	/** Copies what a manifest names: its subject where the source has it, manifests, blobs. */
	async copyContent(pair: Pair, { parsed, digest }: ReadManifest, signal: AbortSignal, depth = 0): Promise<void> {
		if (depth > MAX_DEPTH) throw new RemoteError("INVALID", `${digest} lies more than ${MAX_DEPTH} levels deep`);
		const { subject, children, blobs } = parsed;
		if (subject !== undefined) await this.#copyIfThere(pair, subject.digest, signal, depth + 1);
		await inParallel(children, PARTS, (child) => this.#copyIfThere(pair, child, signal, depth + 1));
		await inParallel(blobs, PARTS, (blob) => this.#copyBlob(pair, blob, signal));
	}

	/** Puts a manifest whose content is there. */
	async put(pair: Pair, reference: string, manifest: RemoteManifest, signal: AbortSignal): Promise<void> {
		const { target, budget } = this.#deps;
		await budget.run(() => target.registry.putManifest(pair.target, reference, manifest, signal), signal);
	}

	/** What a subject or a sparse index names may be missing at the source as well: then the target says whether it minds. */
	async #copyIfThere(pair: Pair, digest: Digest, signal: AbortSignal, depth: number): Promise<void> {
		const { source, budget } = this.#deps;
		const there = await budget.run(() => source.registry.head(pair.source, digest, signal), signal);
		if (there !== undefined) await this.copy(pair, digest, signal, depth);
	}

	#copyBlob(pair: Pair, blob: { readonly digest: Digest; readonly size: number }, signal: AbortSignal): Promise<void> {
		const { digest } = blob;
		if (this.#places.get(digest) === pair.target) return Promise.resolve();
		return this.#once(`${pair.target} ${digest}`, async () => {
			await this.#deps.budget.run(() => this.#sendBlob(pair, blob, signal), signal);
			this.#places.set(digest, pair.target);
		});
	}

	async #sendBlob(
		pair: Pair,
		{ digest, size }: { readonly digest: Digest; readonly size: number },
		signal: AbortSignal,
	): Promise<void> {
		const { source, target } = this.#deps;
		const known = this.#places.get(digest);
		const from = known === undefined ? await this.#neighbours(pair, digest, signal) : [known];
		await using parts = new AsyncDisposableStack();
		const over = new AbortController();
		const open = async (span: BlobSpan, within: AbortSignal): Promise<RemoteBlob> => {
			const blob = await source.registry.blob(pair.source, digest, span, within);
			if (blob === undefined) throw new RemoteError("INVALID", `${source.name} has no blob ${digest}`);
			return blob;
		};
		const read = async (offset: number, within: AbortSignal): Promise<AsyncIterable<Uint8Array>> => {
			const reading = AbortSignal.any([within, over.signal]);
			const bytes = this.#counted(readInRanges(this.#rangesOf(size, open), { offset, size }, reading));
			parts.defer(async () => void (await bytes.return(undefined).catch(() => undefined)));
			return bytes;
		};
		parts.defer(() => over.abort(new Error("the blob is not wanted any more")));
		await target.registry.putBlob(pair.target, { digest, size, from, read }, signal);
	}

	/** Where other repositories of the source that have the blob went, it may be at hand. */
	async #neighbours(pair: Pair, digest: Digest, signal: AbortSignal): Promise<readonly string[]> {
		const { source, nameTarget } = this.#deps;
		const names = await source.holders(pair.source, digest, signal);
		return names.filter((name) => name !== pair.source).flatMap((name) => nameTarget(name) ?? []);
	}

	/** A large blob of another registry is read in ranges, several at once where there are places; else as one stream. */
	#rangesOf(size: number, open: RangeReaderDeps["open"]): RangeReaderDeps {
		const { source, budget } = this.#deps;
		const isInRanges = !source.isLocal && size >= LARGE_BYTES;
		return {
			open,
			pace: (bytes, within) => budget.pace(bytes, within),
			borrow: () => budget.borrow(),
			rangeBytes: isInRanges ? RANGE_BYTES : undefined,
			maxAhead: MAX_AHEAD,
		};
	}

	async *#counted(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
		for await (const piece of bytes) {
			this.#deps.tally.bytes += piece.byteLength;
			yield piece;
		}
	}

	async #readBlob(pair: Pair, { digest, size }: Descriptor, signal: AbortSignal): Promise<Uint8Array> {
		const { source, budget } = this.#deps;
		if (size > MAX_CONFIG_BYTES)
			throw new RemoteError("INVALID", `the configuration ${digest} is too large to look into`);
		return budget.run(async () => {
			const blob = await source.registry.blob(pair.source, digest, 0, signal);
			if (blob === undefined) throw new RemoteError("INVALID", `${source.name} has no blob ${digest}`);
			await using _open = blob;
			const pieces: Uint8Array[] = [];
			let length = 0;
			for await (const piece of blob.bytes) {
				length += piece.byteLength;
				if (length > size) break;
				pieces.push(piece);
			}
			const bytes = Buffer.concat(pieces);
			const algorithm = digest.startsWith("sha512:") ? "sha512" : "sha256";
			if (digestOf(bytes, algorithm) === digest) return bytes;
			throw new RemoteError("INVALID", `what ${source.name} has as ${digest} is something else`);
		}, signal);
	}

	#once(key: string, work: () => Promise<void>): Promise<void> {
		const flight = this.#flights.get(key) ?? work().finally(() => this.#flights.delete(key));
		this.#flights.set(key, flight);
		return flight;
	}
}
