import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { Bench, digestOf, never, project } from "../conformance/metadata/bench.ts";
import { type InspectedMetadata, openInspectedMetadata } from "../support/sqlite-metadata.ts";
import { type Happening, History, histories } from "./history.ts";
import { brokenRules, registryState } from "./registry-state.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Seconds for each test. */
const DURATION = Number(process.env.DURATION ?? 4);

const settings = { seed: SEED, numRuns: 100_000, interruptAfterTimeLimit: DURATION * 1000, endOnFailure: false };

test(`any history leads where the model says, and breaks no rule (SEED=${SEED})`, async () => {
	await fc.assert(
		fc.asyncProperty(histories, async (happenings) => {
			await using on = await openInspectedMetadata();
			const history = new History(on);
			await history.begin();
			for (const happening of happenings) {
				await history.run(happening);
				assert.deepEqual(brokenRules(on), {}, happening.do);
			}
			await checkModel(on, history);
			for (const { project, usage } of await on.metadata.usages.recount()) {
				assert.deepEqual(await on.metadata.usages.find(project), usage);
			}
		}),
		settings,
	);
});

test(`the records of any history give the same registry (SEED=${SEED})`, async () => {
	await fc.assert(
		fc.asyncProperty(histories, async (happenings) => {
			await using on = await lived([...happenings, { do: "removeDue" }, { do: "expire" }]);
			const rows = await on.metadata.outbox.unjournaled(1e6, 1e12);
			await using again = await openInspectedMetadata({ now: on.clock.now });
			await again.metadata.snapshots.restore(rows);
			await again.metadata.history.expire(1_000);
			assert.deepEqual(registryState(again), registryState(on));
			await again.metadata.snapshots.restore(rows);
			await again.metadata.history.expire(1_000);
			assert.deepEqual(registryState(again), registryState(on), "applied twice");
			assert.deepEqual(brokenRules(again), {});
		}),
		settings,
	);
});

test(`a snapshot from the midst and the records since its segment give the same registry (SEED=${SEED})`, async () => {
	await fc.assert(
		fc.asyncProperty(histories, histories, histories, async (sealed, unsealed, later) => {
			await using on = await openInspectedMetadata();
			const history = new History(on);
			await history.begin();
			for (const happening of sealed) await history.run(happening);
			await seal(on);
			for (const happening of unsealed) await history.run(happening);
			const { segment, records } = await on.metadata.snapshots.export("default", never);
			assert.equal(segment, 1);
			const snapshot: JournalRecord[] = await Array.fromAsync(records);
			for (const happening of later) await history.run(happening);
			await history.run({ do: "removeDue" });
			await using again = await openInspectedMetadata({ now: on.clock.now });
			await again.metadata.snapshots.restore(snapshot);
			// Those of the second part are in the snapshot already, and come again.
			await again.metadata.snapshots.restore(await on.metadata.outbox.unjournaled(1e6, 1e12));
			await history.run({ do: "expire" });
			again.clock.now = on.clock.now;
			await again.metadata.history.expire(1_000);
			assert.deepEqual(registryState(again), registryState(on));
			assert.deepEqual(brokenRules(again), {});
		}),
		settings,
	);
});

async function lived(happenings: readonly Happening[]): Promise<InspectedMetadata> {
	const on = await openInspectedMetadata();
	const history = new History(on);
	await history.begin();
	for (const happening of happenings) await history.run(happening);
	return on;
}

async function seal({ metadata: { outbox, objects } }: InspectedMetadata): Promise<void> {
	const fence = (await outbox.lease("journal", "test", 1000)) ?? assert.fail();
	await objects.intend({ store: "default", key: "journal/1", purpose: "journal", holder: "test" });
	const rows = await outbox.unjournaled(1e6, 1e12);
	const segment = { store: "default", number: 1, key: "journal/1", hash: "", size: 1 };
	assert.ok(
		await outbox.seal(
			segment,
			rows.map((row) => row.seq),
			fence,
		),
	);
}

async function checkModel({ metadata }: InspectedMetadata, { model }: History): Promise<void> {
	const published: string[] = [];
	for (const [name, expected] of model.repositories) {
		const open = model.isOpen(name);
		const found = await metadata.repositories.find(name);
		assert.equal(found !== undefined, open, name);
		if (found === undefined) continue;
		if (found.published) published.push(name);
		const tags = await metadata.manifests.tags(name, { limit: 99 });
		assert.deepEqual(tags ?? [], [...expected.tags.keys()].toSorted());
		for (const [tag, digest] of expected.tags) {
			const tagged = await metadata.manifests.find(name, { kind: "tag", tag }, { payload: false });
			assert.equal(tagged?.manifest?.digest, digest);
		}
		for (const digest of expected.manifests.keys()) {
			const there = await metadata.manifests.find(name, { kind: "digest", digest }, { payload: true });
			assert.equal(there?.manifest?.digest, digest);
		}
		for (const text of ["one", "two!", "three"]) {
			const digest = digestOf(text);
			const blob = (await metadata.blobs.find(name, digest))?.blob;
			assert.equal(blob !== undefined, expected.blobs.has(digest));
		}
	}
	assert.deepEqual(await metadata.repositories.catalog("all", { limit: 99 }), published.toSorted());
}

test("what the control plane wanted comes back from records and from a snapshot", async () => {
	await using on = await openInspectedMetadata();
	const bench = new Bench(on.metadata);
	const passwordHash = `$argon2id$v=19$m=65536,t=3,p=4$${"a".repeat(22)}$${"b".repeat(43)}`;
	const hash = "0".repeat(64);
	const user = (uid: string, name: string) =>
		({ kind: "User", uid, generation: 1, spec: { name, passwordHash } }) as const;
	const robot = (uid: string, name: string, spec = {}) =>
		({
			kind: "RobotAccount",
			uid,
			generation: 3,
			spec: { name, verifiers: [{ hash, notAfter: 9 }], ...spec },
		}) as const;
	const owned = {
		...project("mine", { quotaBytes: 7, owner: "ns/mine", members: [{ kind: "Group", name: "g", role: "admin" }] }),
		uid: "p1",
	};
	await bench.apply([project("a"), project("b"), owned, user("u1", "ann"), user("u2", "eva"), user("u3", "eva")]);
	await bench.apply(
		[robot("r1", "robot$x", { expiresAt: 5, disabled: true }), robot("r2", "robot$y")],
		["u1", "uid-b"],
	);
	const permissions = [{ project: "a", actions: ["pull"] }];
	await bench.apply([{ ...owned, uid: "p2", generation: 7 }, robot("r1", "robot$z", { permissions })], ["p1", "r2"]);
	await bench.apply([{ ...project("a", { store: "cold", visibility: "Public" }), generation: 2 }], ["u2"]);
	await bench.put("a/cold");
	const state = registryState(on);
	assert.deepEqual(
		[state.users?.length, state.robots?.length, state.projects?.length, state.control_resources?.length],
		[1, 1, 3, 4],
	);

	await using fromRecords = await openInspectedMetadata();
	await fromRecords.metadata.snapshots.restore(await on.metadata.outbox.unjournaled(1e6, 1e12));
	assert.deepEqual(registryState(fromRecords), state);

	await using fromSnapshots = await openInspectedMetadata();
	for (const store of ["cold", "default"]) {
		const { records } = await on.metadata.snapshots.export(store, never);
		await fromSnapshots.metadata.snapshots.restore(await Array.fromAsync(records));
	}
	assert.deepEqual(registryState(fromSnapshots), state);
});
