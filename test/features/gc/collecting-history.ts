// Random histories of a registry that is being collected: what must never, or always, come of them.
import assert from "node:assert/strict";
import type { Metadata } from "#/metadata/metadata.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { Bench, digestOf } from "../../conformance/metadata/bench.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { type CollectingAct, mayOverlap, TEXTS } from "./collecting-acts.ts";
import { CollectingClients } from "./collecting-clients.ts";
import { CollectingCollector, CollectingCounts, type RoundBounds } from "./collecting-collector.ts";
import type { CollectingGround } from "./collecting-ground.ts";
import { CollectingModel, checkManifests } from "./collecting-model.ts";
import { CollectingProjects } from "./collecting-projects.ts";
import { CollectingRetention, Crash } from "./collecting-retention.ts";

const HOUR = 3_600_000;
const DELAY_MS = 24 * HOUR;
const WINDOW_MS = 20 * HOUR;

/** Runs histories, and fails where something is lost, or outlives its delay or its window. */
export class CollectingHistory {
	readonly #on: CollectingGround;
	#benches: readonly Bench[];
	/** True time: it does not jump. */
	readonly #clock = new ManualClock();
	readonly #model = new CollectingModel();
	readonly #clients: CollectingClients;
	readonly #projects: CollectingProjects;
	/** The database's clock. */
	#now = Date.UTC(2026, 0, 1);
	#latest = 0;
	#turn = 0;
	#collector: CollectingCollector;
	/** Another process that believes that the lease is its own, and removes projects. */
	#remover: CollectingCollector;
	readonly #retaining: CollectingRetention;
	/** Whether connections broke, so that what was done may not have been counted by who did it. */
	#isSevered = false;
	/** Whether two things happen at the same time. */
	#isOverlapping = false;
	readonly #counts = new CollectingCounts();

	constructor(on: CollectingGround) {
		this.#on = on;
		this.#benches = on.processes.map((metadata) => new Bench(metadata));
		const history = this;
		const common = {
			model: this.#model,
			clock: this.#clock,
			delayMs: DELAY_MS,
			windowMs: WINDOW_MS,
			get bench() {
				return history.#bench;
			},
			get metadata() {
				return history.#metadata;
			},
			get operator() {
				return history.#benches[0] ?? assert.fail();
			},
			get now() {
				return history.#now;
			},
			get trueNow() {
				return history.#clock.monotonic();
			},
			rows: (sql: string) => on.rows(sql),
			drop: (project: string) => {
				this.#model.drop(project);
				this.#clients.drop(project);
			},
			close: (project: string, isClosed: boolean) => {
				if (isClosed) this.#model.closed.add(project);
				else this.#model.closed.delete(project);
			},
			tick: () => this.#pass(1),
			happen: (happening: CollectingAct) => this.#do(happening),
			bury: (link: string) => this.#clients.bury(link),
			isDeath: (error: unknown) => this.#isDeath(error),
		};
		this.#clients = new CollectingClients(common);
		this.#projects = new CollectingProjects(common, { a: 0, b: WINDOW_MS });
		this.#collector = this.#start();
		this.#remover = this.#start();
		this.#retaining = new CollectingRetention(common, { clock: this.#clock, delayMs: DELAY_MS });
	}

	/** What became of what was there, and how often two things came about in the order that is wanted. */
	get counts() {
		const { collected, amid, collectedAmid, diedAmid } = this.#counts;
		const { retained, runs } = this.#retaining.counts;
		const collecting = { collected, amid, collectedAmid, diedAmid };
		return { ...collecting, ...this.#clients.counts, ...this.#projects.counts, retained, runs };
	}

	/** Makes the projects, and lets it all happen. */
	async run(happenings: readonly CollectingAct[]): Promise<void> {
		await this.#on.setNow(this.#now);
		await this.#projects.begin();
		await this.#collector.round();
		await this.#remover.round({ removals: 0, removesOnly: true });
		await this.#retaining.look();
		for (let i = 0; i < happenings.length; i++) {
			const [happening, next] = [happenings[i], happenings[i + 1]];
			if (happening === undefined) break;
			this.#latest = Math.max(this.#latest, this.#now);
			if (next !== undefined && this.#mayOverlap(happening, next)) {
				this.#isOverlapping = true;
				await Promise.all([this.#do(happening), this.#do(next)]);
				this.#isOverlapping = false;
				await this.#check(`${happening.do} and ${next.do}`);
				i += 1;
			} else {
				await this.#do(happening);
				await this.#check(happening.do);
			}
		}
		await this.#end();
	}

	/** What clients may expect is not to be said when a removal may make their project in the same moment. */
	#mayOverlap(work: CollectingAct, happening: CollectingAct): boolean {
		return this.#on.overlaps && !this.#projects.isAwaited && mayOverlap(work, happening);
	}

	/** The next process. */
	get #bench(): Bench {
		this.#turn += 1;
		return this.#benches[this.#turn % this.#benches.length] ?? assert.fail();
	}

	get #metadata(): Metadata {
		return this.#bench.metadata;
	}

