import { compilePatterns } from "#/lib/doublestar.ts";
import type { Artifact, Artifacts, RepositoryInProject } from "#/metadata/artifacts.ts";
import type { Refused } from "#/metadata/refusal.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";

/** An artifact to be put, and what of it is not as usual. */
export type PutArtifact = Partial<Omit<Artifact, "digest" | "isChild">> & { readonly name: string };

/** {@link Artifacts} in memory, where tests put what they like. A project has its own name as its uid. */
export class MemoryArtifacts implements Artifacts {
	readonly #repositories = new Map<string, Map<Digest, Artifact>>();
	/** What was retired, in order: `repository@name`. */
	readonly retired: string[] = [];
	readonly #names = new Map<string, string>();
	/** Called before each removal, for what happens in between. */
	onRetire: (repository: string, digest: Digest) => void = () => undefined;

	/** Puts an artifact, or another in its place. */
	put(repository: string, { name, ...given }: PutArtifact): Digest {
		const digest = digestNamed(name);
		this.#names.set(digest, name);
		const known = this.#repositories.get(repository) ?? new Map<Digest, Artifact>();
		this.#repositories.set(repository, known);
		known.set(digest, {
			mediaType: OCI_MANIFEST,
			artifactType: undefined,
			subject: undefined,
			size: 100,
			pushedAt: 0,
			pulledAt: undefined,
			children: [],
			isImmutable: false,
			annotations: undefined,
			...given,
			tags: (given.tags ?? []).toSorted(),
			digest,
			isChild: false,
		});
		return digest;
	}

	/** Names of the artifacts that are there. */
	names(repository: string): readonly string[] {
		const digests = [...(this.#repositories.get(repository)?.keys() ?? [])];
		return digests.map((digest) => this.nameOf(digest)).toSorted();
	}

	nameOf(digest: string): string {
		return this.#names.get(digest) ?? digest;
	}

	async repositories(
		projects: Parameters<Artifacts["repositories"]>[0],
		{ last = "", limit }: { readonly last?: string | undefined; readonly limit: number },
	): Promise<readonly RepositoryInProject[]> {
		const isWanted =
			"uids" in projects ? (name: string) => projects.uids.includes(name) : compilePatterns(projects.names);
		return [...this.#repositories]
			.filter(([, artifacts]) => artifacts.size > 0)
			.map(([repository]) => ({ repository, project: repository.split("/", 1)[0] ?? "" }))
			.filter(({ repository, project }) => isWanted(project) && repository > last)
			.map((found) => ({ ...found, projectUid: found.project }))
			.toSorted((a, b) => (a.repository < b.repository ? -1 : 1))
			.slice(0, limit);
	}

	async list(
		repository: string,
		{ last = "", limit }: { readonly last?: string | undefined; readonly limit: number },
	): Promise<readonly Artifact[]> {
		const all = [...(this.#repositories.get(repository)?.values() ?? [])];
		const children = new Set(all.flatMap((artifact) => artifact.children));
		return all
			.filter(({ digest }) => digest > last)
			.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
			.slice(0, limit)
			.map((artifact) => ({ ...artifact, isChild: children.has(artifact.digest) }));
	}

	async retire(
		repository: string,
		expected: Parameters<Artifacts["retire"]>[1],
	): Promise<{ readonly retired: true } | Refused> {
		this.onRetire(repository, expected.digest);
		const artifacts = this.#repositories.get(repository);
		const found = artifacts?.get(expected.digest);
		if (artifacts === undefined || found === undefined) {
			return { refused: { reason: "manifest-unknown", reference: expected.digest } };
		}
		const by = [...artifacts.values()].filter(({ children }) => children.includes(expected.digest));
		if (by.length > 0) return { refused: { reason: "in-use", by: by.map(({ digest }) => digest) } };
		if (found.isImmutable) return { refused: { reason: "guarded", guard: "immutability", message: "it is immutable" } };
		const isSame =
			found.pushedAt === expected.pushedAt &&
			found.pulledAt === expected.pulledAt &&
			found.tags.join() === expected.tags.join();
		if (!isSame) return { refused: { reason: "precondition", current: undefined } };
		artifacts.delete(expected.digest);
		this.retired.push(`${repository}@${this.nameOf(expected.digest)}`);
		return { retired: true };
	}
}

/** The digest of the artifact that tests call so. */
export const digestNamed = (name: string): Digest => digestOf(Buffer.from(name));
