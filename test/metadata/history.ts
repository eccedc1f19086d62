// Random histories of a registry: what can happen, a small model of what then is, and both run side by side.
import assert from "node:assert/strict";
import fc from "fast-check";
import { isRefused } from "#/metadata/refusal.ts";
import type { Digest } from "#/oci/digest.ts";
import { actor, Bench, digestOf, manifestInput, project } from "../conformance/metadata/bench.ts";
import type { InspectedMetadata } from "../support/sqlite-metadata.ts";
import { blobsOf, RegistryModel, WEEK_MS } from "./registry-model.ts";

const projects = ["a", "b"] as const;
const names = ["a/1", "a/2", "b/1", "b"] as const;
const texts = ["one", "two!", "three"] as const;
const tags = ["v", "w"] as const;

const name = fc.constantFrom(...names);
const text = fc.constantFrom(...texts);
const manifestText = fc.constantFrom("m", "n", "o");

/** What can happen. */
export type Happening =
	| { readonly do: "push" | "unlink" | "collect"; readonly name: string; readonly text: string }
	| { readonly do: "mount"; readonly name: string; readonly text: string; readonly from: string }
	| {
			readonly do: "put";
			readonly name: string;
			readonly text: string;
			readonly blobs: readonly string[];
			readonly child: string | undefined;
			readonly subject: string | undefined;
			readonly tags: readonly string[];
			readonly onlyNew: boolean;
	  }
	| { readonly do: "remove"; readonly name: string; readonly text: string }
	| { readonly do: "removeTag" | "restoreTag"; readonly name: string; readonly tag: string }
	| { readonly do: "restore"; readonly name: string; readonly text: string }
	| { readonly do: "expire" }
	| { readonly do: "cancel"; readonly name: string }
	| { readonly do: "collectDue" }
	/** A deleted project whose window is over is marked, and so many rows of it are taken at most. */
	| { readonly do: "removeSome"; readonly rows: number }
	| { readonly do: "removeDue" }
	| { readonly do: "project"; readonly project: string; readonly present: boolean; readonly undoWindow: number }
	| { readonly do: "release"; readonly project: string };

/** Any history, with more of what makes state than of what takes it away. */
export const histories: fc.Arbitrary<readonly Happening[]> = fc.array(
	fc.oneof(
		{ weight: 4, arbitrary: fc.record({ do: fc.constant("push" as const), name, text }) },
		{ weight: 2, arbitrary: fc.record({ do: fc.constant("mount" as const), name, text, from: name }) },
		{
			weight: 8,
			arbitrary: fc.record({
				do: fc.constant("put" as const),
				name,
				text: manifestText,
				blobs: fc.subarray([...texts], { maxLength: 2 }),
				child: fc.option(manifestText, { nil: undefined }),
				subject: fc.option(manifestText, { nil: undefined }),
				tags: fc.subarray([...tags]),
				onlyNew: fc.boolean(),
			}),
		},
		{ weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), name, text: manifestText }) },
		{ weight: 2, arbitrary: fc.record({ do: fc.constant("removeTag" as const), name, tag: fc.constantFrom(...tags) }) },
		{ weight: 3, arbitrary: fc.record({ do: fc.constant("restore" as const), name, text: manifestText }) },
		{
			weight: 2,
			arbitrary: fc.record({ do: fc.constant("restoreTag" as const), name, tag: fc.constantFrom(...tags) }),
		},
		{ weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const) }) },
		{ weight: 2, arbitrary: fc.record({ do: fc.constant("unlink" as const), name, text }) },
		{ weight: 2, arbitrary: fc.record({ do: fc.constant("collect" as const), name, text }) },
		{ weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), name }) },
		{ weight: 2, arbitrary: fc.record({ do: fc.constant("collectDue" as const) }) },
		{
			weight: 3,
			arbitrary: fc.record({ do: fc.constant("removeSome" as const), rows: fc.integer({ min: 0, max: 9 }) }),
		},
		{ weight: 1, arbitrary: fc.record({ do: fc.constant("removeDue" as const) }) },
		{
			weight: 2,
			arbitrary: fc.record({
				do: fc.constant("project" as const),
				project: fc.constantFrom(...projects),
				present: fc.boolean(),
				undoWindow: fc.constantFrom(0, 4, WEEK_MS),
			}),
		},
		{
			weight: 1,
			arbitrary: fc.record({ do: fc.constant("release" as const), project: fc.constantFrom(...projects) }),
		},
	),
	{ minLength: 1, maxLength: 60, size: "max" },
);

