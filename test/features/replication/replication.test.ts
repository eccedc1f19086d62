import assert from "node:assert/strict";
import { test } from "node:test";
import { forever } from "../../support/registry.ts";
import { filters, inWorld as inAnyWorld, withoutLists } from "../../support/replication-world.ts";

const worlds = [
	{ name: "Pull", direction: "Pull", disguise: undefined },
	{ name: "Push", direction: "Push", disguise: undefined },
	{ name: "Pull from what lists no more than it must", direction: "Pull", disguise: withoutLists },
	{ name: "Push to what lists no more than it must", direction: "Push", disguise: withoutLists },
] as const;

for (const { name, direction, disguise } of worlds) {
	const inWorld: typeof inAnyWorld = (spec, work) => inAnyWorld(spec, work, disguise);

	test(`${name}: what the source has comes to the target, and a second run finds nothing to do`, () =>
		inWorld({ direction }, async ({ source, target, policy }) => {
			const one = await source.push("p/app", "v1", { layers: ["base", "one"] });
			await source.push("p/app", "v2", { layers: ["base", "two"] });
			await source.push("q/deep/er", "latest", { layers: ["three"] });
			const child = await source.push("p/app", undefined, { layers: ["arm"] });
			await source.pushIndex("p/app", "multi", [{ digest: one }, { digest: child }]);
			const first = await policy.agree();
			assert.equal(first.figures?.copied, 4);
			assert.deepEqual(await target.tags(), await source.tags());
			const second = await policy.agree();
			assert.deepEqual(
				{ copied: second.figures?.copied, skipped: second.figures?.skipped, bytes: second.figures?.bytes },
				{ copied: 0, skipped: 4, bytes: 0 },
			);
			assert.equal(second.report?.inSync, 4);
			assert.equal(second.report?.lagSeconds, 0);
		}));

	test(`${name}: signatures come with what they sign, before its tag and also later`, () =>
		inWorld({ direction }, async ({ source, target, policy }) => {
			const image = await source.push("p/app", "v1", { layers: ["one"] });
			const early = await source.push("p/app", undefined, { layers: ["sig"], subject: image, artifactType: "a/sig" });
			const nested = await source.push("p/app", undefined, { layers: ["sig2"], subject: early });
			await policy.agree();
			assert.deepEqual(await target.referrers("p/app", image), [early]);
			assert.deepEqual(await target.referrers("p/app", early), [nested]);
			const late = await source.push("p/app", undefined, { layers: ["sbom"], subject: image });
			assert.equal((await policy.agree()).figures?.copied, 1);
			assert.deepEqual(await target.referrers("p/app", image), [early, late].toSorted());
			assert.equal((await policy.agree()).figures?.copied, 0);
		}));

	test(`${name}: cosign's tags follow what they are about, whatever tags the policy selects`, () =>
		inWorld(
			{ direction, filters: filters({ tags: { matching: ["v*"], excluding: [] } }) },
			async ({ source, target, policy }) => {
				const image = await source.push("p/app", "v1", { layers: ["one"] });
				const other = await source.push("p/app", "dev", { layers: ["two"] });
				const nameOf = (digest: string) => `${digest.replace(":", "-")}.sig`;
				const signature = await source.push("p/app", nameOf(image), { layers: ["sig"] });
				await source.push("p/app", nameOf(other), { layers: ["sig of dev"] });
				await policy.agree();
				assert.deepEqual(await target.tags(), { "p/app:v1": image, [`p/app:${nameOf(image)}`]: signature });
			},
		));

	test(`${name}: a tag that somebody moved at the target is moved back, and counted`, () =>
		inWorld({ direction }, async ({ source, target, policy }) => {
			const image = await source.push("p/app", "v1", { layers: ["one"] });
			await policy.agree();
			await target.push("p/app", "v1", { layers: ["other"] });
			const run = await policy.agree();
			assert.equal(run.report?.diverged, 1);
			assert.deepEqual(await target.tags(), { "p/app:v1": image });
			assert.equal((await policy.agree()).report?.diverged, 0);
		}));

	test(`${name}: a mirror takes away what it copied and the source has no more, and nothing else`, () =>
		inWorld({ direction, mode: "Mirror" }, async ({ source, target, policy }) => {
			const kept = await source.push("p/app", "v1", { layers: ["one"] });
			await source.push("p/app", "v2", { layers: ["two"] });
			await source.push("p/gone", "v1", { layers: ["three"] });
			const own = await target.push("p/app", "own", { layers: ["own"] });
			await policy.agree();
			await source.remove("p/app", "v2");
			await source.remove("p/gone", "v1");
			const run = await policy.agree();
			assert.equal(run.figures?.removed, 2);
			assert.deepEqual(await target.tags(), { "p/app:v1": kept, "p/app:own": own });
			assert.equal((await policy.agree()).figures?.removed, 0);
		}));

	test(`${name}: a mirror leaves alone what somebody put there where it had copied`, () =>
		inWorld({ direction, mode: "Mirror" }, async ({ source, target, policy }) => {
			await source.push("p/app", "v1", { layers: ["one"] });
			await source.push("p/app", "v2", { layers: ["two"] });
			await policy.agree();
			await source.remove("p/app", "v2");
			const theirs = await target.push("p/app", "v2", { layers: ["theirs"] });
			assert.equal((await policy.agree()).figures?.removed, 0);
			assert.equal((await target.tags())["p/app:v2"], theirs);
		}));

	test(`${name}: a copy policy takes nothing away`, () =>
		inWorld({ direction }, async ({ source, target, policy }) => {
			await source.push("p/app", "v1", { layers: ["one"] });
			await source.push("p/app", "v2", { layers: ["two"] });
			await policy.agree();
			await source.remove("p/app", "v2");
			await policy.agree();
			assert.deepEqual(Object.keys(await target.tags()), ["p/app:v1", "p/app:v2"]);
			assert.equal((await policy.agree()).report?.inSync, 1);
		}));

	test(`${name}: a run that would take away too much takes nothing, and says with figures why`, () =>
		inWorld({ direction, mode: "Mirror", guard: { maxShare: 25, minimum: 2 } }, async ({ source, target, policy }) => {
			for (let i = 0; i < 8; i++) await source.push("p/app", `v${i}`, { layers: [`${i}`] });
			await policy.agree();
			const all = await target.tags();
			for (let i = 0; i < 3; i++) await source.remove("p/app", `v${i}`);
			const run = await policy.run();
			assert.equal(run.outcome, "Stopped");
			assert.match(run.message, /3 or more copies have gone .* at most 2 .*25 %.*nothing was removed/);
			assert.deepEqual(await target.tags(), all);
			policy.change({ guard: { maxShare: 50, minimum: 2 } });
			assert.equal((await policy.agree()).figures?.removed, 3);
		}));

	test(`${name}: of an index only the wanted platforms go, under an index of their own that is always the same`, () =>
		inWorld({ direction, filters: filters({ platforms: ["linux/arm64"] }) }, async ({ source, target, policy }) => {
			const arm = await source.push("p/app", undefined, { layers: ["arm"], platform: ["linux", "arm64"] });
			const amd = await source.push("p/app", undefined, { layers: ["amd"] });
			const index = await source.pushIndex("p/app", "v1", [
				{ digest: arm, platform: { os: "linux", architecture: "arm64" } },
				{ digest: amd, platform: { os: "linux", architecture: "amd64" } },
			]);
			await source.push("p/app", "amd", { layers: ["amd"] });
			await policy.agree();
			const tags = await target.tags();
			assert.deepEqual(Object.keys(tags), ["p/app:v1"]);
			assert.notEqual(tags["p/app:v1"], index);
			await assert.rejects(target.registry.manifests.head("p/app", { kind: "digest", digest: amd }, forever), {
				code: "MANIFEST_UNKNOWN",
			});
			const again = await policy.agree();
			assert.deepEqual([again.figures?.copied, again.figures?.bytes], [0, 0]);
			await target.remove("p/app", "v1");
			await policy.agree();
			assert.deepEqual(await target.tags(), tags);
		}));

	test(`${name}: labels, types and semantic versions select, and what is not selected is looked into once`, () =>
		inWorld(
			{
				direction,
				filters: filters({
					labels: ["stage=prod", "owner"],
					tags: { matching: ["**"], excluding: ["*-rc*"], semver: ">=1.0.0", regex: "v.*" },
				}),
			},
			async ({ source, target, policy }) => {
				const labels = { stage: "prod", owner: "me" };
				const chosen = await source.push("p/app", "v1.2.3", { layers: ["a"], labels });
				await source.push("p/app", "v0.9.0", { layers: ["a"], labels });
				await source.push("p/app", "1.5.0", { layers: ["a"], labels });
				await source.push("p/app", "v1.4.0", { layers: ["a"], labels: { stage: "test", owner: "me" } });
				await policy.agree();
				assert.deepEqual(await target.tags(), { "p/app:v1.2.3": chosen });
				assert.equal((await policy.agree()).figures?.copied, 0);
			},
		));

	test(`${name}: repositories are renamed by the first rule that fits whole components`, () =>
		inWorld(
			{
				direction,
				rename: [
					{ from: "p/lib", to: "q/hub/lib" },
					{ from: "p", to: "q" },
				],
			},
			async ({ source, target, policy }) => {
				await source.push("p/lib/a", "v1", { layers: ["a"] });
				await source.push("p/library", "v1", { layers: ["b"] });
				await source.push("s/c", "v1", { layers: ["c"] });
				await policy.agree();
				assert.deepEqual(Object.keys(await target.tags()), ["q/hub/lib/a:v1", "q/library:v1", "s/c:v1"]);
			},
		));
}
