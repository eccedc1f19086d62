import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { digestOf } from "#/oci/digest.ts";
import { formatReference, parseReference } from "#/oci/reference.ts";
import { reference } from "./arbitraries.ts";

const digest = digestOf(new Uint8Array());

test("a digest is a reference by digest", () => {
	assert.deepEqual(parseReference(digest), { kind: "digest", digest });
});

test("a tag is a reference by tag, also where it looks like half a digest", () => {
	for (const tag of ["latest", "sha256", "sha256-abc"]) {
		assert.deepEqual(parseReference(tag), { kind: "tag", tag });
	}
});

test("what is neither is no reference", () => {
	for (const text of ["", "sha256:abc", "a:b", ".hidden", digest.toUpperCase(), `${digest}0`]) {
		assert.equal(parseReference(text), undefined);
	}
});

test("a formatted reference is read back as it was", () => {
	fc.assert(fc.property(reference, (value) => assert.deepEqual(parseReference(formatReference(value)), value)));
});
