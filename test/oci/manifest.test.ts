import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { digestOf } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { MAX_MANIFEST_BYTES, MAX_MANIFEST_ENTRIES, parseManifest } from "#/oci/manifest.ts";
import {
	DOCKER_CONFIG,
	DOCKER_FOREIGN_LAYER,
	DOCKER_LAYER,
	DOCKER_MANIFEST,
	DOCKER_MANIFEST_LIST,
	DOCKER_SCHEMA1,
	OCI_CONFIG,
	OCI_EMPTY,
	OCI_INDEX,
	OCI_LAYER,
	OCI_LAYER_GZIP,
	OCI_MANIFEST,
} from "#/oci/media-types.ts";

const encode = (value: unknown): Uint8Array =>
	new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const parse = (contentType: string | undefined, value: unknown) => parseManifest(contentType, encode(value));
const named = (mediaType: string, text: string) => ({ mediaType, digest: digestOf(encode(text)), size: text.length });

const config = named(OCI_CONFIG, "{}");
const layer = named(OCI_LAYER_GZIP, "layer");
const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] };
const child = named(OCI_MANIFEST, "child");
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] };

/** The code and detail with which the manifest is refused. */
const refusal = (contentType: string | undefined, value: unknown): readonly [string, unknown] => {
	try {
		parse(contentType, value);
	} catch (error) {
		assert.ok(error instanceof OciError);
		return [error.code, error.detail];
	}
	assert.fail("the manifest was accepted");
};

test("the image specification's example of an image manifest is understood", () => {
	// manifest.md, "Example Image Manifest": its digests and sizes.
	const hexes = [
		"b5b2b2c507a0944348e0303114d8d93aaaa081732b86451d9bce1f432a537bc7",
		"9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0",
		"3c3a4604a545cdc127456d94e421cd355bca5b528f4a9c1905b15da2eb4a4c6b",
		"ec4b8955958665577945c89419d1af06b5f7636b4ac3da7f12184802ad867736",
	];
	const [first, ...rest] = [7023, 32654, 16724, 73109].map((size, i) => ({
		mediaType: i === 0 ? OCI_CONFIG : OCI_LAYER_GZIP,
		size,
		digest: `sha256:${hexes[i]}`,
	}));
	const annotations = { "com.example.key1": "value1", "com.example.key2": "value2" };
	const parsed = parse(OCI_MANIFEST, {
		schemaVersion: 2,
		mediaType: OCI_MANIFEST,
		config: first,
		layers: rest,
		annotations,
	});
	assert.deepEqual(parsed, {
		mediaType: OCI_MANIFEST,
		kind: "image",
		artifactType: OCI_CONFIG,
		config: first,
		layers: rest,
		manifests: [],
		annotations,
		blobs: [first, ...rest].map((descriptor) => ({ digest: descriptor?.digest, size: descriptor?.size })),
		children: [],
	});
});

test("the image specification's example of an index, which leaves out its own type, is understood", () => {
	// image-index.md, "Example Image Index": its digests, sizes and platforms.
	const manifests = [
		{
			mediaType: OCI_MANIFEST,
			size: 7143,
			digest: "sha256:e692418e4cbaf90ca69d05a66403747baa33ee08806650b51fab815ad7fc331f",
			platform: { architecture: "ppc64le", os: "linux" },
		},
		{
			mediaType: OCI_MANIFEST,
			size: 7682,
			digest: "sha256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270",
			platform: { architecture: "amd64", os: "linux" },
		},
	];
	assert.deepEqual(parse(OCI_INDEX, { schemaVersion: 2, manifests }), {
		mediaType: OCI_INDEX,
		kind: "index",
		layers: [],
		manifests,
		blobs: [],
		children: manifests.map(({ digest }) => digest),
	});
});

test("a Docker image with a foreign layer needs only its config and its own layers", () => {
	const own = named(DOCKER_LAYER, "own");
	const foreign = { ...named(DOCKER_FOREIGN_LAYER, "foreign"), urls: ["https://example.com/layer"] };
	const docker = named(DOCKER_CONFIG, "docker");
	const parsed = parse(DOCKER_MANIFEST, {
		schemaVersion: 2,
		mediaType: DOCKER_MANIFEST,
		config: docker,
		layers: [foreign, own],
	});
	assert.equal(parsed.kind, "image");
	assert.equal(parsed.layers.length, 2);
	assert.deepEqual(
		parsed.blobs.map(({ digest }) => digest),
		[docker.digest, own.digest],
	);
});

