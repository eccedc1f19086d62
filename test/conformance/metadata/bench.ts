import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import type { DesiredResource } from "#/metadata/control-state.ts";
import type { PutManifest, PutManifestOutcome } from "#/metadata/manifests.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { isRefused, type Refusal, type Refused } from "#/metadata/refusal.ts";
import type { Upload } from "#/metadata/uploads.ts";
import type { Usages } from "#/metadata/usages.ts";
import { type Digest, formatDigest } from "#/oci/digest.ts";

/** What the suite runs on. */
export type MetadataUnderTest = Metadata & { readonly usages: Usages };

/** One promise of the ports; runs on an empty database. */
export interface MetadataCase {
	readonly name: string;
	run(bench: Bench): Promise<void>;
}

/** Who does everything, if nothing else is said. */
export const actor = "ann";

/** A signal that never fires. */
export const never = new AbortController().signal;

/** The digest of a text, as a stand-in for content. */
export const digestOf = (text: string): Digest =>
	formatDigest("sha256", createHash("sha256").update(text).digest("hex"));

/** The outcome of a command that must not be refused. */
export async function done<T extends object>(outcome: Promise<T | Refused>): Promise<T> {
	const known = await outcome;
	if (isRefused(known)) assert.fail(`refused: ${JSON.stringify(known.refused)}`);
	return known;
}

/** The reason of a command that must be refused. */
export async function refusalOf(outcome: Promise<object>): Promise<Refusal> {
	const known: object | Refused = await outcome;
	if (!isRefused(known)) assert.fail(`not refused: ${JSON.stringify(known)}`);
	return known.refused;
}

/** Waits. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What {@link Bench.put} fills in. */
export type PartialManifest = Partial<Omit<PutManifest, "blobs">> & {
	/** Texts that stand for blobs; their sizes are the texts' lengths. */
	readonly blobs?: readonly string[];
	/** Makes it another manifest. */
	readonly text?: string;
};

/** A database with short ways to fill it. */
export class Bench {
	readonly metadata: MetadataUnderTest;
	#epoch = 0;
	#base = 0;

	constructor(metadata: MetadataUnderTest) {
		this.metadata = metadata;
	}

	/** Applies changes as the operator does. */
	async apply(
		upserts: readonly DesiredResource[],
		deletes: readonly string[] = [],
		releases: readonly string[] = [],
	): Promise<void> {
		const { controlState } = this.metadata;
		if (this.#epoch === 0) ({ epoch: this.#epoch, base: this.#base } = await controlState.begin("operator"));
		const outcome = await controlState.apply({ epoch: this.#epoch, base: this.#base, upserts, deletes, releases });
		if ("refused" in outcome) assert.fail(`refused: ${JSON.stringify(outcome.refused)}`);
		this.#base = outcome.base;
	}

	/** Makes projects, or changes them. */
	async projects(...names: readonly string[]): Promise<void> {
		await this.apply(names.map((name) => project(name)));
	}

	/** Makes projects in which what is deleted is gone for good. */
	async forgetful(...names: readonly string[]): Promise<void> {
		await this.apply(names.map((name) => project(name, { undoWindow: 0 })));
	}

	/** Opens an upload that the caller holds. */
	async upload(repository: string, id: string = randomUUID()): Promise<Upload> {
		const { upload } = await done(this.metadata.uploads.create(uploadInput(repository, id)));
		return upload;
	}

	/** Pushes a blob whose content is `text`. */
	async push(repository: string, text: string): Promise<{ readonly digest: Digest; readonly duplicate: boolean }> {
		const { id, epoch } = await this.upload(repository);
		const digest = digestOf(text);
		const { duplicate } = await done(this.metadata.uploads.complete({ id, epoch, digest, size: text.length, actor }));
		return { digest, duplicate };
	}

	/** Puts a manifest and answers its digest. */
	async put(repository: string, manifest: PartialManifest = {}): Promise<Digest> {
		const input = manifestInput(repository, manifest);
		await done(this.metadata.manifests.put(input));
		return input.digest;
	}

	/** What a manifest push answers, or why it was refused. */
	tryPut(repository: string, manifest: PartialManifest = {}): Promise<PutManifestOutcome | Refused> {
		return this.metadata.manifests.put(manifestInput(repository, manifest));
	}

	/** The digest that a tag has. */
	async tag(repository: string, tag: string): Promise<Digest | undefined> {
		const found = await this.metadata.manifests.find(repository, { kind: "tag", tag }, { payload: false });
		return found?.manifest?.digest;
	}

	/** Fails when what was counted in commands is not what there is. */
	async checkUsage(): Promise<void> {
		for (const { project: name, usage } of await this.metadata.usages.recount()) {
			assert.deepEqual(await this.metadata.usages.find(name), usage, `usage of ${name}`);
		}
	}
}

/** What opens an upload. */
export const uploadInput = (repository: string, id: string) => ({
	id,
	repository,
	key: `${id.slice(-2)}/${id}`,
	algorithm: "sha256" as const,
	actor,
	holder: "replica-1",
	hold: true,
});

/** A project as the operator hands it over. */
export function project(name: string, spec: { readonly [field: string]: unknown } = {}): DesiredResource {
	return { kind: "Project", uid: `uid-${name}`, generation: 1, spec: { name, ...spec } };
}

/** A manifest with all its fields. */
export function manifestInput(repository: string, manifest: PartialManifest): PutManifest {
	const { blobs = [], text = "", ...fields } = manifest;
	const names = JSON.stringify({ blobs, text, children: fields.children, subject: fields.subject });
	const payload = fields.payload ?? new TextEncoder().encode(names);
	return {
		repository,
		digest: formatDigest("sha256", createHash("sha256").update(payload).digest("hex")),
		mediaType: "application/vnd.oci.image.manifest.v1+json",
		artifactType: undefined,
		annotations: undefined,
		config: undefined,
		children: [],
		subject: undefined,
		tags: [],
		condition: undefined,
		actor,
		...fields,
		payload,
		blobs: blobs.map((blob) => ({ digest: digestOf(blob), size: blob.length })),
	};
}
