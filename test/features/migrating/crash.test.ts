import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metadata } from "#/metadata/metadata.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import { never, noise, put } from "../../conformance/blob-store/bench.ts";
import type { Hook } from "../../support/hooked.ts";
import { openRegistryHarness, pushBlob } from "../../support/registry.ts";
import { beginGround, type Ground } from "./ground.ts";

/** A life that ends at its `end`th call: that one does nothing, or its answer is lost, and there is no later one. */
class Life {
	calls = 0;
	readonly end: number;
	readonly hook: Hook;

	/** @param beside what others do before each call of this life */
	constructor(end: number, isDone: boolean, beside: () => Promise<void>) {
		this.end = end;
		this.hook = async () => {
			this.calls += 1;
			if (this.calls > end || (this.calls === end && !isDone)) throw new Error("dead");
			await beside();
			return () => {
				if (this.isOver) throw new Error("dead");
			};
		};
	}

	get isOver(): boolean {
		return this.calls >= this.end;
	}
}

/** Objects that come and go by the hands of others, one effect at a time; what was acknowledged must be seen always. */
async function* rival(
	{ objects }: Metadata,
	{ store, notes }: Ground,
	nameOf: (i: number) => string,
): AsyncGenerator<void> {
	const own: string[] = [];
	for (let i = 0; ; i++) {
		const key = nameOf(i);
		const bytes = noise(20 + i);
		await objects.intend({ store: "default", key, purpose: "snapshot", holder: "rival" });
		yield;
		await put(store, key, bytes);
		yield;
		await objects.settle("default", key, bytes.length);
		own.push(key);
		for (const one of own) assert.ok(await store.stat(one, never), `${one} is seen nowhere`);
		yield;
		const known = await objects.list("default", { limit: 1_000 });
		const live = known.filter(({ state, purpose }) => state === "live" && purpose !== "blob");
		// What is being copied just now, where there is something.
		const copying = (await notes.copying())?.keys ?? [];
		const victim = live.find(({ key }) => copying.includes(key)) ?? live[(i * 7) % live.length];
		if (victim === undefined) continue;
		await objects.condemn("default", victim.key);
		if (own.includes(victim.key)) own.splice(own.indexOf(victim.key), 1);
		yield;
		await store.delete(victim.key, undefined, never);
		yield;
		await objects.forget("default", victim.key);
		yield;
	}
}

/** Steps of {@link rival} from the first deletion on until no effect is left half done. */
const WHOLE = 6;

for (const isDone of [false, true]) {
	test(`a migrator that dies at any instant ${isDone ? "after" : "before"} a step is succeeded by another: nothing known is lost, nothing unknown stays`, async () => {
		let place = new MemoryObjects();
		const { metadata, ...harness } = await openRegistryHarness();
		await using _ = harness;
		let deaths = 0;
		let rounds = 0;
		for (let end = 1, isWhole = false; !isWhole; end++) {
			const ground = await beginGround(metadata, place);
			const instance = harness.instance({ stores: new Map([["default", ground.store]]) });
			// Some of each kind that only the former place has.
			for (let i = 0; i < 3; i++) {
				const key = `${i}0/old-${end}-${i}`;
				await metadata.objects.intend({ store: "default", key, purpose: "journal", holder: "test" });
				await put(ground.former, key, noise(100 + i));
				await metadata.objects.settle("default", key, 100 + i);
			}
			const beside = rival(metadata, ground, (i) => `${i % 9}5/new-${end}-${i}`);
			for (let i = 0; i < end % 7; i++) await beside.next();
			let steps = end % 7;
			const step = async (): Promise<void> => {
				// Not for ever: a walk ends when nothing is left to copy.
				if (steps++ < 40) await beside.next();
			};
			const life = new Life(end, isDone, step);
			const dying = ground.migrator(`dead-${end}`, life.hook);
			assert.notEqual(await dying.round(never).catch(() => "dead"), "elsewhere");
			isWhole = !life.isOver;
			if (!isWhole) deaths += 1;
			else assert.ok(await ground.isCompleted());
			const blob = "blob";
			if (end === 1) await pushBlob(instance, "p/a", blob);
			const successor = ground.migrator(`next-${end}`, new Life(Number.POSITIVE_INFINITY, false, step).hook);
			for (let i = 0, outcome = ""; outcome !== "completed"; i++) {
				assert.ok(i < 5, "it does not come to its end");
				outcome = await successor.round(never);
				rounds += 1;
			}
			assert.ok(await ground.isCompleted());
			// What the rival has begun comes to its end.
			while (steps % WHOLE !== 0) {
				steps += 1;
				await beside.next();
			}
			await settleDeletions(metadata, ground.store);
			await harness.drain();
			assert.deepEqual(await ground.findings(), [], `death at ${end}`);
			assert.equal((await ground.notes.progress())?.stage, "Completed");
			// So that lives do not grow with those before them.
			for (const { key, purpose } of await metadata.objects.list("default", { limit: 1_000 })) {
				if (purpose !== "blob") await metadata.objects.condemn("default", key);
			}
			await settleDeletions(metadata, ground.store);
			place = ground.targetObjects;
			for (const key of [...place.finished.keys()]) if (key.startsWith("limani-")) place.finished.delete(key);
		}
		assert.ok(deaths > 30, `${deaths} deaths`);
		assert.ok(rounds >= deaths, `${rounds} rounds`);
	});
}

/** As the sweeper does. */
const settleDeletions = async (metadata: Metadata, store: BlobStore): Promise<void> => {
	for (const { state, key } of await metadata.objects.list("default", { limit: 1_000 })) {
		if (state === "live") continue;
		await metadata.objects.condemn("default", key);
		await store.delete(key, undefined, never);
		await metadata.objects.forget("default", key);
	}
};
