import assert from "node:assert/strict";
import { test } from "node:test";
import { MetadataError, type MetadataErrorCode } from "#/metadata/metadata-error.ts";
import type { Refusal } from "#/metadata/refusal.ts";
import { OciError, type OciErrorCode } from "#/oci/error.ts";
import { answer, refusalError, toOciError } from "#/registry/errors.ts";
import { StoreError, type StoreErrorCode } from "#/storage/store-error.ts";

const REFUSALS: readonly (readonly [Refusal, OciErrorCode, number, unknown])[] = [
	[{ reason: "project-unknown", project: "p" }, "NAME_UNKNOWN", 404, { project: "p" }],
	[{ reason: "repository-unknown", repository: "p/r" }, "NAME_UNKNOWN", 404, { name: "p/r" }],
	[{ reason: "manifest-unknown", reference: "v1" }, "MANIFEST_UNKNOWN", 404, { reference: "v1" }],
	[{ reason: "blob-unknown", digest: "sha256:0" }, "BLOB_UNKNOWN", 404, { digest: "sha256:0" }],
	[{ reason: "upload-unknown", id: "u" }, "BLOB_UPLOAD_UNKNOWN", 404, { id: "u" }],
	[{ reason: "upload-busy", offset: 7 }, "RANGE_INVALID", 416, { offset: 7 }],
	[{ reason: "upload-offset", offset: 9 }, "RANGE_INVALID", 416, { offset: 9 }],
	[{ reason: "too-many-uploads", limit: 3 }, "TOOMANYREQUESTS", 429, { limit: 3 }],
	[
		{ reason: "content-unknown", blobs: ["sha256:a"], manifests: ["sha256:b"] },
		"MANIFEST_BLOB_UNKNOWN",
		404,
		{ blobs: ["sha256:a"], manifests: ["sha256:b"] },
	],
	[
		{ reason: "size-mismatch", digest: "sha256:a", expected: 1, actual: 2 },
		"MANIFEST_INVALID",
		400,
		{ digest: "sha256:a", size: 1, stored: 2 },
	],
	[{ reason: "in-use", by: ["sha256:c"] }, "CONFLICT", 409, { by: ["sha256:c"] }],
	[{ reason: "precondition", current: "sha256:d" }, "PRECONDITION_FAILED", 412, { digest: "sha256:d" }],
	[{ reason: "precondition", current: undefined }, "PRECONDITION_FAILED", 412, { digest: null }],
	[{ reason: "guarded", guard: "quota", message: "the quota is used up" }, "DENIED", 403, { guard: "quota" }],
	[
		{ reason: "guarded", guard: "quota", message: "full", detail: { quota: 2, used: 1, requested: 2 } },
		"DENIED",
		403,
		{ quota: 2, used: 1, requested: 2 },
	],
];

for (const [refusal, code, status, detail] of REFUSALS) {
	test(`a refusal for ${refusal.reason} becomes ${code} with status ${status}`, () => {
		const error = refusalError(refusal);
		assert.deepEqual([error.code, error.status, error.detail], [code, status, detail]);
	});
}

test("what a guard says reaches the client", () => {
	assert.equal(refusalError({ reason: "guarded", guard: "quota", message: "full" }).message, "full");
});

const STORE_ERRORS: readonly (readonly [StoreErrorCode, OciErrorCode])[] = [
	["FULL", "STORAGE_FULL"],
	["UNAVAILABLE", "UNAVAILABLE"],
	["DENIED", "UNAVAILABLE"],
	["CORRUPT", "UNKNOWN"],
	["NOT_FOUND", "UNKNOWN"],
];
const METADATA_ERRORS: readonly (readonly [MetadataErrorCode, OciErrorCode])[] = [
	["FULL", "STORAGE_FULL"],
	["UNAVAILABLE", "UNAVAILABLE"],
	["SCHEMA", "UNAVAILABLE"],
];

test("failures of store and metadata become codes of the registry and keep their cause out of the text", () => {
	for (const [code, expected] of STORE_ERRORS) {
		const cause = new StoreError(code, "bucket secret-name");
		const error = toOciError(cause);
		assert.equal(error.code, expected, code);
		assert.equal(error.cause, cause);
		assert.doesNotMatch(error.message, /secret-name/);
	}
	for (const [code, expected] of METADATA_ERRORS) {
		assert.equal(toOciError(new MetadataError(code, "host db.internal")).code, expected, code);
	}
});

test("an unknown failure becomes UNKNOWN, an abort UNAVAILABLE, and an OciError stays itself", async () => {
	assert.equal(toOciError(new TypeError("x is not a function")).code, "UNKNOWN");
	assert.equal(toOciError(AbortSignal.abort().reason).code, "UNAVAILABLE");
	const own = new OciError("BLOB_UNKNOWN");
	await assert.rejects(
		answer(() => Promise.reject(own)),
		(error) => error === own,
	);
});
