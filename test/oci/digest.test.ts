import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { algorithmOf, digestOf, formatDigest, hexOf, isDigest, parseDigest } from "#/oci/digest.ts";
import { digest } from "./arbitraries.ts";

const HEX64 = "0123456789abcdef".repeat(4);

const accepted = [`sha256:${HEX64}`, `sha512:${HEX64}${HEX64}`];

const refused = [
	"",
	":",
	"sha256",
	"sha256:",
	HEX64,
	`sha256:${HEX64.slice(1)}`,
	`sha256:${HEX64}0`,
	`sha256:${HEX64.toUpperCase()}`,
	`SHA256:${HEX64}`,
	`sha256:${HEX64}\n`,
	` sha256:${HEX64}`,
	`sha256:${HEX64.slice(1)}g`,
	`sha256:${HEX64}${HEX64}`,
	`sha512:${HEX64}`,
	`sha384:${HEX64}${HEX64.slice(32)}`,
	`sha256-${HEX64}`,
	"sha256:baddigeststring",
	"sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
];

for (const text of accepted) {
	test(`${text.slice(0, 20)}… of ${text.length} characters is a digest`, () => {
		assert.equal(parseDigest(text), text);
		assert.equal(isDigest(text), true);
	});
}

for (const text of refused) {
	test(`${JSON.stringify(text.slice(0, 20))} of ${text.length} characters is no digest`, () => {
		assert.equal(parseDigest(text), undefined);
		assert.equal(isDigest(text), false);
	});
}

test("the digest of bytes is the one that the standards publish", () => {
	// FIPS 180-4 example vectors for "abc".
	const abc = new TextEncoder().encode("abc");
	assert.equal(digestOf(abc), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert.equal(
		digestOf(abc, "sha512"),
		"sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	);
	assert.equal(digestOf(new Uint8Array()), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("a digest is put together again from its algorithm and hex", () => {
	fc.assert(
		fc.property(digest, (text) => {
			assert.equal(formatDigest(algorithmOf(text), hexOf(text)), text);
			assert.equal(parseDigest(text), text);
		}),
	);
});

test("whatever is hashed, the digest parses and names its algorithm", () => {
	fc.assert(
		fc.property(fc.uint8Array(), fc.constantFrom("sha256", "sha512"), (bytes, algorithm) => {
			const text = digestOf(bytes, algorithm);
			assert.equal(parseDigest(text), text);
			assert.equal(algorithmOf(text), algorithm);
		}),
	);
});
