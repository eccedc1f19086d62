import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isRepositoryName, MAX_NAME_LENGTH, projectOf } from "#/oci/name.ts";
import { repository } from "./arbitraries.ts";

/** The expression of the distribution specification, "Pulling manifests", anchored. */
const SPECIFIED = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;

const accepted = [
	"a",
	"0",
	"library/ubuntu",
	"a.b",
	"a_b",
	"a__b",
	"a-b",
	"a-----b",
	"a.b_c__d-e/f",
	"team/manifests/blobs/uploads/tags/list",
	"x".repeat(255),
	Array.from({ length: 128 }, () => "a").join("/"),
];

const refused = [
	"",
	"/",
	"a/",
	"/a",
	"a//b",
	".",
	"..",
	"a/..",
	"../a",
	"a/./b",
	".a",
	"a.",
	"a..b",
	"_a",
	"a_",
	"a___b",
	"-a",
	"a-",
	"a/-b",
	"a-/b",
	"a._b",
	"a-_b",
	"a_-b",
	"A",
	"library/Ubuntu",
	"a b",
	"a\n",
	"a\0",
	"a:b",
	"a%2fb",
	"a\\b",
	"é",
	"ａ",
	"_catalog",
	"x".repeat(256),
];

for (const name of accepted) {
	test(`${JSON.stringify(name.slice(0, 40))} of ${name.length} characters is a repository name`, () => {
		assert.equal(isRepositoryName(name), true);
	});
}

for (const name of refused) {
	test(`${JSON.stringify(name.slice(0, 40))} of ${name.length} characters is no repository name`, () => {
		assert.equal(isRepositoryName(name), false);
	});
}

test("on any text of the grammar's characters the answer is that of the specification's expression", () => {
	const text = fc.string({ unit: fc.constantFrom("a", "7", ".", "_", "-", "/", "A"), maxLength: 12 });
	fc.assert(
		fc.property(text, (name) => {
			assert.equal(isRepositoryName(name), SPECIFIED.test(name));
		}),
		{ numRuns: 5000 },
	);
});

test("names made by the grammar are accepted", () => {
	fc.assert(fc.property(repository, (name) => assert.equal(isRepositoryName(name), true)));
});

test("the longest name has 255 characters", () => {
	assert.equal(MAX_NAME_LENGTH, 255);
});

test("the project is the first component of the repository", () => {
	assert.equal(projectOf("team/app/web"), "team");
	assert.equal(projectOf("team/app"), "team");
});

test("a repository of one component is its own project", () => {
	assert.equal(projectOf("ubuntu"), "ubuntu");
});