/** Runs histories on a database and on a model, and fails where the two part. */
export class History {
	readonly model = new RegistryModel();
	readonly #bench: Bench;
	readonly #on: InspectedMetadata;
	/** Projects that nobody controls, so that a deletion means nothing. */
	readonly #released = new Set<string>();
	/** The manifest that each text stands for at present, in each repository. */
	readonly #digests = new Map<string, Digest>();

	constructor(on: InspectedMetadata) {
		this.#on = on;
		this.#bench = new Bench(on.metadata);
	}

	/** Makes the projects. */
	async begin(): Promise<void> {
		await this.#bench.projects(...projects);
		for (const project of projects) this.model.present.add(project);
	}

	/** Lets it happen. */
	async run(happening: Happening): Promise<void> {
		// Several things often happen in one millisecond.
		this.#on.clock.now += this.#digests.size % 2;
		switch (happening.do) {
			case "push":
				return this.#push(happening.name, happening.text);
			case "mount":
				return this.#mount(happening.name, happening.text, happening.from);
			case "put":
				return this.#put(happening);
			case "remove":
				return this.#remove(happening.name, happening.text);
			case "removeTag":
				return this.#removeTag(happening.name, happening.tag);
			case "restore":
				return this.#restore(happening.name, happening.text);
			case "restoreTag":
				return this.#restoreTag(happening.name, happening.tag);
			case "expire":
				return this.#expire();
			case "unlink":
				return this.#unlink(happening.name, happening.text);
			case "collect":
				return this.#collect(happening.text);
			case "cancel":
				return this.#cancel(happening.name);
			case "collectDue":
				return this.#collectDue();
			case "project":
				return this.#project(happening.project, happening.present, happening.undoWindow);
			case "removeSome":
				return this.#removeSome(happening.rows);
			case "removeDue":
				return this.#removeDue();
			case "release":
				this.model.waiting.delete(happening.project);
				this.#released.add(happening.project);
				return this.#bench.apply([], [], [`uid-${happening.project}`]);
		}
	}

