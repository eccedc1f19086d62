import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatPath } from "#/oci/format-path.ts";
import { isRepositoryName } from "#/oci/name.ts";
import { parsePath, type V2Path } from "#/oci/path.ts";
import { endpoint } from "./arbitraries.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}` as const;
const long = `sha512:${"0123456789abcdef".repeat(8)}` as const;
const tagged = (repository: string, tag: string): V2Path => ({
	kind: "manifest",
	repository,
	reference: { kind: "tag", tag },
});

const endpoints: readonly (readonly [string, V2Path])[] = [
	["/v2", { kind: "base" }],
	["/v2/", { kind: "base" }],
	["/v2/_catalog", { kind: "catalog" }],
	["/v2/a/tags/list", { kind: "tags", repository: "a" }],
	["/v2/library/ubuntu/manifests/latest", tagged("library/ubuntu", "latest")],
	[`/v2/a/b/c/manifests/${digest}`, { kind: "manifest", repository: "a/b/c", reference: { kind: "digest", digest } }],
	[`/v2/a/blobs/${digest}`, { kind: "blob", repository: "a", digest }],
	[`/v2/a/blobs/${long}`, { kind: "blob", repository: "a", digest: long }],
	["/v2/a/blobs/uploads", { kind: "uploads", repository: "a" }],
	["/v2/a/blobs/uploads/", { kind: "uploads", repository: "a" }],
	["/v2/a/blobs/uploads/Zx_-9", { kind: "upload", repository: "a", id: "Zx_-9" }],
	[`/v2/a/blobs/uploads/${"x".repeat(64)}`, { kind: "upload", repository: "a", id: "x".repeat(64) }],
	[`/v2/a/referrers/${digest}`, { kind: "referrers", repository: "a", digest }],
	["/v2/a/b/_oci/ext/discover", { kind: "extensions", repository: "a/b" }],
	["/v2/a/b/_limani/tags/digests", { kind: "tagDigests", repository: "a/b" }],
	["/v2/a/b/_limani/referrers/list", { kind: "attached", repository: "a/b" }],
];

const confusable: readonly (readonly [string, V2Path])[] = [
	["/v2/manifests/manifests/latest", tagged("manifests", "latest")],
	["/v2/a/blobs/uploads/manifests/latest", tagged("a/blobs/uploads", "latest")],
	["/v2/a/manifests/uploads", tagged("a", "uploads")],
	["/v2/a/tags/list/manifests/list", tagged("a/tags/list", "list")],
	["/v2/a/manifests/blobs/uploads", { kind: "uploads", repository: "a/manifests" }],
	["/v2/a/manifests/blobs/uploads/", { kind: "uploads", repository: "a/manifests" }],
	["/v2/blobs/uploads/blobs/uploads/blobs", { kind: "upload", repository: "blobs/uploads", id: "blobs" }],
	["/v2/blobs/blobs/uploads/uploads", { kind: "upload", repository: "blobs", id: "uploads" }],
	["/v2/tags/list/tags/list", { kind: "tags", repository: "tags/list" }],
	[`/v2/uploads/blobs/${digest}`, { kind: "blob", repository: "uploads", digest }],
	[`/v2/a/referrers/referrers/${digest}`, { kind: "referrers", repository: "a/referrers", digest }],
	["/v2/v2/manifests/v2", tagged("v2", "v2")],
	["/v2/a/ext/manifests/discover", tagged("a/ext", "discover")],
	["/v2/a/ext/tags/list", { kind: "tags", repository: "a/ext" }],
	["/v2/tags/digests/_limani/tags/digests", { kind: "tagDigests", repository: "tags/digests" }],
];

