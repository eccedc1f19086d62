import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Descriptor } from "#/oci/descriptor.ts";
import { digestOf } from "#/oci/digest.ts";
import { readDescriptor } from "#/oci/read-descriptor.ts";

const digest = digestOf(new Uint8Array());
const plain = { mediaType: "text/plain", digest, size: 0 };

test("type, digest and size are enough", () => {
	assert.deepEqual(Descriptor.parse(plain), plain);
});

test("every member of the specification is kept", () => {
	const full = {
		...plain,
		annotations: { "org.example.key": "value" },
		artifactType: "application/vnd.example.sbom.v1",
		platform: { architecture: "arm64", os: "linux", "os.version": "1", "os.features": ["win32k"], variant: "v8" },
		urls: ["https://example.com/blob"],
		data: "e30=",
	};
	assert.deepEqual(Descriptor.parse(full), full);
});

test("unknown members are dropped and null counts as absent", () => {
	const written = { ...plain, extra: 1, annotations: null, platform: { os: "linux", variant: null }, urls: null };
	assert.deepEqual(Descriptor.parse(written), { ...plain, platform: { os: "linux" } });
});

test("sizes up to the largest exact integer are taken", () => {
	assert.equal(Descriptor.parse({ ...plain, size: Number.MAX_SAFE_INTEGER }).size, Number.MAX_SAFE_INTEGER);
});

const refused: readonly (readonly [string, unknown])[] = [
	["no digest", { mediaType: "text/plain", size: 0 }],
	["no size", { mediaType: "text/plain", digest }],
	["no media type", { digest, size: 0 }],
	["an empty media type", { ...plain, mediaType: "" }],
	["a malformed digest", { ...plain, digest: "sha256:abc" }],
	["an algorithm that cannot be verified", { ...plain, digest: `blake3:${"a".repeat(64)}` }],
	["a negative size", { ...plain, size: -1 }],
	["a broken size", { ...plain, size: 1.5 }],
	["a size beyond exact integers", { ...plain, size: 2 ** 53 }],
	["a size as text", { ...plain, size: "0" }],
	["an annotation that is no text", { ...plain, annotations: { key: 1 } }],
	["urls that are no list", { ...plain, urls: "https://example.com" }],
	["null instead of itself", null],
	["a list instead of itself", [plain]],
];

for (const [name, value] of refused) {
	test(`a descriptor with ${name} is refused`, () => {
		assert.equal(Descriptor.safeParse(value).success, false);
		assert.equal(readDescriptor(value), undefined);
	});
}

test("reading one by hand gives what the schema gives, whatever is written", () => {
	const odd = fc.constantFrom<unknown>(
		null,
		0,
		1.5,
		-1,
		2 ** 53,
		true,
		"",
		"text",
		[],
		["text"],
		["text", 1],
		{},
		{ key: "text" },
	);
	const text = fc.oneof(fc.string(), odd);
	const texts = fc.oneof(fc.array(fc.string()), odd);
	const platform = fc.record(
		{ architecture: text, os: text, "os.version": text, "os.features": texts, variant: text, features: texts },
		{ requiredKeys: [] },
	);
	const members = {
		mediaType: fc.oneof({ weight: 8, arbitrary: fc.constant("text/plain") }, odd),
		digest: fc.oneof({ weight: 8, arbitrary: fc.constant(digest) }, odd),
		size: fc.oneof({ weight: 8, arbitrary: fc.nat() }, odd),
		annotations: fc.oneof(fc.dictionary(fc.string(), fc.string()), odd),
		artifactType: text,
		platform: fc.oneof(platform, odd),
		urls: texts,
		data: text,
		unknown: odd,
	};
	const required = fc.record(members, { requiredKeys: ["mediaType", "digest", "size"] });
	const outcomes = new Set<boolean>();
	fc.assert(
		fc.property(fc.oneof({ weight: 30, arbitrary: required }, odd), (value) => {
			const written: unknown = JSON.parse(JSON.stringify(value));
			const { success, data } = Descriptor.safeParse(written);
			outcomes.add(success);
			assert.deepEqual(readDescriptor(written), data);
		}),
		{ numRuns: 3_000 },
	);
	assert.equal(outcomes.size, 2, "some are taken and some refused");
});
