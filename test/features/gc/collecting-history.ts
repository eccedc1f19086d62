// Random histories of a registry that is being collected: what can happen, and what must never, or always, come of it.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Collector } from "#/features/gc/index.ts";
import { isRefused } from "#/metadata/refusal.ts";
import { actor, Bench, digestOf, manifestInput } from "../../conformance/metadata/bench.ts";
import { brokenRules } from "../../metadata/registry-state.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { forever } from "../../support/registry.ts";
import type { InspectedMetadata } from "../../support/sqlite-metadata.ts";

const HOUR = 3_600_000;
const DELAY_MS = 24 * HOUR;

const NAMES = ["a/1", "a/2", "b/1"] as const;
const TEXTS = ["one", "two!", "three"] as const;
const TAGS = ["v", "w"] as const;

const name = fc.constantFrom(...NAMES);
const text = fc.constantFrom(...TEXTS);
/** Before which command of a round, or of a sweep, the process dies; undefined: it does not. */
const crash = fc.option(fc.nat({ max: 3 }), { nil: undefined, freq: 2 });

/** What can happen. */
export type CollectingAct =
	| { readonly do: "push" | "unlink" | "touch"; readonly name: string; readonly text: string }
	/** Some manifest of those that are there. */
	| { readonly do: "remove"; readonly which: number }
	| { readonly do: "mount"; readonly name: string; readonly text: string; readonly from: string }
	| { readonly do: "put"; readonly name: string; readonly text: string; readonly tags: readonly string[] }
	| { readonly do: "removeTag"; readonly name: string; readonly tag: string }
	| { readonly do: "abandon"; readonly name: string }
	| { readonly do: "pass" | "jump"; readonly hours: number }
	| { readonly do: "collect" | "sweep"; readonly crash: number | undefined }
	| { readonly do: "restart" };

const act = (...kinds: readonly ("push" | "unlink" | "touch")[]) =>
	fc.record({ do: fc.constantFrom(...kinds), name, text });

/** Any history. */
export const collectingHistories: fc.Arbitrary<readonly CollectingAct[]> = fc.array(
	fc.oneof(
		{ weight: 4, arbitrary: act("push", "unlink", "touch") },
		{ weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), which: fc.nat({ max: 9 }) }) },
		{ weight: 2, arbitrary: fc.record({ do: fc.constant("mount" as const), name, text, from: name }) },
		{ weight: 4, arbitrary: fc.record({ do: fc.constant("put" as const), name, text, tags: fc.subarray([...TAGS]) }) },
		{ weight: 1, arbitrary: fc.record({ do: fc.constant("removeTag" as const), name, tag: fc.constantFrom(...TAGS) }) },
		{ weight: 1, arbitrary: fc.record({ do: fc.constant("abandon" as const), name }) },
		{ weight: 4, arbitrary: fc.record({ do: fc.constant("pass" as const), hours: fc.integer({ min: 1, max: 30 }) }) },
		{ weight: 1, arbitrary: fc.record({ do: fc.constant("jump" as const), hours: fc.integer({ min: -72, max: 72 }) }) },
		{ weight: 4, arbitrary: fc.record({ do: fc.constantFrom("collect" as const, "sweep" as const), crash }) },
		{ weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
	),
	{ minLength: 1, maxLength: 60, size: "max" },
);

class Crash extends Error {}

/** Runs histories, and fails where something is lost, or outlives its delay. */
export class CollectingHistory {
	readonly #on: InspectedMetadata;
	readonly #bench: Bench;
	/** True time: it does not jump. */
	readonly #clock = new ManualClock();
	/** When each link was touched last, in true time; absent when there need be none. */
	readonly #touched = new Map<string, number>();
	/** Manifests that are there, by repository and text: each names the blob of that text. */
	readonly #manifests = new Set<string>();
	/** Keys under which bytes lie. */
	readonly #bytes = new Set<string>();
	#latest = 0;
	#steps: number | undefined;
	#collector: Collector;
	/** What the collector took away. */
	collected = 0;

	constructor(on: InspectedMetadata) {
		this.#on = on;
		this.#bench = new Bench(on.metadata);
		this.#collector = this.#start();
	}

	/** Makes the projects. */
	async begin(): Promise<void> {
		await this.#bench.forgetful("a", "b");
		await this.#collector.round(forever);
	}