const encoded: readonly (readonly [string, V2Path])[] = [
	[`/v2/a/blobs/${digest.replace(":", "%3A")}`, { kind: "blob", repository: "a", digest }],
	[`/v2/a/referrers/${digest.replace(":", "%3a")}`, { kind: "referrers", repository: "a", digest }],
	[
		`/v2/a/manifests/${digest.replace(":", "%3A")}`,
		{ kind: "manifest", repository: "a", reference: { kind: "digest", digest } },
	],
];

for (const [path, expected] of [...endpoints, ...confusable, ...encoded]) {
	test(`${path.slice(0, 60)} asks for ${expected.kind}`, () => assert.deepEqual(parsePath(path), expected));
}

const malformed: readonly (readonly [string, string])[] = [
	["/v2//manifests/latest", "NAME_INVALID"],
	["/v2/manifests/latest", "NAME_INVALID"],
	["/v2/blobs/uploads/", "NAME_INVALID"],
	["/v2/blobs/uploads", "NAME_INVALID"],
	["/v2/blobs/uploads/x", "NAME_INVALID"],
	["/v2/tags/list", "NAME_INVALID"],
	["/v2//tags/list", "NAME_INVALID"],
	["/v2/a//tags/list", "NAME_INVALID"],
	["/v2/a//blobs/uploads/", "NAME_INVALID"],
	["/v2/A/tags/list", "NAME_INVALID"],
	["/v2/A/_limani/tags/digests", "NAME_INVALID"],
	["/v2//_oci/ext/discover", "NAME_INVALID"],
	["/v2/a/_oci/_oci/ext/discover", "NAME_INVALID"],
	["/v2/../a/tags/list", "NAME_INVALID"],
	["/v2/a/../tags/list", "NAME_INVALID"],
	["/v2/a/./tags/list", "NAME_INVALID"],
	["/v2/a%2Fb/tags/list", "NAME_INVALID"],
	["/v2/a%2fb/manifests/latest", "NAME_INVALID"],
	["/v2/%2e%2e/a/tags/list", "NAME_INVALID"],
	["/v2/a%00/tags/list", "NAME_INVALID"],
	["/v2/a\0/tags/list", "NAME_INVALID"],
	["/v2/a%3Ab/tags/list", "NAME_INVALID"],
	["/v2/a%/tags/list", "NAME_INVALID"],
	["/v2/é/tags/list", "NAME_INVALID"],
	["/v2/a\\b/tags/list", "NAME_INVALID"],
	[`/v2/${"x".repeat(256)}/tags/list`, "NAME_INVALID"],
	[`/v2/${"x/".repeat(100_000)}x/tags/list`, "NAME_INVALID"],
	["/v2/A/blobs/nonsense", "NAME_INVALID"],
	["/v2/a/manifests/", "TAG_INVALID"],
	["/v2/a/manifests/.hidden", "TAG_INVALID"],
	["/v2/a/manifests/..", "TAG_INVALID"],
	["/v2/a/manifests/a%2Fb", "TAG_INVALID"],
	["/v2/a/manifests/latest%00", "TAG_INVALID"],
	["/v2/a/manifests/a%253Ab", "TAG_INVALID"],
	[`/v2/a/manifests/${"x".repeat(129)}`, "TAG_INVALID"],
	["/v2/a/manifests/sha256:baddigeststring", "DIGEST_INVALID"],
	["/v2/a/manifests/sha256%3Abaddigeststring", "DIGEST_INVALID"],
	["/v2/a/blobs/", "DIGEST_INVALID"],
	["/v2/a/blobs/latest", "DIGEST_INVALID"],
	[`/v2/a/blobs/${digest.toUpperCase()}`, "DIGEST_INVALID"],
	[`/v2/a/blobs/${digest}%00`, "DIGEST_INVALID"],
	[`/v2/a/referrers/${digest}0`, "DIGEST_INVALID"],
	["/v2/a/referrers/latest", "DIGEST_INVALID"],
	["/v2/a/blobs/uploads/..", "BLOB_UPLOAD_UNKNOWN"],
	["/v2/a/blobs/uploads/a%2Fb", "BLOB_UPLOAD_UNKNOWN"],
	[`/v2/a/blobs/uploads/${"x".repeat(65)}`, "BLOB_UPLOAD_UNKNOWN"],
];