test("a Docker manifest list has its images as children", () => {
	const entry = {
		...named(DOCKER_MANIFEST, "amd64"),
		platform: { architecture: "amd64", os: "linux", features: ["sse4"] },
	};
	const parsed = parse(DOCKER_MANIFEST_LIST, { schemaVersion: 2, mediaType: DOCKER_MANIFEST_LIST, manifests: [entry] });
	assert.deepEqual([parsed.mediaType, parsed.kind, parsed.children], [DOCKER_MANIFEST_LIST, "index", [entry.digest]]);
	assert.equal("artifactType" in parsed, false);
});

test("an artifact with an empty config and unknown media types is let through", () => {
	const empty = named(OCI_EMPTY, "{}");
	const subject = named(OCI_MANIFEST, "subject");
	const parsed = parse(OCI_MANIFEST, {
		...image,
		artifactType: "application/vnd.example.sbom.v1",
		config: empty,
		layers: [empty, named("application/vnd.example.thing", "thing")],
		subject,
		"org.example.unknown": { anything: [1] },
	});
	assert.equal(parsed.artifactType, "application/vnd.example.sbom.v1");
	assert.deepEqual(parsed.subject, subject);
	assert.equal(parsed.blobs.length, 2, "the empty descriptor, used twice, counts once");
});

test("an image without an artifact type, or an empty one, is listed under its config's type", () => {
	const typed = { ...image, config: named("application/vnd.example.config", "x") };
	assert.equal(parse(OCI_MANIFEST, typed).artifactType, "application/vnd.example.config");
	assert.equal(parse(OCI_MANIFEST, { ...typed, artifactType: "" }).artifactType, "application/vnd.example.config");
});

test("an index keeps its artifact type, and has none when it is empty", () => {
	assert.equal(parse(OCI_INDEX, { ...index, artifactType: "application/x" }).artifactType, "application/x");
	assert.equal("artifactType" in parse(OCI_INDEX, { ...index, artifactType: "" }), false);
});

test("lists that Go wrote as null are empty", () => {
	const nothing = { layers: null, annotations: null, subject: null };
	const parsed = parse(OCI_MANIFEST, { ...image, ...nothing });
	assert.deepEqual([parsed.layers, "annotations" in parsed, "subject" in parsed], [[], false, false]);
	assert.deepEqual(parse(OCI_INDEX, { ...index, manifests: null, layers: null }).children, []);
});

test("an index may list nothing, nested indexes, and the same child twice", () => {
	assert.deepEqual(parse(OCI_INDEX, { ...index, manifests: [] }).children, []);
	const nested = named(OCI_INDEX, "nested");
	assert.deepEqual(parse(OCI_INDEX, { ...index, manifests: [nested, child, nested] }).children, [
		nested.digest,
		child.digest,
	]);
});

test("what an index lists besides manifests, as build caches do, must exist as a blob", () => {
	const cached = named(OCI_LAYER, "cached");
	const parsed = parse(OCI_INDEX, { ...index, manifests: [child, cached] });
	assert.deepEqual([parsed.children, parsed.blobs], [[child.digest], [{ digest: cached.digest, size: cached.size }]]);
});

test("sha512 descriptors are followed too", () => {
	const strong = { ...layer, digest: digestOf(encode("layer"), "sha512") };
	assert.equal(parse(OCI_MANIFEST, { ...image, layers: [strong] }).blobs[1]?.digest, strong.digest);
});

test("without a Content-Type the body's own type decides", () => {
	assert.equal(parse(undefined, image).mediaType, OCI_MANIFEST);
	assert.equal(parse("", index).mediaType, OCI_INDEX);
});

test("without a type in the body the Content-Type decides", () => {
	const { mediaType: _, ...untyped } = image;
	assert.equal(parse(OCI_MANIFEST, untyped).mediaType, OCI_MANIFEST);
	assert.equal(parse(DOCKER_MANIFEST, { ...untyped, mediaType: "" }).mediaType, DOCKER_MANIFEST);
});

test("parameters and case of the Content-Type do not matter", () => {
	assert.equal(parse(`${OCI_MANIFEST}; charset=utf-8`, image).mediaType, OCI_MANIFEST);
	assert.equal(parse(` ${OCI_MANIFEST.toUpperCase()} ;x=y`, image).mediaType, OCI_MANIFEST);
});

