// A client that pushes, moves and deletes images of its own repositories at random, and remembers what it was told.
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from "#/oci/media-types.ts";
import { bytesOf, pushBlob, randomContent, type SizeBounds } from "./blob-pusher.ts";
import { type Content, type PushedManifest, Register, RepositoryLedger } from "./push-ledger.ts";
import { type Change, expectStatus, type RetryingClient, Violation } from "./retrying-client.ts";
import { type Random, randomBelow } from "./seeded-random.ts";

/** What a pusher works with. */
export interface ImagePusherOpts {
	readonly client: RetryingClient;
	/** Names of its two repositories, which nobody else writes. */
	readonly repositories: readonly [string, string];
	/** Contents that all pushers push now and then, so that they meet. */
	readonly common: readonly Content[];
	readonly sizes: SizeBounds;
	readonly random: Random;
}

/** See the head of this file. */
export class ImagePusher {
	readonly #opts: ImagePusherOpts;
	readonly ledgers: readonly RepositoryLedger[];
	/** Changes that were acknowledged. */
	acknowledged = 0;

	constructor(opts: ImagePusherOpts) {
		this.#opts = opts;
		this.ledgers = opts.repositories.map((name) => new RepositoryLedger(name));
	}

	/** Does one thing, to its end. @throws Violation, Stopped */
	async step(): Promise<void> {
		const { random } = this.#opts;
		const ledger = this.#one(this.ledgers) ?? new RepositoryLedger("");
		const choice = random();
		if (choice < 0.5) await this.#pushImage(ledger);
		else if (choice < 0.58) await this.#pushIndex(ledger);
		else if (choice < 0.72) await this.#moveTag(ledger);
		else if (choice < 0.79) await this.#deleteTag(ledger);
		else if (choice < 0.85) await this.#deleteManifest(ledger);
		else if (choice < 0.9) await this.#deleteBlob(ledger);
		else await this.#pull(ledger);
		this.acknowledged += 1;
	}

