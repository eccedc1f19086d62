import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compilePolicy } from "#/features/retention/compile-policy.ts";
import { type ReadArtifacts, survey } from "#/features/retention/survey.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { digestNamed, MemoryArtifacts, type PutArtifact } from "../../support/memory-artifacts.ts";
import { forever } from "../../support/registry.ts";
import { DAY, NOW, planned, policyOf } from "./planned.ts";

const SIGNATURE = "application/vnd.dev.cosign.artifact.sig.v1+json";

/** Tagged v* stays, everything else that is judged goes. */
const VERSIONS = [{ name: "versions", tags: { matching: ["v*"] }, untagged: "Exclude", keep: { always: true } }];

const keptOf = async (puts: readonly PutArtifact[], rules: readonly object[] = VERSIONS, more: object = {}) => {
	const artifacts = new MemoryArtifacts();
	for (const put of puts) artifacts.put("p/r", put);
	const { kept, why } = await planned(artifacts, policyOf(rules, more));
	return { kept: kept["p/r"] ?? [], why };
};

const named = (...names: readonly string[]) => names.map(digestNamed);

describe("what belongs together", () => {
	it("a part of an index stays with it and goes with it, also through several", async () => {
		const { kept, why } = await keptOf([
			{ name: "outer", tags: ["v1"], children: named("inner") },
			{ name: "inner", children: named("amd", "arm") },
			{ name: "amd" },
			{ name: "arm" },
			{ name: "old", tags: ["old"], children: named("old-amd", "arm") },
			{ name: "old-amd" },
		]);
		assert.deepEqual(kept, ["amd", "arm", "inner", "outer"]);
		assert.match(why.amd ?? "", /part of the index sha256:.*, which stays/);
		assert.equal(why["old-amd"], "it is part of the index old, which goes");
	});

	it("a part of an index that has a tag is judged by that as well", async () => {
		const { kept, why } = await keptOf([
			{ name: "gone", tags: ["x"], children: named("tagged", "untagged") },
			{ name: "tagged", tags: ["v1"] },
			{ name: "untagged" },
			{ name: "stays", tags: ["v2"], children: named("lost") },
			{ name: "lost", tags: ["y"] },
		]);
		assert.deepEqual(kept, ["lost", "stays", "tagged"]);
		assert.equal(why.lost, "it is part of the index v2, which stays");
	});

	it("what refers to something lives as long as that, also what refers to a referrer", async () => {
		const { kept, why } = await keptOf([
			{ name: "image", tags: ["v1"] },
			{ name: "sbom", subject: digestNamed("image") },
			{ name: "sbom-sig", subject: digestNamed("sbom"), artifactType: SIGNATURE },
			{ name: "old", tags: ["old"] },
			{ name: "old-sig", subject: digestNamed("old"), artifactType: SIGNATURE },
		]);
		assert.deepEqual(kept, ["image", "sbom", "sbom-sig"]);
		assert.equal(why.sbom, "it refers to v1, which stays");
		assert.equal(why["old-sig"], "it refers to old, which goes");
	});

	it("tags of cosign and of the fallback for referrers say what an artifact refers to", async () => {
		const tagOf = (name: string) => digestNamed(name).replace(":", "-");
		const { kept } = await keptOf(
			[
				{ name: "image", tags: ["v1"] },
				{ name: "sig", tags: [`${tagOf("image")}.sig`] },
				{ name: "list", tags: [tagOf("image")], children: named("sbom") },
				{ name: "sbom", subject: digestNamed("image") },
				{ name: "old", tags: ["old"] },
				{ name: "old-att", tags: [`${tagOf("old")}.att`] },
				{ name: "orphan", tags: [`${tagOf("nothing")}.sig`] },
			],
			[{ tags: { matching: ["v*", "sha256-*"] }, untagged: "Exclude", keep: { latestPushed: 1 } }],
		);
		assert.deepEqual(kept, ["image", "list", "sbom", "sig"]);
	});

	it("a referrer of something that is not there counts as untagged, others are not counted", async () => {
		const rules = [{ keep: { latestPushed: 2 } }];
		const { kept } = await keptOf(
			[
				{ name: "index", tags: ["a"], pushedAt: 3, children: named("part") },
				{ name: "part", pushedAt: 9 },
				{ name: "orphan", subject: digestNamed("nothing"), pushedAt: 2 },
				{ name: "old", tags: ["b"], pushedAt: 1 },
			],
			rules,
		);
		assert.deepEqual(kept, ["index", "orphan", "part"]);
	});

	it("artifacts that refer to one another in a circle stay", async () => {
		const tagOf = (name: string) => `${digestNamed(name).replace(":", "-")}.sig`;
		const { kept, why } = await keptOf([
			{ name: "a", tags: [tagOf("b")] },
			{ name: "b", tags: [tagOf("a"), "named"] },
			{ name: "c", subject: digestNamed("a") },
		]);
		assert.deepEqual(kept, ["a", "b", "c"]);
		assert.match(why.a ?? "", /circle/);
	});
});

