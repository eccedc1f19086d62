import assert from "node:assert/strict";
import { manifestInput } from "../../conformance/metadata/bench.ts";

interface Manifest {
	/** When it was pushed first since it was not there. */
	readonly first: number;
	/** When it was pushed last of all times that it was there already; absent: never. */
	readonly again: number | undefined;
}

/** A manifest as the model has it: it names the blob of its text. Times by the database's clock. */
export interface HeldManifest {
	readonly name: string;
	readonly text: string;
	readonly tags: readonly string[];
	readonly pushedAt: number;
}

/** What is in the repositories, said as plainly as can be. A link is a repository and a text: `a/1 one`. */
export class CollectingModel {
	readonly #manifests = new Map<string, Manifest & { readonly tags: Set<string> }>();
	/** Those that are deleted and whose windows were not ended. */
	readonly #deleted = new Map<string, Manifest & { readonly until: number }>();
	/** Projects that are deleted: nobody gets at what they have. */
	readonly closed = new Set<string>();

	/** Whether what is in the repository can be had. */
	isOpen(name: string): boolean {
		return !this.closed.has(projectOf(name));
	}

	/** Links of manifests that can be had. */
	get links(): readonly string[] {
		return [...this.#manifests.keys()].filter((link) => this.isOpen(link));
	}

	/** Links of manifests that are deleted, in whatever project, and when their windows end. */
	get deleted(): readonly (readonly [link: string, until: number])[] {
		return [...this.#deleted].map(([link, { until }]) => [link, until]);
	}

	/** All that can be had. */
	get held(): readonly HeldManifest[] {
		return this.all.filter(({ name }) => this.isOpen(name));
	}

	/** All that is there. */
	get all(): readonly HeldManifest[] {
		return [...this.#manifests].map(([link, { tags, first, again = first }]) => {
			const [name = "", text = ""] = link.split(" ");
			return { name, text, tags: [...tags].toSorted(), pushedAt: Math.max(first, again) };
		});
	}

	has(link: string): boolean {
		return this.#manifests.has(link);
	}

	/** It was pushed, perhaps again, and these tags point at it now. */
	put(link: string, tags: readonly string[], now: number): void {
		const present = this.#manifests.get(link);
		const again = present === undefined ? this.#deleted.get(link)?.again : Math.max(now, present.again ?? 0);
		this.#deleted.delete(link);
		this.#manifests.set(link, { first: present?.first ?? now, again, tags: present?.tags ?? new Set() });
		this.#point(link, tags);
	}

	/** It was deleted. @param until absent: for good */
	bury(link: string, until: number | undefined): void {
		const present = this.#manifests.get(link);
		this.#manifests.delete(link);
		if (present === undefined || until === undefined) return;
		const { first, again } = present;
		this.#deleted.set(link, { first, again, until });
	}

	/** It is back, with these tags. */
	restore(link: string, tags: readonly string[]): void {
		const buried = this.#deleted.get(link);
		if (buried === undefined) return;
		this.#deleted.delete(link);
		this.#manifests.set(link, { first: buried.first, again: buried.again, tags: new Set() });
		this.#point(link, tags);
	}

	removeTag(name: string, tag: string): void {
		for (const [link, { tags }] of this.#manifests) if (link.startsWith(`${name} `)) tags.delete(tag);
	}

	/** Windows that are over have ended. */
	expire(now: number): void {
		for (const [link, { until }] of this.#deleted) if (until <= now) this.#deleted.delete(link);
	}

	/** Nothing that the project had can come back. */
	drop(project: string): void {
		for (const each of [this.#manifests, this.#deleted]) {
			for (const link of [...each.keys()]) if (projectOf(link) === project) each.delete(link);
		}
	}

	#point(link: string, tags: readonly string[]): void {
		const [name = ""] = link.split(" ");
		for (const tag of tags) this.removeTag(name, tag);
		for (const tag of tags) this.#manifests.get(link)?.tags.add(tag);
	}
}

/** How the model calls a manifest. */
export const linkOf = ({ name, text }: Pick<HeldManifest, "name" | "text">): string => `${name} ${text}`;

/** The project of a repository or a link. */
export const projectOf = (name: string): string => name.slice(0, name.indexOf("/"));

/** Whether there are just the manifests and tags that the model has, pushed when it says; removals may be under way. */
export const checkManifests = async (
	on: { rows(sql: string): Promise<readonly object[]> },
	held: readonly HeldManifest[],
	after: string,
): Promise<void> => {
	const rows = await on.rows(`SELECT r.name, m.digest, t.name AS tag, m.pushed_at, u.pushed_at AS again
		FROM manifests m JOIN repositories r ON r.id = m.repository_id
		JOIN projects p ON p.id = r.project_id AND p.removal IS NULL
		LEFT JOIN manifest_uses u ON u.repository_id = m.repository_id AND u.digest = m.digest
		LEFT JOIN tags t ON t.repository_id = m.repository_id AND t.digest = m.digest`);
	const lines = rows.map((row) => {
		assert.ok("name" in row && "digest" in row && "tag" in row && "pushed_at" in row && "again" in row);
		return `${row.name} ${row.digest} ${row.tag ?? ""} ${Math.max(Number(row.pushed_at), Number(row.again ?? 0))}`;
	});
	const linesOf = ({ name, text, tags, pushedAt }: HeldManifest) =>
		(tags.length === 0 ? [""] : tags).map(
			(tag) => `${name} ${manifestInput(name, { blobs: [text] }).digest} ${tag} ${pushedAt}`,
		);
	assert.deepEqual(lines.toSorted(), held.flatMap(linesOf).toSorted(), `manifests after ${after}`);
};