const refusedTypes: readonly (readonly [string, string | undefined, unknown, RegExp])[] = [
	[
		"a Content-Type that contradicts the body",
		OCI_INDEX,
		image,
		/Content-Type is .*index.* but mediaType is .*manifest/,
	],
	["an OCI image sent as a Docker one", DOCKER_MANIFEST, image, /but mediaType is/],
	["no type anywhere", undefined, { ...image, mediaType: undefined }, /neither/],
	["a type that is no text", OCI_MANIFEST, { ...image, mediaType: 2 }, /^mediaType: not a string$/],
	["a type that is no manifest", "application/json", { ...image, mediaType: undefined }, /^application\/json is not/],
	["Docker schema 1", DOCKER_SCHEMA1[0], { schemaVersion: 1, fsLayers: [] }, /schema 1 is not supported/],
	["signed Docker schema 1", DOCKER_SCHEMA1[1], { schemaVersion: 1, fsLayers: [] }, /schema 1 is not supported/],
	[
		"layers and manifests in an image",
		OCI_MANIFEST,
		{ ...image, manifests: [child] },
		/^manifests: not a member of an image/,
	],
	["an empty list of manifests in an image", OCI_MANIFEST, { ...image, manifests: [] }, /^manifests: not a member/],
	["layers in an index", OCI_INDEX, { ...index, layers: [layer] }, /^layers: not a member of an index/],
	["a config in an index", OCI_INDEX, { ...index, config }, /^config: not a member of an index/],
	["schema 1 layers in an image", DOCKER_MANIFEST, { ...image, mediaType: DOCKER_MANIFEST, fsLayers: [] }, /^fsLayers/],
	[
		"an index sent as an image",
		OCI_MANIFEST,
		{ ...index, mediaType: undefined },
		/^manifests: not a member of an image/,
	],
	["an image sent as an index", OCI_INDEX, { ...image, mediaType: undefined }, /^config: not a member of an index/],
	[
		"members that differ from known ones by case",
		OCI_MANIFEST,
		{ ...image, Manifests: [child] },
		/^Manifests: must be written manifests/,
	],
	["an index without its list", OCI_INDEX, { schemaVersion: 2 }, /^manifests: required/],
];

for (const [name, contentType, value, detail] of refusedTypes) {
	test(`a manifest with ${name} is refused`, () => {
		const [code, said] = refusal(contentType, value);
		assert.equal(code, "MANIFEST_INVALID");
		assert.match(String(said), detail);
	});
}

const refusedMembers: readonly (readonly [string, object, RegExp])[] = [
	["no config", { config: undefined }, /^config: /],
	["a null config", { config: null }, /^config: /],
	[
		"a malformed digest in a layer",
		{ layers: [layer, { ...layer, digest: "sha256:no" }] },
		/^layers\[1\]\.digest: not a sha256/,
	],
	["a layer without a size", { layers: [{ ...layer, size: undefined }] }, /^layers\[0\]\.size: /],
	["a null layer", { layers: [null] }, /^layers\[0\]: /],
	["layers that are no list", { layers: {} }, /^layers: not a list$/],
	["a malformed subject", { subject: { digest: "x" } }, /^subject\./],
	["an annotation that is no text", { annotations: { key: 1 } }, /^annotations: not a map of texts$/],
	["another schema version", { schemaVersion: 1 }, /^schemaVersion: /],
	["no schema version", { schemaVersion: undefined }, /^schemaVersion: /],
	["one digest in two sizes", { layers: [layer, { ...layer, size: 9 }] }, /two sizes, 5 and 9/],
];

for (const [name, members, detail] of refusedMembers) {
	test(`an image with ${name} is refused, and told where`, () => {
		const [code, said] = refusal(OCI_MANIFEST, { ...image, ...members });
		assert.equal(code, "MANIFEST_INVALID");
		assert.match(String(said), detail);
	});
}

test("what is not a JSON object in UTF-8 is refused", () => {
	for (const text of ["", "{", "nonsense", `\uFEFF${JSON.stringify(image)}`, "[".repeat(1_000_000)]) {
		assert.deepEqual(refusal(OCI_MANIFEST, text), ["MANIFEST_INVALID", "not JSON in UTF-8"]);
	}
	for (const text of ["null", "[]", "7", '"text"']) {
		assert.deepEqual(refusal(OCI_MANIFEST, text), ["MANIFEST_INVALID", "not a JSON object"]);
	}
	const latin1 = Buffer.from(JSON.stringify({ ...image, annotations: { key: "é" } }), "latin1");
	assert.throws(() => parseManifest(OCI_MANIFEST, latin1), { code: "MANIFEST_INVALID" });
});

test("a manifest of 4 MiB is taken, and one byte more is too large", () => {
	const text = JSON.stringify(image);
	const padded = text + " ".repeat(MAX_MANIFEST_BYTES - text.length);
	assert.equal(parse(OCI_MANIFEST, padded).kind, "image");
	assert.equal(refusal(OCI_MANIFEST, `${padded} `)[0], "MANIFEST_TOO_LARGE");
});