describe("what is protected", () => {
	const puts: readonly PutArtifact[] = [
		{ name: "signed", tags: ["a"] },
		{ name: "signature", subject: digestNamed("signed"), artifactType: SIGNATURE },
		{ name: "noted", tags: ["b"], annotations: { keep: "yes", "org.example/pin": "1" } },
		{ name: "immutable", tags: ["c"], isImmutable: true },
		{ name: "plain", tags: ["d"] },
	];

	it("is immutable, and says so", async () => {
		const { kept, why } = await keptOf(puts);
		assert.deepEqual(kept, ["immutable"]);
		assert.equal(why.immutable, "no rule keeps it, but a tag of it is immutable");
	});

	it("is signed, with its signature, where the policy says so", async () => {
		const { kept } = await keptOf(puts, VERSIONS, { protect: { signed: true } });
		assert.deepEqual(kept, ["immutable", "signature", "signed"]);
	});

	for (const [annotation, isKept] of [
		["keep", true],
		["keep=yes", true],
		["keep=no", false],
		["org.example/pin=1", true],
		["toString", false],
	] as const) {
		it(`${isKept ? "has" : "does not have"} the annotation ${annotation}`, async () => {
			const { kept } = await keptOf(puts, VERSIONS, { protect: { annotations: ["none", annotation] } });
			assert.deepEqual(kept, isKept ? ["immutable", "noted"] : ["immutable"]);
		});
	}
});

describe("rules beyond Harbor's", () => {
	const tags = ["v1.0.0", "v1.4.2", "v2.0.0", "v2.0.0-rc.1", "1.5.0", "nightly-1", "nightly-22"];
	const puts = [...tags.map((tag, i) => ({ name: tag, tags: [tag], pushedAt: NOW - i * DAY })), { name: "untagged" }];

	for (const [claim, rule, expected] of [
		[
			"a range of versions",
			{ tags: { semver: ">=1.4.0 <2" }, untagged: "Exclude", keep: { always: true } },
			["1.5.0", "v1.4.2"],
		],
		[
			"an expression takes the whole tag",
			{ tags: { regex: "nightly-[0-9]" }, untagged: "Exclude", keep: { always: true } },
			["nightly-1"],
		],
		["untagged ones alone", { untagged: "Only", keep: { always: true } }, ["untagged"]],
		[
			"all conditions hold",
			{ untagged: "Exclude", keep: { latestPushed: 5, pushedWithin: 2 * DAY } },
			["v1.0.0", "v1.4.2", "v2.0.0"],
		],
		["types of artifacts", { artifactTypes: ["application/vnd.none"], keep: { always: true } }, []],
	] as const) {
		it(claim, async () => {
			const { kept } = await keptOf(puts, [rule]);
			assert.deepEqual(kept, expected);
		});
	}

	it("say why something goes, rule by rule", async () => {
		const rules = [
			{
				name: "releases",
				tags: { matching: ["v*"] },
				untagged: "Exclude",
				keep: { latestPushed: 2, pushedWithin: 30 * DAY },
			},
			{ name: "active", keep: { activeWithin: 3_600_000 } },
		];
		const { why } = await keptOf([...puts, { name: "old", tags: ["v0"], pushedAt: NOW - 31 * DAY }], rules);
		assert.equal(why["v1.0.0"], "it is among the 2 pushed last and pushed within 30 days");
		assert.equal(
			why.old,
			"no rule keeps it: for releases it is not among the 2 pushed last and not pushed within 30 days; for active it is not pushed or pulled within 1 hour",
		);
		assert.equal(
			why["nightly-1"],
			"no rule keeps it: releases does not select it; for active it is not pushed or pulled within 1 hour",
		);
	});
});

describe("a large repository", () => {
	it("of 100,000 tags is planned in seconds", { timeout: 120_000 }, async (context) => {
		const all = Array.from({ length: 100_000 }, (_, i) => ({
			digest: digestNamed(`${i}`),
			mediaType: OCI_MANIFEST,
			artifactType: undefined,
			subject: undefined,
			size: 1,
			pushedAt: i % 99_991,
			pulledAt: i % 3 === 0 ? undefined : i % 977,
			tags: [`v1.${i}.0`],
			isChild: false,
			children: [],
			isImmutable: false,
			annotations: undefined,
		})).sort((a, b) => (a.digest < b.digest ? -1 : 1));
		const artifacts: ReadArtifacts = {
			repositories: async () => [{ repository: "p/r", project: "p", projectUid: "p" }],
			list: async (_, { last, limit }) => {
				const from = last === undefined ? 0 : all.findIndex(({ digest }) => digest === last) + 1;
				return all.slice(from, from + limit);
			},
		};
		const spec = policyOf([
			{ tags: { matching: ["v*"] }, keep: { latestPushed: 1_000 } },
			{ tags: { semver: ">=1.50000" }, keep: { latestPulled: 1_000, pushedWithin: NOW } },
		]);
		const started = performance.now();
		for await (const { plan } of survey(artifacts, { ...spec, policy: compilePolicy(spec), now: NOW }, forever)) {
			assert.equal(plan.facts.length, 100_000);
			assert.ok(plan.going.length > 90_000);
		}
		const seconds = (performance.now() - started) / 1_000;
		context.diagnostic(`${seconds.toFixed(2)} s`);
		assert.ok(seconds < 30);
	});
});