	async #push(name: string, text: string): Promise<void> {
		if (!this.model.isOpen(name)) return this.#cancel(name);
		const { digest } = await this.#bench.push(name, text);
		this.model.ensure(name).blobs.add(digest);
	}

	async #mount(name: string, text: string, from: string): Promise<void> {
		const digest = digestOf(text);
		const outcome = await this.#on.metadata.blobs.mount(name, digest, from, actor);
		const expected = this.model.isOpen(name) && (this.model.find(from)?.blobs.has(digest) ?? false);
		assert.equal("mounted" in outcome && outcome.mounted, expected);
		if (expected) this.model.ensure(name).blobs.add(digest);
	}

	async #put(put: Extract<Happening, { do: "put" }>): Promise<void> {
		const key = (text: string) => `${put.name} ${text}`;
		const child = put.child === undefined ? undefined : (this.#digests.get(key(put.child)) ?? digestOf("no child"));
		const input = {
			text: put.text,
			blobs: put.blobs,
			children: child === undefined ? [] : [child],
			subject: put.subject === undefined ? undefined : (this.#digests.get(key(put.subject)) ?? digestOf("no subject")),
			tags: put.tags,
			...(put.onlyNew ? { condition: { ifNoneMatch: "*" as const } } : {}),
		};
		const outcome = await this.#bench.tryPut(put.name, input);
		const { digest, blobs, children } = manifestInput(put.name, input);
		const known = this.model.find(put.name);
		const linked = blobs.every((blob) => known?.blobs.has(blob.digest));
		const whole = known?.manifests.has(digest) || (linked && children.every((one) => known?.manifests.has(one)));
		const isNew =
			put.tags.length === 0
				? known?.manifests.has(digest) !== true
				: put.tags.every((tag) => known?.tags.get(tag) === undefined);
		const allowed = !put.onlyNew || isNew;
		assert.equal(!isRefused(outcome), this.model.isOpen(put.name) && (whole ?? false) && allowed);
		if (isRefused(outcome)) return;
		assert.equal(outcome.created, known?.manifests.has(digest) !== true);
		assert.deepEqual(
			outcome.previous,
			put.tags.map((tag) => known?.tags.get(tag)),
		);
		const repository = this.model.ensure(put.name);
		repository.published = true;
		repository.manifests.set(digest, { text: put.text, blobs: blobs.map((blob) => blob.digest), children });
		repository.deleted.delete(digest);
		for (const tag of put.tags) this.model.moveTag(put.name, tag, digest);
		this.#digests.set(key(put.text), digest);
	}

	async #remove(name: string, text: string): Promise<void> {
		const digest = this.#digests.get(`${name} ${text}`) ?? digestOf("none");
		const outcome = await this.#on.metadata.manifests.remove(name, digest, actor);
		const known = this.model.find(name);
		const isChild = [...(known?.manifests.values() ?? [])].some(({ children }) => children.includes(digest));
		assert.equal(!isRefused(outcome), known?.manifests.has(digest) === true && !isChild);
		if (isRefused(outcome)) return;
		const gone = [...(known?.tags ?? [])].flatMap(([tag, on]) => (on === digest ? [tag] : [])).sort();
		assert.deepEqual(outcome.tags, gone);
		const moves = new Map(gone.map((tag) => [tag, known?.places.get(tag)?.move ?? 0]));
		for (const tag of gone) this.model.dropTag(name, tag, this.#on.clock.now);
		const manifest = known?.manifests.get(digest);
		known?.manifests.delete(digest);
		const until = this.#on.clock.now + this.model.windowOf(name);
		if (manifest !== undefined && until > this.#on.clock.now)
			known?.deleted.set(digest, { manifest, until, tags: moves });
	}

	async #restore(name: string, text: string): Promise<void> {
		const digest = this.#digests.get(`${name} ${text}`) ?? digestOf("none");
		const outcome = await this.#on.metadata.history.restoreManifest({ repository: name, digest, actor });
		const known = this.model.find(name);
		const tags = known?.manifests.has(digest) === true ? undefined : known?.deleted.get(digest)?.tags;
		const back = known !== undefined && this.model.bringBack(name, digest, this.#on.clock.now);
		assert.equal(!("refused" in outcome), back);
		if ("refused" in outcome) return;
		const expected = [...(tags ?? [])].flatMap(([tag, move]) => (known?.places.get(tag)?.move === move ? [tag] : []));
		assert.deepEqual(outcome.tags.toSorted(), expected.toSorted());
		for (const tag of outcome.tags) this.model.moveTag(name, tag, digest);
	}

	async #restoreTag(name: string, tag: string): Promise<void> {
		const { now } = this.#on.clock;
		const outcome = await this.#on.metadata.history.restoreTag({ repository: name, tag, actor });
		const place = this.model.find(name)?.places.get(tag);
		const isOpen = place !== undefined && (place.endedAt ?? now) + this.model.windowOf(name) > now;
		const isThere = place !== undefined && place.endedAt === undefined;
		const back = isThere || (isOpen && this.model.bringBack(name, place.digest, now));
		assert.equal(!("refused" in outcome), back);
		if ("refused" in outcome || place === undefined) return;
		assert.deepEqual([outcome.digest, outcome.tags], [place.digest, isThere ? [] : [tag]]);
		this.model.moveTag(name, tag, place.digest);
	}

	/** Ends the windows that are over. */
	async #expire(): Promise<void> {
		await this.#endRemovals();
		let ended = 0;
		for (const { deleted } of this.model.repositories.values()) {
			for (const [digest, { until }] of deleted) {
				if (until > this.#on.clock.now) continue;
				deleted.delete(digest);
				ended += 1;
			}
		}
		assert.equal((await this.#on.metadata.history.expire(1_000)).manifests, ended);
	}

	async #removeTag(name: string, tag: string): Promise<void> {
		const outcome = await this.#on.metadata.manifests.removeTag(name, tag, undefined, actor);
		const digest = this.model.find(name)?.tags.get(tag);
		assert.equal(isRefused(outcome) ? undefined : outcome.digest, digest);
		if (digest !== undefined) this.model.dropTag(name, tag, this.#on.clock.now);
	}

	async #unlink(name: string, text: string): Promise<void> {
		const digest = digestOf(text);
		const outcome = await this.#on.metadata.blobs.unlink(name, digest, actor);
		const known = this.model.find(name);
		const used = [...(known?.manifests.values() ?? [])].some(({ blobs }) => blobs.includes(digest));
		assert.equal(!isRefused(outcome), known?.blobs.has(digest) === true && !used);
		if (!isRefused(outcome)) known?.blobs.delete(digest);
	}

	/** What the collector does to a blob without links: half of the times, only the first part of it. */
	async #collect(text: string): Promise<void> {
		await this.#endRemovals();
		const { objects } = this.#on.metadata;
		const digest = digestOf(text);
		const live = this.#on.rows("SELECT key FROM blobs WHERE digest = ? AND state = 'live'", digest)[0]?.key;
		const linked = [...this.model.repositories.values()].some((known) => blobsOf(known).includes(digest));
		if (typeof live === "string") {
			if (linked) return assert.rejects(objects.condemn("default", live), /linked/);
			await objects.condemn("default", live);
		}
		if (this.#digests.size % 2 === 0) return;
		const claimed = await objects.claimCondemned({ holder: "gc", limit: 9, leaseMs: 0, staleMs: 1e9 });
		for (const { store, key } of claimed) await objects.forget(store, key);
	}

	/** The collector, as if every delay were over. */
	async #collectDue(): Promise<void> {
		await this.#endRemovals();
		const { collection } = this.#on.metadata;
		const step = { touchedBefore: this.#on.clock.now + 1, limit: 100 };
		let links = 0;
		for (const [name, { blobs, manifests, published }] of this.model.repositories) {
			const used = new Set([...manifests.values()].flatMap((manifest) => manifest.blobs));
			const unused = [...blobs].filter((digest) => !used.has(digest));
			for (const digest of unused) blobs.delete(digest);
			links += unused.length;
			if (unused.length > 0 && blobs.size === 0 && !published) this.model.repositories.delete(name);
		}
		assert.equal((await collection.collectLinks(step)).collected, links);
		await collection.collectBlobs(step);
		const kept = new Set([...this.model.repositories.values()].flatMap(blobsOf));
		const live = this.#on.rows("SELECT digest FROM blobs WHERE state = 'live'").map((row) => row.digest);
		assert.deepEqual(live.toSorted(), [...kept].toSorted(), "what nobody links or holds is gone, and nothing else");
	}

	async #cancel(name: string): Promise<void> {
		const id = crypto.randomUUID();
		const input = { id, repository: name, key: id, algorithm: "sha256", actor, holder: "h", hold: true } as const;
		const outcome = await this.#on.metadata.uploads.create(input);
		assert.equal(!isRefused(outcome), this.model.isOpen(name));
		if (isRefused(outcome)) return;
		assert.ok(!isRefused(await this.#on.metadata.uploads.cancel(name, id)));
		const known = this.model.ensure(name);
		const isEmpty = !known.published && known.blobs.size === 0;
		assert.equal((await this.#on.metadata.repositories.find(name)) === undefined, isEmpty);
		if (isEmpty) this.model.repositories.delete(name);
	}

	async #project(name: string, present: boolean, undoWindow: number): Promise<void> {
		if (present) await this.#bench.apply([project(name, { undoWindow })]);
		else await this.#bench.apply([], [`uid-${name}`]);
		if (present) {
			this.model.putProject(name, undoWindow);
			this.#released.delete(name);
		} else if (!this.#released.has(name)) this.model.deleteProject(name, this.#on.clock.now);
	}

	/** Begins with one that is due, or goes on with one. */
	async #removeSome(rows: number): Promise<void> {
		const { collection } = this.#on.metadata;
		const touchedBefore = this.#on.clock.now + 1;
		const due = [...this.model.removable.values()].filter((at) => at < touchedBefore).length;
		// One after the other: while one is being emptied, no other begins.
		if (due > 1 || (due > 0 && this.model.removing.size > 0)) return this.#removeDue();
		if (due > 0) await collection.collectProjects({ touchedBefore, limit: 1 });
		this.model.beginRemovals(touchedBefore);
		for (let row = 0; row < rows && this.model.removing.size > 0; row++) {
			const { collected } = await collection.collectProjects({ touchedBefore, limit: 1 });
			if (collected > 0) this.model.endRemovals();
		}
	}

	/** The model does not know which part of a project is left. */
	async #endRemovals(): Promise<void> {
		if (this.model.removing.size > 0) await this.#removeDue();
	}

	/** Removes every deleted project whose window is over. */
	async #removeDue(): Promise<void> {
		const { collection } = this.#on.metadata;
		const step = { touchedBefore: this.#on.clock.now + 1, limit: 3 };
		while ((await collection.collectProjects(step)).reviewed > 0);
		this.model.beginRemovals(step.touchedBefore);
		this.model.endRemovals();
		const left = this.#on.rows("SELECT name FROM projects WHERE removable_at < ?", step.touchedBefore);
		assert.deepEqual(left, [], "no deleted project outlives its window");
	}
}
