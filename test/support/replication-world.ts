import assert from "node:assert/strict";
import { type ReplicationPolicySpec, replicationPolicySpec } from "#/api/replication-policy-spec.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { type ReplicationDeps, ReplicationFeature, type ReplicationFigures } from "#/features/replication/index.ts";
import { LocalRegistry } from "#/features/replication/local-registry.ts";
import type { JsonObject, RunResult, RunTrigger } from "#/jobs/policy-feature.ts";
import { systemClock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";
import { parseReference } from "#/oci/reference.ts";
import type { Registry } from "#/registry/registry.ts";
import { bodyOf } from "./bodies.ts";
import { forever, openRegistryHarness, pushBlob, type RegistryHarness } from "./registry.ts";
import { openInspectedMetadata, wallClock } from "./sqlite-metadata.ts";

/** A registry of its own in this process, with what tests do to it. Its projects are those of the harness: p, q, s and o. */
export class ReplicationPlace implements AsyncDisposable {
	readonly metadata: Metadata;
	readonly registry: Registry;
	readonly #harness: RegistryHarness;

	constructor(harness: RegistryHarness) {
		this.#harness = harness;
		this.metadata = harness.metadata;
		this.registry = harness.instance().registry;
	}

	/** As another registry sees it. */
	asRemote(): RemoteRegistry {
		return new LocalRegistry({ registry: this.registry, actor: "robot:replication" });
	}

	/** Pushes a small image, under a tag or without one. */
	async push(repository: string, tag: string | undefined, content: ImageContent): Promise<Digest> {
		return await this.pushManifest(repository, tag, await this.#image(repository, content));
	}

	/** Pushes an index of manifests that are there. */
	async pushIndex(
		repository: string,
		tag: string,
		manifests: readonly { readonly digest: Digest; readonly platform?: object }[],
	): Promise<Digest> {
		const entries = manifests.map(({ digest, platform }) => ({ mediaType: OCI_MANIFEST, digest, size: 100, platform }));
		return await this.pushManifest(repository, tag, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries });
	}

	async pushManifest(repository: string, tag: string | undefined, manifest: object): Promise<Digest> {
		const payload = Buffer.from(JSON.stringify(manifest));
		const digest = digestOf(payload);
		const tags = tag === undefined ? [] : [tag];
		const push = { repository, reference: { kind: "digest", digest } as const, tags, contentType: undefined };
		await this.registry.manifests.put({ ...push, condition: undefined, actor: "user:test" }, bodyOf(payload), forever);
		return digest;
	}

	async remove(repository: string, reference: string): Promise<void> {
		const parsed = parseReference(reference);
		assert.ok(parsed !== undefined);
		await this.registry.manifests.remove(repository, parsed, undefined, "user:test", forever);
	}

	/** What every tag names, as `repository:tag`. */
	async tags(): Promise<Record<string, Digest>> {
		const found: Record<string, Digest> = {};
		const { repositories } = await this.registry.catalog("all", { limit: 1_000 }, forever);
		for (const repository of repositories) {
			for (const { tag, digest } of (await this.metadata.tagStates.list(repository, { limit: 1_000 }, forever)) ?? []) {
				found[`${repository}:${tag}`] = digest;
			}
		}
		return found;
	}

	/** Digests of what refers to a manifest. */
	async referrers(repository: string, subject: Digest): Promise<readonly Digest[]> {
		const { referrers } = await this.registry.manifests.referrers(repository, subject, { limit: 1_000 }, forever);
		return referrers.map(({ digest }) => digest);
	}

	async #image(repository: string, { layers, labels, subject, artifactType, platform }: ImageContent): Promise<object> {
		const [os, architecture] = platform ?? ["linux", "amd64"];
		const config = JSON.stringify({ os, architecture, config: { Labels: labels } });
		const describe = (mediaType: string, text: string) => ({
			mediaType,
			digest: digestOf(Buffer.from(text)),
			size: Buffer.byteLength(text),
		});
		for (const blob of [config, ...layers]) await pushBlob(this, repository, blob);
		return {
			schemaVersion: 2,
			mediaType: OCI_MANIFEST,
			...(artifactType === undefined ? {} : { artifactType }),
			config: describe("application/vnd.oci.image.config.v1+json", config),
			layers: layers.map((layer) => describe("application/vnd.oci.image.layer.v1.tar", layer)),
			...(subject === undefined ? {} : { subject: { mediaType: OCI_MANIFEST, digest: subject, size: 100 } }),
		};
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#harness.drain();
		await this.#harness[Symbol.asyncDispose]();
	}
}

/** What an image is made of. */
export interface ImageContent {
	readonly layers: readonly string[];
	readonly labels?: Readonly<Record<string, string>>;
	readonly subject?: Digest;
	readonly artifactType?: string;
	/** `os`, `architecture`. @defaultValue linux, amd64 */
	readonly platform?: readonly [string, string];
}

/** Opens a registry in memory, quick and not durable. */
export const openPlace = async (): Promise<ReplicationPlace> => {
	const { metadata } = await openInspectedMetadata(wallClock);
	return new ReplicationPlace(await openRegistryHarness({ metadata }));
};

/** A policy at one place, run by hand. */
export class HandRunPolicy {
	#feature: ReplicationFeature;
	readonly figures: ReplicationFigures[] = [];
	spec: ReplicationPolicySpec;
	generation = 1;
	state: JsonObject | undefined;
	/** By how much its clock is ahead, milliseconds. */
	aheadMs = 0;
	readonly #uid: string;
	readonly #deps: ReplicationDeps;
	#runs = 0;

