import assert from "node:assert/strict";
import type { DesiredResource } from "#/metadata/control-state.ts";
import { type Bench, type MetadataCase, project } from "./bench.ts";

type Fields = { readonly [field: string]: unknown };

const retention = (uid: string, fields: Fields = {}, generation = 1): DesiredResource => ({
	kind: "RetentionPolicy",
	uid,
	generation,
	spec: {
		name: `team/${uid}`,
		projects: { uids: ["uid-a"] },
		rules: [{ name: "recent", keep: { latestPushed: 3 } }],
		...fields,
	},
});

const replication = (uid: string, fields: Fields = {}, generation = 1): DesiredResource => ({
	kind: "ReplicationPolicy",
	uid,
	generation,
	spec: {
		name: `team/${uid}`,
		direction: "Pull",
		remote: { url: "https://registry.example.com" },
		projects: { uids: ["uid-a"] },
		...fields,
	},
});

const lease = (bench: Bench, uid: string, holder = "replica-1", ms = 60_000): Promise<number> =>
	bench.metadata.outbox.lease(`policy:${uid}`, holder, ms).then((fence) => fence ?? assert.fail("it is taken"));

const observed = async ({ metadata: { controlState } }: Bench, after = 0) =>
	(await controlState.observe(after, 1_000)).map(({ uid, ready, reason, report }) => ({ uid, ready, reason, report }));

/** Policies that the data plane carries out by itself. */
export const policyCases: readonly MetadataCase[] = [
	{
		name: "policies in force are found and listed by kind, with their defaults",
		async run(bench) {
			await bench.apply([retention("p2"), retention("p1"), replication("p3"), project("a")]);
			const { policies } = bench.metadata;
			const uids = async (last?: string, limit = 9) =>
				(await policies.list("RetentionPolicy", { last, limit })).map(({ uid }) => uid);
			assert.deepEqual(await uids(), ["p1", "p2"]);
			assert.deepEqual(await uids("p1"), ["p2"]);
			assert.deepEqual(await uids(undefined, 1), ["p1"]);
			const found = await policies.find("p3");
			assert.deepEqual([found?.kind, found?.generation, found?.state], ["ReplicationPolicy", 1, undefined]);
			assert.deepEqual([found?.spec.mode, found?.spec.guard], ["Copy", { maxShare: 25, minimum: 10 }]);
			assert.equal(await policies.find("uid-a"), undefined);
			assert.deepEqual(await bench.metadata.outbox.unjournaled(9, 1e6).then((rows) => rows.length), 1);
		},
	},
	{
		name: "policies of the same name live side by side, and one that is wrong leaves in force what was",
		async run(bench) {
			await bench.apply([retention("p1", { name: "team/x" }), retention("p2", { name: "team/x" })]);
			await bench.apply([
				{ ...retention("p1", {}, 2), spec: {}, rejected: { reason: "Invalid", message: "rules: nothing given" } },
			]);
			const { policies } = bench.metadata;
			assert.deepEqual([(await policies.find("p1"))?.generation, (await policies.find("p2"))?.generation], [1, 1]);
			assert.deepEqual(await observed(bench), [
				{ uid: "p2", ready: true, reason: "Applied", report: undefined },
				{ uid: "p1", ready: false, reason: "Invalid", report: undefined },
			]);
		},
	},
	{ name: "who holds the lease keeps state and report, which observers hear of when it differs", run: keepsReports },
	{
		name: "a change of the spec keeps state and report, and deletion drops them and the lease",
		async run(bench) {
			await bench.apply([replication("p1")]);
			const { policies, outbox } = bench.metadata;
			const fence = await lease(bench, "p1");
			const kept = { fence, state: { at: 1 }, report: { runs: [] } };
			assert.ok(await policies.save("p1", kept));
			await bench.apply([replication("p1", { mode: "Mirror" }, 2)]);
			const found = await policies.find("p1");
			assert.deepEqual([found?.generation, found?.spec.mode, found?.state], [2, "Mirror", { at: 1 }]);
			assert.deepEqual(await observed(bench), [{ uid: "p1", ready: true, reason: "Applied", report: { runs: [] } }]);
			await bench.apply([], ["p1"]);
			assert.equal(await policies.find("p1"), undefined);
			assert.deepEqual(await observed(bench), [{ uid: "p1", ready: false, reason: "Deleted", report: undefined }]);
			assert.equal(await policies.save("p1", kept), false);
			await bench.apply([replication("p1")]);
			assert.equal((await policies.find("p1"))?.state, undefined);
			assert.equal(await policies.save("p1", kept), false, "the lease went with the policy");
			assert.ok(await outbox.lease("policy:p1", "replica-2", 1_000));
			await bench.apply([], [], ["p1"]);
			assert.equal(await policies.find("p1"), undefined);
		},
	},
	{
		name: "a policy's generation changes with its spec, whatever that of the resource says",
		async run(bench) {
			const generation = async () => (await bench.metadata.policies.find("p1"))?.generation;
			await bench.apply([retention("p1", {}, 7)]);
			const first = (await generation()) ?? 0;
			await bench.apply([retention("p1", {}, 8)]);
			assert.equal(await generation(), first);
			await bench.apply([retention("p1", { dryRun: true }, 8)]);
			assert.equal(await generation(), first + 1);
			await bench.apply([retention("p1", {}, 8)]);
			assert.equal(await generation(), first + 2, "back, and yet not what it was when somebody looked before");
		},
	},
	{
		name: "a page of observations ends early where reports are large",
		async run(bench) {
			const uids = Array.from({ length: 80 }, (_, i) => `p${String(i).padStart(2, "0")}`);
			await bench.apply(uids.map((uid) => retention(uid)));
			for (const uid of uids) {
				const report = { explain: "x".repeat(60_000) };
				assert.ok(await bench.metadata.policies.save(uid, { fence: await lease(bench, uid), report }));
			}
			const seen: string[] = [];
			let pages = 0;
			for (let cursor = 0; ; ) {
				const page = await bench.metadata.controlState.observe(cursor, 1_000);
				assert.ok(JSON.stringify(page).length < 5_000_000);
				if (page.length === 0) break;
				seen.push(...page.map(({ uid }) => uid));
				cursor = page.at(-1)?.cursor ?? assert.fail();
				pages += 1;
			}
			assert.deepEqual([seen, pages], [uids, 2]);
		},
	},
];

