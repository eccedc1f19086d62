import assert from "node:assert/strict";
import { test } from "node:test";
import { Descriptor } from "#/oci/descriptor.ts";
import { digestOf } from "#/oci/digest.ts";

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
	});
}