	/** @param remote opens the other side, as often as the policy runs */
	constructor(
		place: ReplicationPlace,
		remote: () => RemoteRegistry,
		spec: Partial<ReplicationPolicySpec> & Pick<ReplicationPolicySpec, "direction">,
		uid = "uid-policy",
	) {
		this.#uid = uid;
		this.spec = replicationPolicySpec.parse({
			name: "team/copies",
			remote: { url: "https://registry.example.com" },
			projects: { names: {} },
			...spec,
		});
		const { artifacts, projects, tagStates, replicas } = place.metadata;
		this.#deps = {
			registry: place.registry,
			artifacts,
			projects,
			tagStates,
			// The policy is in no database here, and so would count as gone.
			replicas: { ...replicas, forgetGone: async () => 0 },
			openRemote: async () => remote(),
			clock: { ...systemClock, now: () => systemClock.now() + this.aheadMs },
			meter: { ran: (_policy, figures) => this.figures.push(figures) },
		};
		this.#feature = new ReplicationFeature(this.#deps);
	}

	/** Another process carries it out from now on, which knows nothing but what was kept. */
	restart(): void {
		this.#feature = new ReplicationFeature(this.#deps);
	}

	/** Changes the spec, which is a new generation. */
	change(spec: Partial<ReplicationPolicySpec>): void {
		this.spec = { ...this.spec, ...spec };
		this.generation += 1;
	}

	async run(trigger: RunTrigger = "Schedule", signal: AbortSignal = forever, isRetry = false): Promise<RunResult> {
		const policy = { uid: this.#uid, generation: this.generation, spec: this.spec };
		const result = await this.#feature.run(
			{
				id: `run-${this.#runs++}`,
				trigger,
				isRetry,
				startedAt: systemClock.now() + this.aheadMs,
				policy,
				state: this.state,
				keep: async ({ state }) => {
					this.state = state ?? this.state;
				},
			},
			signal,
		);
		this.state = result.state ?? this.state;
		return result;
	}

	/** Runs and expects that all went well. */
	async agree(trigger: RunTrigger = "Schedule"): Promise<RunResult> {
		const result = await this.run(trigger);
		assert.equal(result.outcome, "Succeeded", result.message);
		return result;
	}

	/** Whether something happened that the policy wants to run for. */
	async hasEvent(): Promise<boolean> {
		const { generation, spec, state } = this;
		const { found } = await this.#feature.findEvents([{ uid: this.#uid, generation, spec, state }], forever);
		return found.has(this.#uid);
	}
}

/** What was written through a way to a registry. */
export interface Writes {
	count: number;
	/** Blobs of which bytes were sent. */
	readonly uploaded: Digest[];
}

/** The same way, with its writes counted. */
export const countWrites = (remote: RemoteRegistry, writes: Writes): RemoteRegistry => ({
	repositories: (signal) => remote.repositories(signal),
	tags: (repository, signal) => remote.tags(repository, signal),
	tagDigests: (repository, signal) => remote.tagDigests(repository, signal),
	head: (repository, reference, signal) => remote.head(repository, reference, signal),
	manifest: (repository, reference, signal) => remote.manifest(repository, reference, signal),
	referrers: (repository, subject, signal) => remote.referrers(repository, subject, signal),
	attached: (repository, signal) => remote.attached(repository, signal),
	hasBlob: (repository, digest, signal) => remote.hasBlob(repository, digest, signal),
	blob: (repository, digest, span, signal) => remote.blob(repository, digest, span, signal),
	putBlob: async (repository, blob, signal) => {
		writes.count += 1;
		const outcome = await remote.putBlob(repository, blob, signal);
		if (outcome === "uploaded") writes.uploaded.push(blob.digest);
		return outcome;
	},
	putManifest: (repository, reference, manifest, signal) => {
		writes.count += 1;
		return remote.putManifest(repository, reference, manifest, signal);
	},
	remove: (repository, reference, signal) => {
		writes.count += 1;
		return remote.remove(repository, reference, signal);
	},
	[Symbol.asyncDispose]: () => remote[Symbol.asyncDispose](),
});

/** The same way to a registry that lists nothing beside what the distribution specification has. */
export const withoutLists = (remote: RemoteRegistry): RemoteRegistry => ({
	...countWrites(remote, { count: 0, uploaded: [] }),
	tagDigests: async () => undefined,
	attached: async () => undefined,
});

type Filters = ReplicationPolicySpec["filters"];

/** What a policy selects, beside all. */
export const filters = (given: Partial<Filters> = {}): Filters => ({
	repositories: { matching: ["**"], excluding: [] },
	tags: { matching: ["**"], excluding: [] },
	labels: [],
	...given,
});

/** The two sides of a policy. */
export interface World {
	readonly source: ReplicationPlace;
	readonly target: ReplicationPlace;
	readonly policy: HandRunPolicy;
}

/** Does something with two places and a policy, which stands where its direction wants it: at the target for Pull, at the source for Push. */
export const inWorld = async (
	spec: Partial<ReplicationPolicySpec> & Pick<ReplicationPolicySpec, "direction">,
	work: (world: World) => Promise<void>,
	disguise: (remote: RemoteRegistry) => RemoteRegistry = (remote) => remote,
): Promise<void> => {
	await using source = await openPlace();
	await using target = await openPlace();
	const [here, there] = spec.direction === "Pull" ? [target, source] : [source, target];
	const policy = new HandRunPolicy(here, () => disguise(there.asRemote()), spec);
	await work({ source, target, policy });
};