async function keepsReports(bench: Bench): Promise<void> {
	await bench.apply([retention("p1"), retention("p2")]);
	const { policies, controlState, outbox } = bench.metadata;
	assert.equal(await policies.save("p1", { fence: 1, state: {} }), false, "nobody holds it");
	const fence = await lease(bench, "p1");
	const cursor = (await controlState.observe(0, 9)).at(-1)?.cursor ?? 0;
	assert.ok(await policies.save("p1", { fence, state: { running: "r1" } }));
	assert.deepEqual((await policies.find("p1"))?.state, { running: "r1" });
	assert.deepEqual(await controlState.observe(cursor, 9), [], "its state is its own");
	assert.ok(await policies.save("p1", { fence, report: { removed: 1 } }));
	assert.deepEqual((await policies.find("p1"))?.state, { running: "r1" });
	const [news, ...others] = await controlState.observe(cursor, 9);
	assert.deepEqual([news?.uid, news?.report, others], ["p1", { removed: 1 }, []]);
	const after = news?.cursor ?? assert.fail();
	assert.ok(await policies.save("p1", { fence, state: { done: true }, report: { removed: 1 } }));
	assert.deepEqual(await controlState.observe(after, 9), [], "nothing is different");
	assert.deepEqual((await policies.find("p1"))?.state, { done: true });
	// The same again by the control plane changes nothing either.
	await bench.apply([retention("p1")]);
	assert.deepEqual(await controlState.observe(after, 9), []);
	await assert.rejects(policies.save("p1", { fence, report: { text: "x".repeat(65_536) } }), /at most 65536/);
	assert.equal(await policies.save("p2", { fence, state: {} }), false, "the lease is on another policy");
	assert.equal(await policies.save("p9", { fence, state: {} }), false);
	await outbox.lease("policy:p1", "replica-1", 0);
	assert.equal(await policies.save("p1", { fence, state: {} }), false, "the lease is over");
	const next = await lease(bench, "p1", "replica-2");
	assert.ok(next > fence);
	assert.equal(await policies.save("p1", { fence, state: { late: true } }), false, "another holds it");
	assert.ok(await policies.save("p1", { fence: next, state: { mine: true } }));
	assert.deepEqual((await policies.find("p1"))?.state, { mine: true });
}
