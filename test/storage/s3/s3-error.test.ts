import assert from "node:assert/strict";
import { test } from "node:test";
import { toStoreError } from "#/storage/s3/s3-error.ts";
import { StoreError, type StoreErrorCode } from "#/storage/store-error.ts";

const failure = (name: string, status?: number, code?: string): Error =>
	Object.assign(new Error("why"), {
		name,
		...(code !== undefined && { code }),
		...(status !== undefined && { $metadata: { httpStatusCode: status } }),
	});

const cases: readonly (readonly [StoreErrorCode, Error])[] = [
	["NOT_FOUND", failure("NoSuchKey", 404)],
	["NOT_FOUND", failure("NotFound", 404)],
	["NOT_FOUND", failure("NoSuchUpload", 404)],
	["NOT_FOUND", failure("InvalidPart", 400)],
	["UNAVAILABLE", failure("NoSuchBucket", 404)],
	["FULL", failure("QuotaExceeded", 403)],
	["FULL", failure("XMinioStorageFull", 507)],
	["FULL", failure("Unknown", 507)],
	["DENIED", failure("AccessDenied", 403)],
	["DENIED", failure("InvalidAccessKeyId", 403)],
	["DENIED", failure("SignatureDoesNotMatch", 403)],
	["DENIED", failure("ExpiredToken", 400)],
	["DENIED", failure("403", 403)],
	["DENIED", failure("Unauthorized", 401)],
	["DENIED", failure("CredentialsProviderError")],
	["CORRUPT", failure("XAmzContentSHA256Mismatch", 400)],
	["CORRUPT", failure("BadDigest", 400)],
	["CORRUPT", failure("InvalidRange", 416)],
	["UNAVAILABLE", failure("SlowDown", 503)],
	["UNAVAILABLE", failure("TooManyRequests", 429)],
	["UNAVAILABLE", failure("InternalError", 500)],
	["UNAVAILABLE", failure("InternalError", 200)],
	["UNAVAILABLE", failure("RequestTimeout", 400)],
	["UNAVAILABLE", failure("PermanentRedirect", 301)],
	["UNAVAILABLE", failure("TimeoutError")],
	["UNAVAILABLE", failure("Error", undefined, "ECONNREFUSED")],
	["UNAVAILABLE", failure("SyntaxError", 502)],
];

for (const [code, error] of cases) {
	const status = "$metadata" in error ? JSON.stringify(error.$metadata) : "no answer";
	test(`${error.name} with ${status} is ${code}`, () => {
		const turned = toStoreError(error, "try it");
		assert.ok(turned instanceof StoreError);
		assert.equal(turned.code, code);
		assert.equal(turned.cause, error);
		assert.match(turned.message, /^try it: (.*, )?why$/);
	});
}

test("what is a fault of ours, or turned already, stays what it is", () => {
	for (const error of [new TypeError("no function"), new StoreError("FULL", "no room"), "a text"]) {
		assert.equal(toStoreError(error, "try it"), error);
	}
	const network = Object.assign(new TypeError("terminated"), { code: "ECONNRESET" });
	assert.ok(toStoreError(network, "try it") instanceof StoreError);
	const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" });
	assert.equal(String(toStoreError(refused, "try it")), "StoreError: try it: connect ECONNREFUSED 127.0.0.1:9");
});