for (const [path, code] of malformed) {
	test(`${JSON.stringify(path.slice(0, 60))} is invalid for ${code}`, () => {
		const parsed = parsePath(path);
		assert.equal(parsed.kind, "invalid");
		assert.equal(parsed.kind === "invalid" && parsed.code, code);
	});
}

const nowhere = [
	"",
	"/",
	"v2/",
	"/v1/",
	"/v2x",
	"/v2x/a/tags/list",
	"/V2/",
	"//v2/",
	"/v2//",
	"/v2/a",
	"/v2/a/",
	"/v2/_catalog/",
	"/v2/a/_catalog",
	"/v2/a/tags",
	"/v2/a/tags/",
	"/v2/a/tags/latest",
	"/v2/a/tags/list/",
	"/v2/a/manifests",
	"/v2/a/manifests/latest/",
	"/v2/a/manifests/uploads/",
	"/v2/a/xblobs/uploads/id",
	"/v2/a/blobs",
	"/v2/uploads/id",
	"/v2/a/blobs/uploads/id/",
	`/v2/a/blobs/${digest}/`,
	"/v2/_oci/ext/discover",
	"/v2/_limani/tags/digests",
	"/v2/a/tags/digests",
	"/v2/a/referrers/list",
	"/v2/a/b_limani/tags/digests",
	"/v2/a/_limani/tags/digest",
	"/v2/a/ext/discover",
	"/v2/a/_oci/ext/discover/",
	"/v2/a/%74ags/list",
	"/v2/a/..%2ftags/list",
];

for (const path of nowhere) {
	test(`${JSON.stringify(path.slice(0, 60))} leads nowhere`, () => {
		assert.deepEqual(parsePath(path), { kind: "unknown" });
	});
}

test("every endpoint's path is read back as that endpoint", () => {
	fc.assert(
		fc.property(endpoint, (value) => assert.deepEqual(parsePath(formatPath(value)), value)),
		{ numRuns: 2000 },
	);
});

test("a repository read from any text is a valid name, and nothing throws", () => {
	const words = fc.constantFrom(
		"/",
		"v2",
		"blobs",
		"uploads",
		"manifests",
		"tags",
		"list",
		"a",
		"%3A",
		"%",
		"..",
		":",
		"\0",
	);
	const text = fc.oneof(
		fc.string({ unit: "binary" }),
		fc.string({ unit: "binary" }).map((tail) => `/v2/${tail}`),
		fc.array(words, { maxLength: 14 }).map((parts) => `/v2/${parts.join("")}`),
		fc.array(words, { maxLength: 14 }).map((parts) => `/v2/${parts.join("/")}`),
	);
	fc.assert(
		fc.property(text, (path) => {
			const parsed = parsePath(path);
			if ("repository" in parsed) assert.equal(isRepositoryName(parsed.repository), true);
		}),
		{ numRuns: 5000 },
	);
});

test("whatever is read as an endpoint is that endpoint's path, give or take an encoded colon and a last slash", () => {
	const segment = fc.constantFrom(
		"blobs",
		"uploads",
		"manifests",
		"tags",
		"list",
		"referrers",
		"a",
		"_catalog",
		digest,
		"%3A",
		"..",
		"",
	);
	fc.assert(
		fc.property(fc.array(segment, { maxLength: 7 }), (segments) => {
			const path = `/v2/${segments.join("/")}`;
			const parsed = parsePath(path);
			if (parsed.kind === "invalid" || parsed.kind === "unknown") return;
			const formatted = formatPath(parsed);
			assert.ok(formatted === path || formatted === `${path}/`, `${path} became ${formatted}`);
		}),
		{ numRuns: 5000 },
	);
});
