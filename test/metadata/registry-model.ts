import type { Digest } from "#/oci/digest.ts";

/** How long deletions can be undone where a project does not say. */
export const WEEK_MS = 7 * 86_400_000;

interface ModelManifest {
	readonly text: string;
	readonly blobs: readonly Digest[];
	readonly children: readonly Digest[];
}

interface ModelDeletion {
	readonly manifest: ModelManifest;
	readonly until: number;
	/** The move that each of its tags had. */
	readonly tags: ReadonlyMap<string, number>;
}

interface ModelRepository {
	readonly deleted: Map<Digest, ModelDeletion>;
	/** Where each tag was last. */
	readonly places: Map<
		string,
		{ readonly move: number; readonly digest: Digest; readonly endedAt: number | undefined }
	>;
	moves: number;
	readonly blobs: Set<Digest>;
	readonly manifests: Map<Digest, ModelManifest>;
	readonly tags: Map<string, Digest>;
	/** Whether it ever had a manifest. */
	published: boolean;
}

/** Blobs whose bytes a repository needs: those that it links, and those that can come back. */
export const blobsOf = ({ blobs, deleted }: ModelRepository): readonly Digest[] => [
	...blobs,
	...[...deleted.values()].flatMap(({ manifest }) => manifest.blobs),
];

/** The registry that a history leads to, as sets and maps. */
export class RegistryModel {
	readonly present = new Set<string>();
	readonly repositories = new Map<string, ModelRepository>();
	/** By project. */
	readonly windows = new Map<string, number>();
	/** When the windows of deleted projects are over. */
	readonly removable = new Map<string, number>();
	/** Projects that are being emptied. */
	readonly removing = new Set<string>();
	/** Those of them that are wanted again, with the windows that they are to have. */
	readonly waiting = new Map<string, number>();

	/** The repository, if its project is there. */
	find(repository: string): ModelRepository | undefined {
		return this.isOpen(repository) ? this.repositories.get(repository) : undefined;
	}

	/** For how long what is deleted from the repository can be restored. */
	windowOf(repository: string): number {
		return this.windows.get(repository.slice(0, 1)) ?? WEEK_MS;
	}

	/** Moves a tag, unless it is there. */
	moveTag(repository: string, tag: string, digest: Digest): void {
		const known = this.ensure(repository);
		if (known.tags.get(tag) === digest) return;
		known.tags.set(tag, digest);
		known.moves += 1;
		known.places.set(tag, { move: known.moves, digest, endedAt: undefined });
	}

	/** Takes a tag away. */
	dropTag(repository: string, tag: string, now: number): void {
		const known = this.ensure(repository);
		const place = known.places.get(tag);
		if (place !== undefined && known.tags.delete(tag)) known.places.set(tag, { ...place, endedAt: now });
	}

	/** Brings a deleted manifest and its children back; false, and nothing is changed, when not all of them can be. */
	bringBack(repository: string, digest: Digest, now: number): boolean {
		const known = this.ensure(repository);
		const wanted = new Map<Digest, ModelManifest>();
		const plan = (one: Digest): boolean => {
			if (wanted.has(one) || known.manifests.has(one)) return true;
			const deletion = known.deleted.get(one);
			if (deletion === undefined || deletion.until <= now) return false;
			wanted.set(one, deletion.manifest);
			return deletion.manifest.children.every(plan);
		};
		if (!plan(digest)) return false;
		for (const [one, manifest] of wanted) {
			known.deleted.delete(one);
			known.manifests.set(one, manifest);
			for (const blob of manifest.blobs) known.blobs.add(blob);
		}
		return true;
	}

	/** The project of this name is there. */
	putProject(project: string, undoWindow: number): void {
		if (this.removing.has(project)) {
			this.waiting.set(project, undoWindow);
			return;
		}
		this.present.add(project);
		this.windows.set(project, undoWindow);
		this.removable.delete(project);
	}

	/** It is deleted, if it is there. */
	deleteProject(project: string, now: number): void {
		this.waiting.delete(project);
		if (this.present.delete(project)) this.removable.set(project, now + this.windowOf(project));
	}

	/** Deleted projects whose windows were over before `until`, and that cannot come back from here on. */
	beginRemovals(until: number): void {
		for (const [project, at] of this.removable) {
			if (at >= until) continue;
			this.removable.delete(project);
			this.removing.add(project);
			for (const name of [...this.repositories.keys()]) {
				if (name.slice(0, 1) === project) this.repositories.delete(name);
			}
		}
	}

	/** All that are being emptied are empty. */
	endRemovals(): void {
		const removed = [...this.removing];
		this.removing.clear();
		for (const project of removed) {
			const undoWindow = this.waiting.get(project);
			this.waiting.delete(project);
			if (undoWindow !== undefined) this.putProject(project, undoWindow);
		}
	}

	/** Whether the project of the repository is there. */
	isOpen(repository: string): boolean {
		return this.present.has(repository.slice(0, 1));
	}

	/** The repository, made if there is none. */
	ensure(repository: string): ModelRepository {
		let known = this.repositories.get(repository);
		if (known === undefined) {
			known = {
				blobs: new Set(),
				manifests: new Map(),
				tags: new Map(),
				published: false,
				deleted: new Map(),
				places: new Map(),
				moves: 0,
			};
			this.repositories.set(repository, known);
		}
		return known;
	}
}