	/** Lets it happen, and looks whether anything was lost. */
	async run(happening: CollectingAct): Promise<void> {
		this.#latest = Math.max(this.#latest, this.#on.clock.now);
		await this.#do(happening);
		assert.deepEqual(brokenRules(this.#on), {}, happening.do);
		for (const [link, at] of this.#touched) {
			const [repository = "", of = ""] = link.split(" ");
			const found = (await this.#on.metadata.blobs.find(repository, digestOf(of)))?.blob;
			const isKept = this.#manifests.has(link) || this.#clock.monotonic() - at < DELAY_MS;
			if (isKept) assert.ok(found, `${link} after ${happening.do}`);
			if (found !== undefined) assert.ok(this.#bytes.has(found.key), `the bytes of ${link} after ${happening.do}`);
		}
	}

	/** When all delays are over, exactly what manifests use is there. */
	async end(): Promise<void> {
		await this.#collect(undefined);
		// Rows that were touched while the clock was ahead become old when it is there again.
		const until = Math.max(this.#latest, this.#on.clock.now) + 2 * DELAY_MS;
		while (this.#on.clock.now < until) {
			this.#pass(DELAY_MS / 2 + HOUR);
			await this.#collect(undefined);
		}
		const { uploads, usages } = this.#on.metadata;
		await uploads.expire(DELAY_MS, 100);
		await this.#sweep(undefined);
		const names = this.#on.rows(
			"SELECT r.name, l.digest FROM repository_blobs l JOIN repositories r ON r.id = l.repository_id",
		);
		const used = [...this.#manifests]
			.map((link) => link.split(" "))
			.map(([of = "", blob = ""]) => [of, digestOf(blob)]);
		assert.deepEqual(names.map((row) => [row.name, row.digest]).toSorted(), used.toSorted());
		const objects = await this.#on.metadata.objects.list("default", { limit: 100 });
		assert.deepEqual([...this.#bytes].toSorted(), objects.map(({ key }) => key).toSorted());
		assert.equal(
			objects.length,
			new Set(used.map(([, digest]) => digest)).size,
			"bytes of what is used, and no others",
		);
		for (const { project, usage } of await usages.recount()) assert.deepEqual(await usages.find(project), usage);
	}

	#do(happening: CollectingAct): Promise<void> | void {
		switch (happening.do) {
			case "push":
				return this.#push(happening.name, happening.text);
			case "mount":
				return this.#mount(happening.name, happening.text, happening.from);
			case "put":
				return this.#put(happening.name, happening.text, happening.tags);
			case "remove":
				return this.#remove(happening.which);
			case "unlink":
				return this.#unlink(happening.name, happening.text);
			case "touch":
				return this.#touch(happening.name, happening.text);
			case "removeTag":
				return this.#removeTag(happening.name, happening.tag);
			case "abandon":
				return this.#abandon(happening.name);
			case "pass":
				return this.#pass(happening.hours * HOUR);
			case "jump":
				// It is looked at often: two jumps between two looks could cancel out.
				this.#on.clock.now += happening.hours * HOUR;
				return this.#collect(undefined);
			case "collect":
				return this.#collect(happening.crash);
			case "sweep":
				return this.#sweep(happening.crash);
			case "restart":
				this.#collector = this.#start();
		}
	}

	#mark(repository: string, of: string): void {
		this.#touched.set(`${repository} ${of}`, this.#clock.monotonic());
	}

	/** Whether the link must be there, whatever the collector did. */
	#isSafe(repository: string, of: string): boolean {
		const at = this.#touched.get(`${repository} ${of}`);
		const isYoung = at !== undefined && this.#clock.monotonic() - at < DELAY_MS;
		return isYoung || this.#manifests.has(`${repository} ${of}`);
	}

	async #push(repository: string, of: string): Promise<void> {
		const { id, epoch, key } = await this.#bench.upload(repository);
		this.#bytes.add(key);
		const done = { id, epoch, digest: digestOf(of), size: of.length, actor };
		assert.ok(!isRefused(await this.#on.metadata.uploads.complete(done)));
		this.#mark(repository, of);
	}

	async #mount(repository: string, of: string, from: string): Promise<void> {
		const outcome = await this.#on.metadata.blobs.mount(repository, digestOf(of), from, actor);
		const isMounted = !isRefused(outcome) && outcome.mounted;
		if (this.#isSafe(from, of)) assert.ok(isMounted, `${of} from ${from}`);
		if (isMounted) this.#mark(repository, of);
	}

	/** As clients do: what is not there is pushed first. */
	async #put(repository: string, of: string, tags: readonly string[]): Promise<void> {
		const found = await this.#on.metadata.blobs.find(repository, digestOf(of));
		if (found?.blob === undefined) await this.#push(repository, of);
		const outcome = await this.#bench.tryPut(repository, { blobs: [of], tags });
		if (this.#isSafe(repository, of)) assert.ok(!isRefused(outcome), `${of} named in ${repository}`);
		if (!isRefused(outcome)) this.#manifests.add(`${repository} ${of}`);
	}

	async #remove(which: number): Promise<void> {
		const link = [...this.#manifests][which % Math.max(1, this.#manifests.size)];
		if (link === undefined) return;
		const [repository = "", of = ""] = link.split(" ");
		const { digest } = manifestInput(repository, { blobs: [of] });
		assert.ok(!isRefused(await this.#on.metadata.manifests.remove(repository, digest, actor)));
		this.#manifests.delete(link);
		this.#mark(repository, of);
	}

	async #removeTag(repository: string, tag: string): Promise<void> {
		await this.#on.metadata.manifests.removeTag(repository, tag, undefined, actor);
	}

	async #unlink(repository: string, of: string): Promise<void> {
		const outcome = await this.#on.metadata.blobs.unlink(repository, digestOf(of), actor);
		if (!isRefused(outcome)) this.#touched.delete(`${repository} ${of}`);
	}

	async #touch(repository: string, of: string): Promise<void> {
		if (await this.#on.metadata.blobs.touch(repository, digestOf(of))) this.#mark(repository, of);
	}

	async #abandon(repository: string): Promise<void> {
		this.#bytes.add((await this.#bench.upload(repository)).key);
	}

	#pass(ms: number): void {
		this.#clock.advance(ms);
		this.#on.clock.now += ms;
	}

	#start(): Collector {
		const { collection, objects, outbox } = this.#on.metadata;
		const dying = {
			collectLinks: (step: Parameters<typeof collection.collectLinks>[0]) => {
				this.#step();
				return collection.collectLinks(step);
			},
			collectBlobs: (step: Parameters<typeof collection.collectBlobs>[0]) => {
				this.#step();
				return collection.collectBlobs(step);
			},
		};
		const meter = { collected: () => undefined, planned: () => undefined };
		const report = ({ event }: { readonly event: string }): void => assert.fail(event);
		const deps = { objects, outbox, collection: dying, holder: "gc", clock: this.#clock, report, meter };
		return new Collector(deps, { delayMs: DELAY_MS, batch: 2, rate: 1e9 });
	}

	/** One command less until the process dies. */
	#step(): void {
		if (this.#steps === undefined) return;
		if (this.#steps === 0) throw new Crash();
		this.#steps -= 1;
	}

	async #dying(steps: number | undefined, work: () => Promise<void>): Promise<void> {
		this.#steps = steps;
		try {
			await work();
		} catch (error) {
			if (!(error instanceof Crash)) throw error;
			this.#collector = this.#start();
		} finally {
			this.#steps = undefined;
		}
	}

	#collect(steps: number | undefined): Promise<void> {
		return this.#dying(steps, async () => {
			const { plan, links, blobs, hasMore } = await this.#collector.round(forever);
			this.collected += links + blobs;
			if (plan !== "collect") return;
			assert.equal(hasMore, false);
			const due = this.#on.clock.now;
			for (const queue of ["gc_link_queue", "gc_blob_queue"]) {
				const left = this.#on.rows(`SELECT * FROM ${queue} WHERE review_after < ?`, due - DELAY_MS + 24 * HOUR);
				assert.deepEqual(left, [], "nothing outlives its delay");
			}
		});
	}

	#sweep(steps: number | undefined): Promise<void> {
		return this.#dying(steps, async () => {
			const { objects } = this.#on.metadata;
			for (const { store, key } of await objects.claimCondemned({
				holder: "s",
				limit: 99,
				leaseMs: 0,
				staleMs: 1e12,
			})) {
				this.#step();
				this.#bytes.delete(key);
				this.#step();
				await objects.forget(store, key);
			}
		});
	}
}
