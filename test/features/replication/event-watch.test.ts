import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ReplicationPolicySpec, replicationPolicySpec } from "#/api/replication-policy-spec.ts";
import { EventWatch } from "#/features/replication/event-watch.ts";
import { type KnownChanges, NOTHING_KNOWN } from "#/features/replication/known-changes.ts";
import type { IdlePolicy } from "#/jobs/policy-feature.ts";
import type { Project } from "#/metadata/projects.ts";
import { ChangedRepositories } from "../../support/changed-repositories.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { forever } from "../../support/registry.ts";

const HOUR = 3_600_000;
const RAN: KnownChanges = { ...NOTHING_KNOWN, generation: 1 };

/** A registry of which only what changes is known, and a process that watches it. */
const openWatch = () => {
	const clock = new ManualClock();
	clock.advance(24 * HOUR);
	const registry = new ChangedRepositories();
	const find = async (name: string): Promise<Project | undefined> => ({
		...{ id: 1, uid: `uid-${name}`, name, visibility: "Private", store: "main", sparseIndexes: false, members: [] },
	});
	const watch = new EventWatch({ tagStates: registry, projects: { find }, clock });
	const look = async (policies: readonly IdlePolicy<ReplicationPolicySpec>[], known: KnownChanges = RAN) => {
		registry.pages = 0;
		const { found, failed } = await watch.look(policies, () => known, forever);
		return { found: [...found], failed: [...failed.keys()], pages: registry.pages };
	};
	return { clock, registry, watch, look };
};

/** A policy for a project, that ran last a while ago. */
const policyFor = (project: string, since: number, uid = `for-${project}`): IdlePolicy<ReplicationPolicySpec> => ({
	...{ uid, generation: 1 },
	spec: replicationPolicySpec.parse({
		name: `team/${uid}`,
		direction: "Push",
		remote: { url: "https://registry.example.com" },
		projects: { uids: [`uid-${project}`] },
		onEvent: true,
	}),
	state: { other: "Push https://registry.example.com", firstRunAt: 0, full: 1, since },
});

describe("what changes is watched", () => {
	it("a page at each look, however much has changed, until all of it was seen; then once for all policies", async () => {
		const { clock, registry, look } = openWatch();
		const since = clock.now() - 12 * HOUR;
		for (let i = 0; i < 5_000; i++) registry.commit(`q/r${i}`, since + i * 1_000);
		const policies = [policyFor("p", since), policyFor("o", since)];
		for (let i = 0; i < 11; i++) assert.deepEqual(await look(policies), { found: [], failed: [], pages: 3 });
		assert.deepEqual(await look(policies), { found: [], failed: [], pages: 1 });
		clock.advance(3_000);
		registry.commit("p/app", clock.now());
		assert.deepEqual(await look(policies), { found: ["for-p"], failed: [], pages: 1 });
		assert.deepEqual(await look(policies), { found: ["for-p"], failed: [], pages: 1 }, "until it ran");
	});

	it("finds at its end what changed while nobody looked", async () => {
		const { clock, registry, look } = openWatch();
		const since = clock.now() - 12 * HOUR;
		for (let i = 0; i < 1_200; i++) registry.commit(`q/r${i}`, since + i * 1_000);
		registry.commit("p/app", since + 2 * HOUR);
		const found: number[] = [];
		for (let i = 0; i < 4; i++) found.push((await look([policyFor("p", since)])).found.length);
		assert.deepEqual(found, [0, 0, 1, 1]);
	});

	it("for a thousand policies in so many pages a look, and then in one", async () => {
		const { clock, look } = openWatch();
		const policies = Array.from({ length: 1_000 }, (_, i) => policyFor("p", clock.now() - HOUR, `policy-${i}`));
		const pages: number[] = [];
		for (let i = 0; i < 11; i++) pages.push((await look(policies)).pages);
		assert.deepEqual(pages, [...Array.from({ length: 10 }, () => 101), 1]);
	});

	it("misses nothing that is committed late, or while a look failed, or while a policy was not looked at", async () => {
		const { clock, registry, watch, look } = openWatch();
		const policies = [policyFor("p", clock.now()), policyFor("o", clock.now())];
		const settle = async () => {
			for (let i = 0; i < 2; i++) assert.deepEqual((await look(policies)).found, []);
		};
		await settle();
		clock.advance(60_000);
		registry.commit("q/app", clock.now());
		await settle();
		registry.commit("p/late", clock.now() - 25_000);
		assert.deepEqual((await look(policies)).found, ["for-p"]);
		registry.commit("o/app", clock.now());
		registry.failures.push(new Error("away"));
		await assert.rejects(look(policies), /away/);
		assert.deepEqual((await look(policies)).found.toSorted(), ["for-o", "for-p"]);
		watch.forget("for-o");
		const dealt = { ...RAN, seen: new Map([["o/app", clock.now()]]) };
		assert.deepEqual((await look(policies.slice(1), dealt)).found, []);
		registry.commit("o/again", clock.now());
		await look(policies.slice(0, 1));
		assert.deepEqual((await look(policies, dealt)).found.toSorted(), ["for-o", "for-p"]);
	});

	it("leaves to its own time what was tried in vain, also in a process that did not try it", async () => {
		const { clock, registry, look } = openWatch();
		const since = clock.now() - 12 * HOUR;
		for (let i = 0; i < 3_000; i++) registry.commit(`p/r${i}`, since + i * 1_000);
		const { state, ...policy } = policyFor("p", since);
		assert.deepEqual((await look([{ ...policy, state }])).found, ["for-p"]);
		const tried = { ...policy, state: { ...state, tried: clock.now() - HOUR } };
		assert.deepEqual(await look([tried]), { found: [], failed: [], pages: 2 });
		clock.advance(3_000);
		registry.commit("p/r7", clock.now());
		assert.deepEqual(await look([tried]), { found: ["for-p"], failed: [], pages: 1 });
	});

	it("takes nothing for new that a run of another process dealt with, though the feed begins before that", async () => {
		const { clock, registry, look } = openWatch();
		registry.commit("p/app", clock.now() - 45_000);
		assert.deepEqual((await look([policyFor("p", clock.now() - 1_000)])).found, []);
		assert.deepEqual((await look([policyFor("p", clock.now() - 46_000)])).found, ["for-p"]);
	});

	it("for the others when one policy cannot be looked after", async () => {
		const { clock, registry, look } = openWatch();
		const good = policyFor("p", clock.now());
		const bad = policyFor("p", clock.now(), "bad");
		const filters = { ...bad.spec.filters, repositories: { matching: ["{"], excluding: [] } };
		registry.commit("p/app", clock.now());
		const seen = await look([{ ...bad, spec: { ...bad.spec, filters } }, good]);
		assert.deepEqual([seen.found, seen.failed], [["for-p"], ["bad"]]);
	});
});