	async #pushImage(ledger: RepositoryLedger): Promise<void> {
		const blobs: Content[] = [];
		for (let i = 1 + randomBelow(this.#opts.random, 3); i >= 0; i--) blobs.push(await this.#someBlob(ledger));
		const [config, ...layers] = blobs.map(describe);
		const subject = this.#opts.random() < 0.2 ? this.#one(ledger.present()) : undefined;
		await this.#putManifest(ledger, {
			mediaType: OCI_MANIFEST,
			document: {
				config: { mediaType: OCI_CONFIG, ...config },
				layers: layers.map((layer) => ({ mediaType: OCI_LAYER, ...layer })),
				...(subject === undefined ? {} : { subject: refer(subject) }),
			},
			blobs,
			children: [],
			subject: subject?.digest,
		});
	}

	async #pushIndex(ledger: RepositoryLedger): Promise<void> {
		const first = this.#one(ledger.present());
		const second = this.#one(ledger.present());
		if (first === undefined || second === undefined) return;
		const document = { manifests: [first, second].map(refer) };
		const children = [first.digest, second.digest];
		await this.#putManifest(ledger, { mediaType: OCI_INDEX, document, blobs: [], children, subject: undefined });
	}

	/** A blob that the repository has afterwards: its own, one of all, another repository's, or a new one. */
	async #someBlob(repository: RepositoryLedger): Promise<Content> {
		const { client, random, common, sizes } = this.#opts;
		const choice = random();
		const own = this.#one(repository.presentBlobs());
		if (choice < 0.2 && own !== undefined) return own;
		const source = this.#one(this.ledgers);
		const foreign = choice < 0.45 ? this.#one(source?.presentBlobs() ?? []) : undefined;
		const shared = choice < 0.6 ? this.#one(common) : undefined;
		const content = foreign ?? shared ?? randomContent(random, sizes);
		const from = foreign === undefined ? (random() < 0.2 ? "any" : undefined) : source?.name;
		await pushBlob({ client, repository, content, random, from });
		return content;
	}

	async #putManifest(
		ledger: RepositoryLedger,
		manifest: Pick<PushedManifest, "mediaType" | "blobs" | "children" | "subject"> & { readonly document: object },
	): Promise<void> {
		const { document, ...rest } = manifest;
		const { mediaType } = rest;
		const annotations = { "org.example.nonce": String(this.#opts.random()) };
		const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...document, annotations }));
		const pushed = { ...rest, bytes, digest: digestOf(bytes), isThere: new Register(false) };
		ledger.manifests.set(pushed.digest, pushed);
		await this.#put(ledger, pushed, this.#someTags());
	}

	/** Puts a manifest by digest without tags, else by the first of them. */
	async #put(ledger: RepositoryLedger, manifest: PushedManifest, tags: readonly string[]): Promise<void> {
		const [reference, ...more] = tags.length === 0 ? [manifest.digest] : tags;
		const query = more.map((tag) => `tag=${tag}`).join("&");
		const path = `/v2/${ledger.name}/manifests/${reference}${query === "" ? "" : `?${query}`}`;
		const headers = { "content-type": manifest.mediaType };
		const changes: Change<unknown>[] = [
			{ register: manifest.isThere, value: true },
			...tags.map((tag) => ({ register: ledger.tag(tag), value: manifest.digest })),
		];
		await this.#opts.client.change({ method: "PUT", path, headers, body: [manifest.bytes] }, [201], changes);
	}

	async #moveTag(ledger: RepositoryLedger): Promise<void> {
		const manifest = this.#one(ledger.present());
		if (manifest !== undefined) await this.#put(ledger, manifest, [`t${randomBelow(this.#opts.random, 30)}`]);
	}

	async #deleteTag(ledger: RepositoryLedger): Promise<void> {
		const [tag, register] = this.#one([...ledger.tags]) ?? [];
		if (tag === undefined || register?.value === undefined) return;
		const call = { method: "DELETE", path: `/v2/${ledger.name}/manifests/${tag}` };
		// A try that was not answered may have done it.
		await this.#opts.client.change(call, [202, 404], [{ register, value: undefined }]);
	}

	/** Deletes a manifest that nothing refers to, and so every tag of it. */
	async #deleteManifest(ledger: RepositoryLedger): Promise<void> {
		const isFree = ({ digest }: PushedManifest): boolean =>
			[...ledger.manifests.values()].every(({ children, isThere }) =>
				isThere.value || !isThere.isCertain ? !children.includes(digest) : true,
			) && [...ledger.tags.values()].every((tag) => tag.isCertain || !tag.allows(digest));
		const manifest = this.#one(ledger.present().filter(isFree));
		if (manifest === undefined) return;
		const tags = [...ledger.tags.values()].filter(({ value }) => value === manifest.digest);
		const call = { method: "DELETE", path: `/v2/${ledger.name}/manifests/${manifest.digest}` };
		await this.#opts.client.change(
			call,
			[202, 404],
			[{ register: manifest.isThere, value: false }, ...tags.map((register) => ({ register, value: undefined }))],
		);
	}

	/** Deletes a blob that no manifest was ever made of. */
	async #deleteBlob(repository: RepositoryLedger): Promise<void> {
		const { client, random, sizes } = this.#opts;
		const content = randomContent(random, sizes);
		await pushBlob({ client, repository, content, random });
		const call = { method: "DELETE", path: `/v2/${repository.name}/blobs/${content.digest}` };
		await client.change(call, [202, 404], [{ register: repository.blob(content), value: false }]);
	}

	/** Reads something that must be there. */
	async #pull(ledger: RepositoryLedger): Promise<void> {
		const manifest = this.#one(ledger.present());
		if (manifest === undefined) return;
		await pullExactly(this.#opts.client, `/v2/${ledger.name}/manifests/${manifest.digest}`, manifest.bytes);
		const content = this.#one(manifest.blobs);
		if (content === undefined) return;
		await pullExactly(this.#opts.client, `/v2/${ledger.name}/blobs/${content.digest}`, bytesOf(content));
	}

	#someTags(): readonly string[] {
		const { random } = this.#opts;
		const count = random() < 0.2 ? 0 : random() < 0.75 ? 1 : 2 + randomBelow(random, 2);
		return [...new Set(Array.from({ length: count }, () => `t${randomBelow(random, 60)}`))];
	}

	#one<T>(choices: readonly T[]): T | undefined {
		return choices[randomBelow(this.#opts.random, choices.length)];
	}
}

const describe = ({ digest, size }: Content): { readonly digest: Digest; readonly size: number } => ({ digest, size });

const refer = ({ digest, mediaType, bytes }: PushedManifest): object => ({ mediaType, digest, size: bytes.byteLength });

/** Gets a path and compares what comes. @throws Violation */
export const pullExactly = async (client: RetryingClient, path: string, expected: Uint8Array): Promise<void> => {
	const call = { method: "GET", path };
	const answer = await client.ask(call);
	expectStatus(call, answer, 200);
	if (Buffer.compare(answer.body, expected) !== 0) throw new Violation(`GET ${path}: other bytes than were pushed`);
};