	/** Whether anything was lost. */
	async #check(after: string): Promise<void> {
		await this.#projects.follow(after);
		assert.deepEqual(await this.#on.brokenRules(), {}, after);
		const links = await this.#links();
		const { bytes, touched } = this.#clients;
		for (const [link, key] of links) assert.ok(bytes.has(key), `the bytes of ${link} after ${after}`);
		const { blobs, objects } = this.#metadata;
		for (const link of touched.keys()) {
			if (!this.#clients.isKept(link)) continue;
			assert.ok(links.has(link), `${link} after ${after}`);
			const [repository = "", of = ""] = link.split(" ");
			const found = (await blobs.find(repository, digestOf(of)))?.blob;
			assert.equal(found?.key, this.#model.isOpen(repository) ? links.get(link) : undefined, `${link} after ${after}`);
		}
		await checkManifests(this.#on, this.#model.all, after);
		const known = this.#model.deleted.length === 0 ? [] : await objects.list("default", { limit: 1000 });
		for (const [link] of this.#model.deleted) {
			const [, of = ""] = link.split(" ");
			const held = known.find(({ digest, state }) => digest === digestOf(of) && state === "live");
			assert.ok(held && bytes.has(held.key), `the bytes of ${link}, which can be restored, after ${after}`);
		}
		if (this.#counts.removing > 0) await this.#checkUsage();
	}

	/** All links that there are, and the keys of their bytes. */
	async #links(): Promise<ReadonlyMap<string, string>> {
		const rows = await this.#on.rows(`SELECT r.name, l.digest, b.key FROM repository_blobs l
			JOIN repositories r ON r.id = l.repository_id JOIN blobs b ON b.store = l.store AND b.digest = l.digest`);
		return new Map(
			rows.map((row) => {
				assert.ok("name" in row && "digest" in row && "key" in row);
				return [`${row.name} ${TEXTS.find((text) => digestOf(text) === row.digest)}`, String(row.key)];
			}),
		);
	}

	async #checkUsage(): Promise<void> {
		const { usages } = this.#metadata;
		for (const { project: name, usage } of await usages.recount()) {
			assert.deepEqual(await usages.find(name), usage, `the use of ${name}`);
		}
	}

	/** When all delays and windows are over, exactly what manifests use is there. */
	async #end(): Promise<void> {
		await this.#collect();
		// Rows that were touched while the clock was ahead become old when it is there again; what a project had goes first.
		const delays = this.#model.closed.size > 0 ? 3 : 2;
		const until = Math.max(this.#latest, this.#now) + WINDOW_MS + delays * DELAY_MS;
		while (this.#now < until) {
			await this.#pass(DELAY_MS / 2 + HOUR);
			await this.#clients.do({ do: "expire" });
			await this.#collect();
			await this.#projects.follow("its window");
		}
		const { uploads, objects, collection } = this.#metadata;
		await uploads.expire(DELAY_MS, 100);
		await this.#sweep(undefined);
		await this.#check("the end");
		this.#projects.checkEnd();
		assert.deepEqual(this.#model.deleted, [], "no window lasts for ever");
		const used = this.#model.all.map(({ name, text }) => `${name} ${text}`);
		const links = await this.#links();
		assert.deepEqual([...links.keys()].toSorted(), used.toSorted());
		const known = await objects.list("default", { limit: 1000 });
		assert.deepEqual([...this.#clients.bytes].toSorted(), known.map(({ key }) => key).toSorted());
		assert.equal(known.length, new Set(links.values()).size, "bytes of what is used, and no others");
		await this.#checkUsage();
		const { reclaimed } = await collection.totals();
		if (!this.#isSevered) assert.equal(reclaimed.objects, this.#counts.condemned, "each object is counted once");
	}

	#do(happening: CollectingAct): Promise<void> {
		switch (happening.do) {
			case "retain":
				return this.#retaining.run(happening);
			case "want":
				return this.#projects.want(happening.project, happening.owner);
			case "unwant":
				return this.#projects.unwant(happening.project, happening.owner);
			case "pass":
				return this.#pass(happening.hours * HOUR);
			case "jump":
				return this.#jump(happening.hours * HOUR);
			case "collect":
				return this.#collect({ crash: happening.crash, removals: happening.removals });
			case "removal":
				return this.#remove(happening.steps);
			case "sweep":
				return this.#sweep(happening.crash);
			case "restart":
				return this.#restart();
			case "sever":
				this.#isSevered = true;
				return this.#on.sever();
			default:
				return this.#clients.do(happening);
		}
	}

	/** Whether it comes of the death of a process, or of broken connections. */
	#isDeath(error: unknown): boolean {
		const isBreak = this.#isSevered && error instanceof MetadataError && error.code === "UNAVAILABLE";
		return isBreak || error instanceof Crash;
	}

	async #restart(): Promise<void> {
		this.#turn += 1;
		await this.#on.restart(this.#turn % this.#benches.length);
		this.#benches = this.#on.processes.map((metadata) => new Bench(metadata));
		this.#collector = this.#start();
		this.#remover = this.#start();
		await this.#retaining.restart();
	}

	async #pass(ms: number): Promise<void> {
		this.#clock.advance(ms);
		this.#now += ms;
		await this.#on.setNow(this.#now);
	}

	async #jump(ms: number): Promise<void> {
		this.#now += ms;
		await this.#on.setNow(this.#now);
		// It is looked at often: two jumps between two looks could cancel out.
		await this.#collect();
		await this.#remover.round({ removals: 0, removesOnly: true });
		await this.#retaining.jumped(ms);
	}

	#start(): CollectingCollector {
		return new CollectingCollector({
			metadata: this.#metadata,
			clock: this.#clock,
			counts: this.#counts,
			delayMs: DELAY_MS,
			rows: (sql) => this.#on.rows(sql),
			fail: (event) => assert.fail(event),
		});
	}

	/** Does what a process may die of; answers whether it did not. */
	async #dying(work: () => Promise<void>): Promise<boolean> {
		try {
			await work();
			return true;
		} catch (error) {
			if (!this.#isDeath(error)) throw error;
			this.#retaining.mayMistake();
			return false;
		}
	}

	async #collect(bounds: RoundBounds = {}): Promise<void> {
		const isAlone = !this.#isOverlapping && bounds.removals === undefined;
		const isAlive = await this.#dying(async () => {
			const due = this.#now;
			const { plan, hasMore } = await this.#collector.round(bounds);
			if (plan !== "collect") return;
			assert.equal(hasMore, false);
			for (const queue of ["gc_link_queue", "gc_blob_queue"]) {
				const left = await this.#on.rows(`SELECT * FROM ${queue} WHERE review_after < ${due - DELAY_MS + 24 * HOUR}`);
				assert.deepEqual(left, [], "nothing outlives its delay");
			}
			if (isAlone) await this.#projects.checkDone(due);
		});
		if (!isAlive) this.#collector = this.#start();
	}

	async #remove(steps: number): Promise<void> {
		const isAlive = await this.#dying(async () => {
			await this.#remover.round({ removals: steps, removesOnly: true });
		});
		if (!isAlive) this.#remover = this.#start();
	}

	async #sweep(steps: number | undefined): Promise<void> {
		let left = steps;
		const step = () => {
			if (left === 0) throw new Crash();
			if (left !== undefined) left -= 1;
		};
		const isAlive = await this.#dying(async () => {
			const { objects } = this.#metadata;
			const claim = { holder: "s", limit: 99, leaseMs: 0, staleMs: 1e12 };
			for (const { store, key } of await objects.claimCondemned(claim)) {
				step();
				this.#clients.bytes.delete(key);
				step();
				await objects.forget(store, key);
			}
		});
		if (!isAlive) this.#collector = this.#start();
	}
}
