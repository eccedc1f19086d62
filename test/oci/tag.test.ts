import assert from "node:assert/strict";
import { test } from "node:test";
import { isTag } from "#/oci/tag.ts";

const accepted = [
	"latest",
	"1",
	"_",
	"v1.2.3-rc.1",
	"UPPER",
	"a..b",
	"a-",
	`sha256-${"a".repeat(64)}`,
	"x".repeat(128),
];
const refused = ["", ".a", "..", "-a", "a:b", "a/b", "a b", "a\n", "a\0", "a+b", "a%2e", "é", "x".repeat(129)];

for (const tag of accepted) {
	test(`${JSON.stringify(tag.slice(0, 30))} of ${tag.length} characters is a tag`, () => {
		assert.equal(isTag(tag), true);
	});
}

for (const tag of refused) {
	test(`${JSON.stringify(tag.slice(0, 30))} of ${tag.length} characters is no tag`, () => {
		assert.equal(isTag(tag), false);
	});
}
