// The examples of Harbor's documentation ("Create Tag Retention Rules"), and the corners of its selectors and templates.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryArtifacts } from "../../support/memory-artifacts.ts";
import { DAY, NOW, planned, policyOf } from "./planned.ts";

/** Repository a: 100 tagged and 2 untagged, pulled this week. b to e: 6 tagged and 1 untagged, not pulled for a month. */
const fiveRepositories = () => {
	const artifacts = new MemoryArtifacts();
	const fill = (repository: string, tagged: number, untagged: number, pulledAgo: number) => {
		for (let i = 0; i < tagged + untagged; i++) {
			const tags = i < tagged ? [`t${i}`] : [];
			const pulledAt = NOW - pulledAgo - i * 1_000;
			artifacts.put(repository, { name: `${repository}-${i}`, tags, pulledAt, pushedAt: NOW - 90 * DAY });
		}
	};
	fill("p/a", 100, 2, DAY);
	for (const name of ["p/b", "p/c", "p/d", "p/e"]) fill(name, 6, 1, 35 * DAY);
	return artifacts;
};

const counts = (kept: Readonly<Record<string, readonly string[]>>) =>
	Object.fromEntries(Object.entries(kept).map(([repository, names]) => [repository, names.length]));

const inEach = (a: number, others: number) => ({
	"p/a": a,
	"p/b": others,
	"p/c": others,
	"p/d": others,
	"p/e": others,
});

describe("Harbor's documented examples", () => {
	for (const [example, rules, expected] of [
		[
			"1: the 10 pulled last of each repository, untagged ones not",
			[{ untagged: "Exclude", keep: { latestPulled: 10 } }],
			inEach(10, 6),
		],
		[
			"2: those pulled within a week, untagged ones not",
			[{ untagged: "Exclude", keep: { pulledWithin: 7 * DAY } }],
			inEach(100, 0),
		],
		["3: those pulled within a week, untagged ones too", [{ keep: { pulledWithin: 7 * DAY } }], inEach(102, 0)],
		[
			"4: those pulled within a week, or the 10 pulled last",
			[
				{ untagged: "Exclude", keep: { pulledWithin: 7 * DAY } },
				{ untagged: "Exclude", keep: { latestPulled: 10 } },
			],
			inEach(100, 6),
		],
	] as const) {
		it(`example ${example}`, async () => {
			const { kept } = await planned(fiveRepositories(), policyOf(rules));
			assert.deepEqual(counts(kept), expected);
		});
	}

	it("example 5: two rules about tags of one repository are joined by or", async () => {
		const artifacts = new MemoryArtifacts();
		for (const version of ["2.1", "2.2", "3.1", "4.4"]) {
			for (const kind of ["prod", "rc", "release"]) {
				artifacts.put("p/r", { name: `${version}-${kind}`, tags: [`${version}-your_repo-${kind}`] });
			}
		}
		const rules = [
			{ tags: { matching: ["2*"] }, keep: { latestPushed: 10 } },
			{ tags: { matching: ["*-prod"] }, keep: { latestPushed: 10 } },
		];
		const { kept } = await planned(artifacts, policyOf(rules));
		const expected = ["2.1-prod", "2.1-rc", "2.1-release", "2.2-prod", "2.2-rc", "2.2-release", "3.1-prod", "4.4-prod"];
		assert.deepEqual(kept["p/r"], expected);
	});

	it("an artifact of which one tag is kept stays with all its tags", async () => {
		const artifacts = new MemoryArtifacts();
		const tags = ["harbor-1.8", "harbor-release", "harbor-nightly", "harbor-latest", "other"];
		artifacts.put("p/r", { name: "many", tags, pushedAt: NOW });
		artifacts.put("p/r", { name: "old", tags: ["harbor-1.7"], pushedAt: NOW - DAY });
		artifacts.put("p/r", { name: "stranger", tags: ["x"], pushedAt: NOW });
		const rules = [{ tags: { matching: ["harbor-*"] }, keep: { latestPushed: 1 } }];
		const { kept } = await planned(artifacts, policyOf(rules));
		assert.deepEqual(kept, { "p/r": ["many"] });
	});
});

describe("Harbor's selectors and templates", () => {
	const repository = () => {
		const artifacts = new MemoryArtifacts();
		artifacts.put("p/r", { name: "latest", tags: ["latest"], pushedAt: NOW - 4 * DAY, pulledAt: NOW });
		artifacts.put("p/r", { name: "4.0", tags: ["4.0"], pushedAt: NOW - 3 * DAY, pulledAt: NOW - DAY });
		artifacts.put("p/r", { name: "4.1", tags: ["4.1", "stable"], pushedAt: NOW - 2 * DAY });
		artifacts.put("p/r", { name: "untagged", pushedAt: NOW - DAY });
		return artifacts;
	};
	const always = { always: true };
	const all = ["4.0", "4.1", "latest", "untagged"];

	for (const [claim, rule, expected] of [
		["a list of patterns", { tags: { matching: ["{latest,4.*}"] }, keep: always }, all],
		[
			"untagged ones are selected beside what matches",
			{ tags: { matching: ["4.*"] }, keep: always },
			["4.0", "4.1", "untagged"],
		],
		["unless they are not wanted", { tags: { matching: ["4.*"] }, untagged: "Exclude", keep: always }, ["4.0", "4.1"]],
		[
			"one tag that is not excluded is enough",
			{ tags: { excluding: ["4.*"] }, untagged: "Exclude", keep: always },
			["4.1", "latest"],
		],
		[
			"untagged ones are not what is excluded",
			{ tags: { excluding: ["{latest,4.*,stable}"] }, keep: always },
			["untagged"],
		],
		["unless they are", { tags: { excluding: ["latest"] }, untagged: "Exclude", keep: always }, ["4.0", "4.1"]],
		["the last pushed", { keep: { latestPushed: 2 } }, ["4.1", "untagged"]],
		["the last pulled, those never pulled last", { keep: { latestPulled: 3 } }, ["4.0", "latest", "untagged"]],
		["the last active", { keep: { latestActive: 3 } }, ["4.0", "latest", "untagged"]],
		["pushed within", { keep: { pushedWithin: 2 * DAY } }, ["4.1", "untagged"]],
		["pulled within, never those never pulled", { keep: { pulledWithin: 30 * DAY } }, ["4.0", "latest"]],
		["active within", { keep: { activeWithin: DAY } }, ["4.0", "latest", "untagged"]],
		["always", { keep: always }, all],
	] as const) {
		it(claim, async () => {
			const { kept } = await planned(repository(), policyOf([rule]));
			assert.deepEqual(kept["p/r"], expected);
		});
	}

	it("a repository that no rule is about is left alone, below whatever project", async () => {
		const artifacts = repository();
		artifacts.put("p/app/web", { name: "web" });
		artifacts.put("q/app", { name: "app" });
		const rules = [{ repositories: { matching: ["app/**"], excluding: ["app"] }, keep: { pulledWithin: 1 } }];
		const { kept } = await planned(artifacts, policyOf(rules));
		assert.deepEqual(kept, { "p/app/web": [] });
	});

	it("an empty selection keeps nothing of the repositories that it is about", async () => {
		const { kept } = await planned(
			repository(),
			policyOf([{ tags: { matching: ["none"] }, untagged: "Exclude", keep: always }]),
		);
		assert.deepEqual(kept, { "p/r": [] });
	});
});