test("a manifest full of mistakes is refused at once, with a short answer", () => {
	const zeros = (text: string): string => `[${`${text},`.repeat(1_000_000)}0]`;
	const { config: _, ...rest } = image;
	const hostile = [
		JSON.stringify({ ...index, manifests: "X" }).replace('"X"', zeros("0")),
		JSON.stringify({ ...image, layers: [{ ...layer, urls: "X" }] }).replace('"X"', zeros("0")),
		JSON.stringify({ ...image, annotations: "X" }).replace('"X"', zeros("0")),
		JSON.stringify({ ...rest, config: "X" }).replace('"X"', zeros("0")),
		JSON.stringify({ ...image, mediaType: "x".repeat(4_000_000) }),
	];
	for (const text of hostile) {
		const started = performance.now();
		const [code, detail] = refusal(text.includes("manifests") ? OCI_INDEX : OCI_MANIFEST, text);
		assert.equal(code, "MANIFEST_INVALID");
		assert.ok(String(detail).length < 400, String(detail).slice(0, 400));
		assert.ok(performance.now() - started < 2_000, `took ${performance.now() - started} ms`);
	}
});

test("a member called __proto__ changes nothing", () => {
	const text = JSON.stringify(image).replace("{", '{"__proto__":{"manifests":[]},');
	assert.deepEqual(parse(OCI_MANIFEST, text), parse(OCI_MANIFEST, image));
});

test("any JSON under any Content-Type is either understood or refused as a manifest", () => {
	const scramble = fc.record(
		{
			schemaVersion: fc.constantFrom(2, 1, "2", null),
			mediaType: fc.constantFrom(OCI_MANIFEST, OCI_INDEX, "", null, 5),
			config: fc.oneof(fc.constant(config), fc.jsonValue()),
			layers: fc.oneof(fc.constant([layer]), fc.jsonValue()),
			manifests: fc.oneof(fc.constant([child]), fc.jsonValue()),
			subject: fc.oneof(fc.constant(child), fc.jsonValue()),
			annotations: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
		},
		{ requiredKeys: [] },
	);
	const contentType = fc.option(fc.oneof(fc.constantFrom(OCI_MANIFEST, OCI_INDEX), fc.string()), { nil: undefined });
	fc.assert(
		fc.property(contentType, fc.oneof(scramble, fc.jsonValue()), (type, value) => {
			try {
				const parsed = parse(type, value);
				assert.equal(parsed.kind === "image", parsed.config !== undefined);
			} catch (error) {
				assert.ok(error instanceof OciError && error.code === "MANIFEST_INVALID", String(error));
			}
		}),
		{ numRuns: 1000 },
	);
});

test("lists have as many entries as one transaction may write, and not one more", () => {
	const children = (count: number) => Array.from({ length: count }, (_, i) => named(OCI_MANIFEST, `child ${i}`));
	const full = parse(OCI_INDEX, { ...index, manifests: children(MAX_MANIFEST_ENTRIES) });
	assert.equal(full.children.length, MAX_MANIFEST_ENTRIES);
	const count = MAX_MANIFEST_ENTRIES + 1;
	assert.deepEqual(refusal(OCI_INDEX, { ...index, manifests: children(count) }), [
		"MANIFEST_INVALID",
		`manifests: ${count} entries, at most ${MAX_MANIFEST_ENTRIES}`,
	]);
	assert.deepEqual(refusal(OCI_MANIFEST, { ...image, layers: Array(count).fill(layer) }), [
		"MANIFEST_INVALID",
		`layers: ${count} entries, at most ${MAX_MANIFEST_ENTRIES}`,
	]);
});

test("a type that referrers could not be listed under is refused", () => {
	const long = "a".repeat(256);
	const what = (path: string) => ["MANIFEST_INVALID", `${path}: not a media type of at most 255 characters`];
	for (const type of ["a\0b", long]) {
		assert.deepEqual(refusal(OCI_MANIFEST, { ...image, artifactType: type }), what("artifactType"));
		assert.deepEqual(refusal(OCI_INDEX, { ...index, artifactType: type }), what("artifactType"));
		const config = named(type, "{}");
		assert.deepEqual(refusal(OCI_MANIFEST, { ...image, config }), what("config.mediaType"));
		assert.equal(parse(OCI_MANIFEST, { ...image, config, artifactType: "a/b" }).artifactType, "a/b");
	}
	assert.equal(parse(OCI_MANIFEST, { ...image, artifactType: "a".repeat(255) }).artifactType?.length, 255);
});
