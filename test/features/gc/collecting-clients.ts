// What clients do in the histories of a registry that is being collected, and what they may expect.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { isRefused } from "#/metadata/refusal.ts";
import { actor, type Bench, digestOf, manifestInput, uploadInput } from "../../conformance/metadata/bench.ts";
import type { ManualClock } from "../../support/manual-clock.ts";
import type { CollectingAct, SmallAct } from "./collecting-acts.ts";
import { type CollectingModel, projectOf } from "./collecting-model.ts";

/** What one client may do. */
export type ClientAct = Extract<
	CollectingAct,
	{ readonly do: SmallAct["do"] | "push" | "mount" | "unlink" | "touch" | "abandon" | "finish" | "expire" }
>;

/** The history that they are in. */
export interface ClientsHost {
	/** Of the next process. */
	readonly bench: Bench;
	readonly model: CollectingModel;
	/** The database's clock. */
	readonly now: number;
	/** True time: it does not jump. */
	readonly clock: ManualClock;
	/** How long what nobody uses is left alone, milliseconds. */
	readonly delayMs: number;
	/** How long deletions in projects that can undo them can be undone, milliseconds. */
	readonly windowMs: number;
}

interface LeftUpload {
	readonly name: string;
	readonly id: string;
	readonly epoch: number;
	readonly at: number;
	/** Whether its project was removed meanwhile. */
	isGone: boolean;
}

/** Clients of all processes, who fail where an answer is not what they must get. */
export class CollectingClients {
	readonly #host: ClientsHost;
	/** When each link was touched last, in true time; absent when there need be none. */
	readonly touched = new Map<string, number>();
	/** Keys under which bytes lie. */
	readonly bytes = new Set<string>();
	#uploads: readonly LeftUpload[] = [];
	/** How many deletions were undone, and how many uploads were ended that had been left. */
	readonly counts = { restored: 0, finished: 0 };

	constructor(host: ClientsHost) {
		this.#host = host;
	}

	/** Does it. */
	do(act: ClientAct): Promise<void> {
		switch (act.do) {
			case "push":
				return this.#push(act.name, act.text);
			case "mount":
				return this.#mount(act.name, act.text, act.from);
			case "unlink":
				return this.#unlink(act.name, act.text);
			case "touch":
				return this.#touch(act.name, act.text);
			case "abandon":
				return this.#abandon(act.name);
			case "finish":
				return this.#finish(act.which, act.text);
			case "expire":
				return this.#expire();
			case "put":
				return this.#put(act);
			case "remove":
				return this.#remove(act);
			case "restore":
				return this.#restore(act);
			case "removeTag":
				return this.#removeTag(act);
		}
	}

	/** Nothing that the project had can come back. */
	drop(project: string): void {
		for (const link of [...this.touched.keys()]) if (projectOf(link) === project) this.touched.delete(link);
		for (const upload of this.#uploads) if (projectOf(upload.name) === project) upload.isGone = true;
	}

	/** It was deleted. */
	bury(link: string): void {
		const { model, now, windowMs } = this.#host;
		const [repository = "", of = ""] = link.split(" ");
		model.bury(link, repository.startsWith("b/") ? now + windowMs : undefined);
		this.#mark(repository, of);
	}

	/** Whether the link must be there, whatever the collector did. */
	isKept(link: string): boolean {
		const at = this.touched.get(link);
		const isYoung = at !== undefined && this.#host.clock.monotonic() - at < this.#host.delayMs;
		return isYoung || this.#host.model.has(link);
	}

	get #metadata() {
		return this.#host.bench.metadata;
	}

