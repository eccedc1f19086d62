import assert from "node:assert/strict";
import { test } from "node:test";
import { humanAge, humanDuration } from "#/kube-embedded/tables/human-duration.ts";

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

test("ages are shown as kubectl shows them", () => {
	const cases: readonly (readonly [number, string])[] = [
		[-2 * SECOND, "<invalid>"],
		[-SECOND, "0s"],
		[0, "0s"],
		[119 * SECOND, "119s"],
		[2 * MINUTE, "2m"],
		[3 * MINUTE + 20 * SECOND, "3m20s"],
		[10 * MINUTE + 20 * SECOND, "10m"],
		[179 * MINUTE, "179m"],
		[3 * HOUR + 5 * MINUTE, "3h5m"],
		[9 * HOUR + 5 * MINUTE, "9h"],
		[47 * HOUR, "47h"],
		[2 * DAY + 3 * HOUR, "2d3h"],
		[8 * DAY + 3 * HOUR, "8d"],
		[729 * DAY, "729d"],
		[800 * DAY, "2y70d"],
		[9 * 365 * DAY, "9y"],
	];
	for (const [ms, expected] of cases) assert.equal(humanDuration(ms), expected);
	assert.equal(humanAge(undefined, 0), "<unknown>");
	assert.equal(humanAge("1970-01-01T00:00:00Z", MINUTE), "60s");
});
