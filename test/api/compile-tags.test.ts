import assert from "node:assert/strict";
import { test } from "node:test";
import { compileTags } from "#/api/compile-tags.ts";

const patterns = { matching: ["**"], excluding: [] };

test("a range of versions has tags with a v before them, and with an underscore where the version has a plus sign", () => {
	const { matches } = compileTags({ ...patterns, semver: ">=1.2.0 <2" });
	const tags = ["1.2.0", "v1.9.1", "1.2.0_build.7", "1.1.9", "2.0.0", "1.3.0-rc.1", "1.2", "latest"];
	assert.deepEqual(tags.filter(matches), ["1.2.0", "v1.9.1", "1.2.0_build.7"]);
});

test("an expression must match the whole tag", () => {
	const { matches } = compileTags({ ...patterns, regex: "v[0-9]+" });
	assert.deepEqual(["v1", "v12", "xv1", "v1-rc"].filter(matches), ["v1", "v12"]);
});