	#isOpen(repository: string): boolean {
		return this.#host.model.isOpen(repository);
	}

	/** Whether clients must find the link. */
	#isSafe(repository: string, of: string): boolean {
		return this.#isOpen(repository) && this.isKept(`${repository} ${of}`);
	}

	#mark(repository: string, of: string): void {
		this.touched.set(`${repository} ${of}`, this.#host.clock.monotonic());
	}

	/** An upload that somebody holds; undefined when the project is deleted. */
	async #upload(repository: string): Promise<{ readonly id: string; readonly epoch: number } | undefined> {
		const outcome = await this.#metadata.uploads.create(uploadInput(repository, randomUUID()));
		assert.equal(!isRefused(outcome), this.#isOpen(repository), `an upload to ${repository}`);
		if (isRefused(outcome)) return undefined;
		this.bytes.add(outcome.upload.key);
		return outcome.upload;
	}

	async #push(repository: string, of: string): Promise<void> {
		const upload = await this.#upload(repository);
		if (upload === undefined) return;
		const { id, epoch } = upload;
		const done = { id, epoch, digest: digestOf(of), size: of.length, actor };
		assert.ok(!isRefused(await this.#metadata.uploads.complete(done)));
		this.#mark(repository, of);
	}

	async #abandon(name: string): Promise<void> {
		const upload = await this.#upload(name);
		if (upload === undefined) return;
		const { id, epoch } = upload;
		this.#uploads = [...this.#uploads, { name, id, epoch, at: this.#host.now, isGone: false }];
	}

	async #finish(which: number, of: string): Promise<void> {
		const upload = this.#uploads[which % Math.max(1, this.#uploads.length)];
		if (upload === undefined) return;
		const { name, id, epoch, at } = upload;
		const outcome = await this.#metadata.uploads.complete({ id, epoch, digest: digestOf(of), size: of.length, actor });
		const isOpen = this.#isOpen(name) && !upload.isGone;
		if (isRefused(outcome)) {
			assert.ok(!isOpen || at !== this.#host.now, `an upload to ${name} that is held comes to its end`);
			return;
		}
		assert.ok(isOpen, `an upload to ${name} does not outlive the project`);
		this.#uploads = this.#uploads.filter((each) => each !== upload);
		this.counts.finished += 1;
		this.#mark(name, of);
	}

	async #mount(repository: string, of: string, from: string): Promise<void> {
		const outcome = await this.#metadata.blobs.mount(repository, digestOf(of), from, actor);
		const isMounted = !isRefused(outcome) && outcome.mounted;
		if (this.#isOpen(repository) && this.#isSafe(from, of)) assert.ok(isMounted, `${of} from ${from}`);
		if (!isMounted) return;
		assert.ok(this.#isOpen(repository) && this.#isOpen(from), `${repository} has ${of} from ${from}, one is deleted`);
		this.#mark(repository, of);
	}

	/** As clients do: what is not there is pushed first. */
	async #put({ name: repository, text: of, tags, again }: SmallAct & { readonly do: "put" }): Promise<void> {
		const { bench, model } = this.#host;
		const found = await this.#metadata.blobs.find(repository, digestOf(of));
		if (found?.blob === undefined) await this.#push(repository, of);
		const outcome = await bench.tryPut(repository, { blobs: [of], tags });
		if (this.#isSafe(repository, of)) assert.ok(!isRefused(outcome), `${of} named in ${repository}`);
		if (isRefused(outcome)) return;
		assert.ok(this.#isOpen(repository), `${repository} is deleted`);
		model.put(`${repository} ${of}`, tags, this.#host.now);
		if (!again) return;
		assert.ok(!isRefused(await bench.tryPut(repository, { blobs: [of], tags })));
		model.put(`${repository} ${of}`, tags, this.#host.now);
	}

	async #remove({ which, again }: SmallAct & { readonly do: "remove" }): Promise<void> {
		const { links } = this.#host.model;
		const link = links[which % Math.max(1, links.length)];
		if (link === undefined) return;
		const [repository = "", of = ""] = link.split(" ");
		const { digest } = manifestInput(repository, { blobs: [of] });
		assert.ok(!isRefused(await this.#metadata.manifests.remove(repository, digest, actor)));
		this.bury(link);
		if (again) assert.ok(isRefused(await this.#metadata.manifests.remove(repository, digest, actor)));
	}

	async #restore({ which, again }: SmallAct & { readonly do: "restore" }): Promise<void> {
		const { deleted } = this.#host.model;
		const [link, until = 0] = deleted[which % Math.max(1, deleted.length)] ?? [];
		if (link === undefined) return;
		const [repository = "", of = ""] = link.split(" ");
		const { digest } = manifestInput(repository, { blobs: [of] });
		const outcome = await this.#metadata.history.restoreManifest({ repository, digest, actor });
		const { now } = this.#host;
		const isOpen = this.#isOpen(repository) && now < until;
		assert.equal(!isRefused(outcome), isOpen, `${link} restored ${now - until} ms after its window`);
		if ("refused" in outcome) return;
		this.#host.model.restore(link, outcome.tags);
		this.counts.restored += 1;
		if (!again) return;
		const second = await this.#metadata.history.restoreManifest({ repository, digest, actor });
		assert.ok("manifests" in second && second.manifests.length === 0, "what is there again stays as it is");
	}

	async #expire(): Promise<void> {
		await this.#metadata.history.expire(100);
		this.#host.model.expire(this.#host.now);
	}

	async #removeTag({ name, tag, again }: SmallAct & { readonly do: "removeTag" }): Promise<void> {
		const outcome = await this.#metadata.manifests.removeTag(name, tag, undefined, actor);
		if (!this.#isOpen(name)) return assert.ok(isRefused(outcome), `${name} is deleted`);
		this.#host.model.removeTag(name, tag);
		if (again) assert.ok(isRefused(await this.#metadata.manifests.removeTag(name, tag, undefined, actor)));
	}

	async #unlink(repository: string, of: string): Promise<void> {
		const outcome = await this.#metadata.blobs.unlink(repository, digestOf(of), actor);
		if (isRefused(outcome)) return;
		assert.ok(this.#isOpen(repository), `${repository} is deleted`);
		this.touched.delete(`${repository} ${of}`);
	}

	async #touch(repository: string, of: string): Promise<void> {
		if (!(await this.#metadata.blobs.touch(repository, digestOf(of)))) return;
		assert.ok(this.#isOpen(repository), `${repository} is deleted`);
		this.#mark(repository, of);
	}
}
