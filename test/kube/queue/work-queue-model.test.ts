import assert from "node:assert/strict";
import { test } from "node:test";
import { WorkQueue } from "#/kube/queue/work-queue.ts";
import { ManualTiming, settle } from "../../support/manual-timing.ts";
import { recordingQueueMeter } from "../../support/recording-meters.ts";
import { type Random, randomBelow, seededRandom } from "../../support/seeded-random.ts";
import { QueueModel } from "./queue-model.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const KEYS = ["a", "b", "c", "d", "e", "f", "g"];
const PRIORITIES = [-100, -100, 0, 0, 10];

/** A queue and its model, to which the same happens. */
class Pair {
	readonly model = new QueueModel();
	readonly begun: string[] = [];
	readonly running = new Set<string>();
	readonly meter = recordingQueueMeter();
	readonly #random: Random;
	readonly #chances: number[] = [];
	readonly #timing: ManualTiming;
	readonly queue: WorkQueue;

	constructor(random: Random) {
		this.#random = random;
		this.#timing = new ManualTiming(() => this.#chances.shift() ?? assert.fail("chance was asked for unexpectedly"));
		this.queue = new WorkQueue({ timing: this.#timing, meter: this.meter });
	}

	/** One thing happens, drawn by lot. */
	async step(): Promise<void> {
		const key = this.#one(KEYS);
		const priority = this.#one(PRIORITIES);
		const lot = randomBelow(this.#random, 100);
		if (lot < 30) this.#add(key, priority, 0);
		else if (lot < 45) this.#add(key, priority, 1 + randomBelow(this.#random, 3000));
		else if (lot < 70) this.take();
		else if (lot < 90) this.finish();
		else await this.advance(randomBelow(this.#random, 2000));
		await settle();
	}

	take(): void {
		this.model.take();
		void this.queue.take().then((work) => {
			if (work === undefined) return;
			assert.ok(!this.running.has(work.key), `${work.key} is handed out twice at a time`);
			this.running.add(work.key);
			this.begun.push(`${work.key} ${work.priority}`);
		});
	}

	/** The work on some key ends: well, failing, or wanting to be looked at again. */
	finish(): void {
		const running = [...this.running];
		if (running.length === 0) return;
		const key = this.#one(running);
		const lot = randomBelow(this.#random, 3);
		if (lot === 0) {
			const chance = this.#random();
			this.#chances.push(chance);
			this.queue.retry(key, { priority: 0 });
			this.model.retry(key, 0, chance);
		} else {
			this.queue.forget(key);
			this.model.forget(key);
			if (lot === 1) this.#add(key, 0, 500);
		}
		this.running.delete(key);
		this.queue.done(key);
		this.model.done(key);
	}

	async advance(ms: number): Promise<void> {
		await this.#timing.advance(ms);
		this.model.advance(ms);
	}

	#add(key: string, priority: number, afterMs: number): void {
		this.queue.add(key, { priority, afterMs });
		this.model.add(key, priority, afterMs);
	}

	#one<T>(of: readonly T[]): T {
		return of[randomBelow(this.#random, of.length)] ?? assert.fail("nothing to choose from");
	}
}

test(`whatever happens to it, the queue hands out what the model does, in its order (SEED=${SEED})`, async () => {
	for (let round = 0; round < 40; round++) {
		const pair = new Pair(seededRandom(SEED + round));
		for (let step = 0; step < 250; step++) {
			await pair.step();
			assert.deepEqual(pair.begun, pair.model.begun, `round ${round}, step ${step}`);
		}
		// Every key that waits in any way is handed out in the end, and then nothing is left.
		while (pair.model.waiting > 0 || pair.running.size > 0) {
			for (const key of [...pair.running]) {
				pair.running.delete(key);
				pair.queue.done(key);
				pair.model.done(key);
			}
			if (pair.model.takers === 0) pair.take();
			await pair.advance(900_000);
			await settle();
			assert.deepEqual(pair.begun, pair.model.begun, `round ${round}, at the end`);
		}
		assert.deepEqual([...pair.meter.state().depths], []);
		pair.queue[Symbol.dispose]();
	}
});
