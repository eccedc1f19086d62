import assert from "node:assert/strict";
import { type MetadataCase, never, sleep } from "./bench.ts";

const claim = { holder: "gc", limit: 10, leaseMs: 60_000, staleMs: 60_000 };

/** Objects, the outbox and its journal, leases, keys. */
export const workCases: readonly MetadataCase[] = [
	{
		name: "the database answers a ping",
		run: (bench) => bench.metadata.ping(never),
	},
	{
		name: "an intended object is settled once and listed in byte order of its key",
		async run({ metadata: { objects } }) {
			for (const key of ["b", "a/1", "B", "a.1"]) {
				await objects.intend({ store: "s", key, purpose: "snapshot", holder: "h" });
			}
			await objects.settle("s", "b", 12);
			await objects.settle("s", "b", 12);
			const keys = (await objects.list("s", { limit: 9 })).map(({ key, state, size }) => ({ key, state, size }));
			assert.deepEqual(keys, [
				{ key: "B", state: "writing", size: undefined },
				{ key: "a.1", state: "writing", size: undefined },
				{ key: "a/1", state: "writing", size: undefined },
				{ key: "b", state: "live", size: 12 },
			]);
			assert.deepEqual(
				(await objects.list("s", { last: "a.1", limit: 1 })).map(({ key }) => key),
				["a/1"],
			);
			assert.deepEqual(await objects.list("other", { limit: 9 }), []);
			await assert.rejects(async () => objects.intend({ store: "s", key: "b", purpose: "journal", holder: "h" }));
			await assert.rejects(async () => objects.settle("s", "none", 1));
		},
	},
	{
		name: "a jump of the clock is noticed by who looked before, and then known to everybody",
		async run({ metadata: { objects } }) {
			const { now, jumpedAt } = await objects.watchClock();
			assert.equal((await objects.watchClock({ now, elapsedMs: 0 })).jumpedAt, jumpedAt);
			const jumped = await objects.watchClock({ now, elapsedMs: 120_000 });
			assert.equal(jumped.jumpedAt, jumped.now);
			for (const last of [undefined, { now: jumped.now, elapsedMs: 0 }]) {
				assert.equal((await objects.watchClock(last)).jumpedAt, jumped.now);
			}
		},
	},
	{
		name: "condemned objects and intents of the dead are claimed by one, until the claim runs out",
		async run({ metadata: { objects } }) {
			for (const key of ["1", "2", "3"]) await objects.intend({ store: "s", key, purpose: "journal", holder: "h" });
			await objects.settle("s", "1", 1);
			await objects.condemn("s", "2");
			await objects.forget("s", "1");
			assert.deepEqual(
				(await objects.claimCondemned({ ...claim, leaseMs: 400 })).map(({ key }) => key),
				["2"],
			);
			assert.deepEqual(await objects.claimCondemned(claim), []);
			await sleep(450);
			const again = await objects.claimCondemned({ ...claim, staleMs: 20 });
			assert.deepEqual(again.map(({ key, state }) => [key, state]).sort(), [
				["2", "deleting"],
				["3", "deleting"],
			]);
			await assert.rejects(async () => objects.settle("s", "3", 1), "its writer was too slow");
			await objects.forget("s", "2");
			assert.deepEqual(
				(await objects.list("s", { limit: 9 })).map(({ key }) => key),
				["1", "3"],
			);
		},
	},
	{
		name: "the outbox gives committed changes in order, in batches of a size",
		async run(bench) {
			await bench.projects("a");
			await bench.push("a/x", "layer");
			await bench.put("a/x", { blobs: ["layer"], tags: ["v"] });
			const { outbox } = bench.metadata;
			const rows = await outbox.unjournaled(100, 1e6);
			assert.deepEqual(
				rows.map((row) => row.kind),
				["project-put", "repository-created", "object-live", "blob-linked", "manifest-put", "tag-moved"],
			);
			assert.ok(
				rows.every((row, index) => row.at > 0 && row.store === "default" && row.seq > (rows[index - 1]?.seq ?? 0)),
			);
			assert.equal(JSON.parse(rows[5]?.body ?? "").actor, "ann");
			assert.deepEqual(await outbox.unjournaled(2, 1e6), rows.slice(0, 2));
			assert.deepEqual(await outbox.unjournaled(100, 1), rows.slice(0, 1), "one that is too large comes alone");
			const bytes = rows.slice(0, 3).reduce((sum, row) => sum + row.body.length, 0);
			assert.deepEqual(await outbox.unjournaled(100, bytes), rows.slice(0, 3));
		},
	},
	{
		name: "a refused command leaves no record",
		async run(bench) {
			await bench.projects("a");
			const { outbox } = bench.metadata;
			const before = await outbox.unjournaled(100, 1e6);
			await bench.tryPut("a/x", { blobs: ["none"] });
			await bench.metadata.blobs.mount("a/x", `sha256:${"0".repeat(64)}`, "a/y", "ann");
			assert.deepEqual(await outbox.unjournaled(100, 1e6), before);
		},
	},
	{
		name: "segments are sealed one after another, by the holder of the lease alone",
		async run(bench) {
			await bench.projects("a", "b");
			const { outbox, objects } = bench.metadata;
			const rows = await outbox.unjournaled(10, 1e6);
			const fence = (await outbox.lease("journal", "one", 400)) ?? assert.fail();
			assert.equal(await outbox.lease("journal", "two", 400), undefined);
			assert.equal(await outbox.lease("journal", "one", 400), fence, "a keeper keeps its token");
			const segment = { store: "default", number: 1, key: "journal/1", hash: "h1", size: 10 };
			assert.equal(await outbox.seal(segment, [], fence), false, "no intent");
			await objects.intend({ store: "default", key: "journal/1", purpose: "journal", holder: "one" });
			assert.equal(await outbox.seal({ ...segment, number: 2 }, [], fence), false, "not the next");
			assert.equal(await outbox.lastSegment("default"), undefined);
			assert.equal(await outbox.seal(segment, [rows[0]?.seq ?? 0], fence), true);
			assert.deepEqual(await outbox.unjournaled(10, 1e6), rows.slice(1));
			const { size, ...sealed } = segment;
			assert.deepEqual(await outbox.lastSegment("default"), sealed);
			assert.equal((await objects.list("default", { limit: 1 }))[0]?.size, size);
			await sleep(450);
			const next = (await outbox.lease("journal", "two", 400)) ?? assert.fail();
			assert.ok(next > fence);
			await objects.intend({ store: "default", key: "journal/2", purpose: "journal", holder: "one" });
			const second = { ...segment, number: 2, key: "journal/2", hash: "h2" };
			assert.equal(await outbox.seal(second, [rows[1]?.seq ?? 0], fence), false, "fenced off");
			assert.equal(await outbox.seal(second, [rows[1]?.seq ?? 0], next), true);
			assert.equal((await outbox.lastSegment("default"))?.number, 2);
			assert.deepEqual(await outbox.unjournaled(10, 1e6), []);
		},
	},
	{
		name: "pruning condemns what it is told to that is live, and the journal goes on behind its last segment",
		async run({ metadata: { outbox, objects } }) {
			const fence = (await outbox.lease("journal", "one", 10_000)) ?? assert.fail();
			for (const number of [1, 2, 3]) {
				const key = `journal/${number}`;
				await objects.intend({ store: "s", key, purpose: "journal", holder: "one" });
				assert.ok(await outbox.seal({ store: "s", number, key, hash: `h${number}`, size: 1 }, [], fence));
			}
			await objects.intend({ store: "s", key: "snapshot/1", purpose: "snapshot", holder: "one" });
			await objects.settle("s", "snapshot/1", 5);
			await objects.intend({ store: "s", key: "snapshot/2", purpose: "snapshot", holder: "one" });
			for (let i = 0; i < 2; i++)
				await outbox.prune("s", 2, ["journal/1", "journal/2", "snapshot/1", "snapshot/2", "none"]);
			const states = async (): Promise<readonly string[]> =>
				(await objects.list("s", { limit: 9 })).map(({ key, state }) => `${key} ${state}`);
			assert.deepEqual(await states(), [
				"journal/1 deleting",
				"journal/2 deleting",
				"journal/3 live",
				"snapshot/1 deleting",
				"snapshot/2 writing",
			]);
			await outbox.prune("s", 3, ["journal/3"]);
			assert.equal((await outbox.lastSegment("s"))?.hash, "h3", "the next segment follows it");
			assert.deepEqual((await objects.claimCondemned(claim)).map(({ key }) => key).sort(), [
				"journal/1",
				"journal/2",
				"journal/3",
				"snapshot/1",
			]);
			await objects.intend({ store: "s", key: "journal/4", purpose: "journal", holder: "one" });
			const next = { store: "s", number: 4, key: "journal/4", hash: "h4", size: 1 };
			assert.ok(await outbox.seal(next, [], fence));
		},
	},
	{
		name: "pruning leaves blobs alone",
		async run(bench) {
			await bench.projects("a");
			await bench.push("a/x", "layer");
			const { objects, outbox } = bench.metadata;
			const before = await objects.list("default", { limit: 9 });
			assert.equal(before[0]?.state, "live");
			await outbox.prune(
				"default",
				9,
				before.map(({ key }) => key),
			);
			assert.deepEqual(await objects.list("default", { limit: 9 }), before);
		},
	},
	{
		name: "an adopted segment is what the next one follows",
		async run({ metadata: { outbox, objects, snapshots } }) {
			await snapshots.adopt({ store: "s", number: 41, key: "journal/41", hash: "h" });
			await snapshots.adopt({ store: "s", number: 41, key: "journal/41", hash: "h" });
			assert.deepEqual(await outbox.lastSegment("s"), { store: "s", number: 41, key: "journal/41", hash: "h" });
			assert.equal((await objects.list("s", { limit: 9 }))[0]?.state, "live");
			const fence = (await outbox.lease("journal", "one", 1000)) ?? assert.fail();
			await objects.intend({ store: "s", key: "journal/42", purpose: "journal", holder: "one" });
			const next = { store: "s", number: 42, key: "journal/42", hash: "i", size: 1 };
			assert.equal(await outbox.seal(next, [], fence), true);
		},
	},
	{
		name: "signing keys go from next to active to retired and away, one step at a time",
		async run({ metadata: { signingKeys } }) {
			const fresh = (kid: string) => ({ kid, publicJwk: `{"kid":"${kid}"}`, sealedPrivate: Buffer.from([0, 255, 1]) });
			const times = { publishMs: 300, signMs: 600, retireMs: 500 };
			const step = async (kid: string) =>
				(await signingKeys.advance({ fresh: fresh(kid), ...times })).map((key) => `${key.kid} ${key.state}`);
			assert.deepEqual(await step("k1"), ["k1 active"]);
			assert.deepEqual(await step("k2"), ["k1 active"]);
			await sleep(350);
			assert.deepEqual(await step("k2"), ["k1 active", "k2 next"]);
			await sleep(320);
			assert.deepEqual(await step("k3"), ["k1 retired", "k2 active"]);
			const [first] = await signingKeys.list();
			assert.deepEqual(new Uint8Array(first?.sealedPrivate ?? []), new Uint8Array([0, 255, 1]));
			await sleep(520);
			assert.deepEqual(await step("k4"), ["k2 active", "k4 next"]);
			await signingKeys.replaceAll(fresh("k9"));
			const states = (await signingKeys.list()).map((key) => `${key.kid} ${key.state}`);
			assert.deepEqual(states, ["k9 active"], "nothing that was signed before is good any more");
		},
	},
];
