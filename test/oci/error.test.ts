import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedError } from "#/lib/coded-error.ts";
import { formatErrors, OciError, type OciErrorCode } from "#/oci/error.ts";

/** The codes of the distribution specification, and ours, with what a client is answered. */
const statuses: Readonly<Record<OciErrorCode, number>> = {
	BLOB_UNKNOWN: 404,
	BLOB_UPLOAD_INVALID: 400,
	BLOB_UPLOAD_UNKNOWN: 404,
	DIGEST_INVALID: 400,
	MANIFEST_BLOB_UNKNOWN: 404,
	MANIFEST_INVALID: 400,
	MANIFEST_UNKNOWN: 404,
	NAME_INVALID: 400,
	NAME_UNKNOWN: 404,
	SIZE_INVALID: 400,
	UNAUTHORIZED: 401,
	DENIED: 403,
	UNSUPPORTED: 405,
	TOOMANYREQUESTS: 429,
	RANGE_INVALID: 416,
	MANIFEST_TOO_LARGE: 413,
	PRECONDITION_FAILED: 412,
	STORAGE_FULL: 507,
	UNAVAILABLE: 503,
	PAGINATION_NUMBER_INVALID: 400,
	TAG_INVALID: 400,
	CONFLICT: 409,
	REQUEST_TIMEOUT: 408,
	UNKNOWN: 500,
};

for (const [code, status] of Object.entries(statuses) as [OciErrorCode, number][]) {
	test(`${code} is answered with ${status}, a message and a code of capitals and underscores`, () => {
		const error = new OciError(code);
		assert.equal(error.status, status);
		assert.notEqual(error.message, "");
		assert.match(formatErrors(error).errors[0]?.code ?? "", /^[A-Z_]+$/);
	});
}

test("message, detail, status and cause may be given", () => {
	const cause = new Error("disk");
	const error = new OciError("BLOB_UPLOAD_INVALID", { message: "odd", detail: { offset: 7 }, status: 416, cause });
	assert.ok(error instanceof CodedError);
	assert.deepEqual(
		[error.name, error.code, error.message, error.status, error.detail, error.cause],
		["OciError", "BLOB_UPLOAD_INVALID", "odd", 416, { offset: 7 }, cause],
	);
});

test("an error is formatted as the specification's body, without its status or cause", () => {
	const error = new OciError("NAME_INVALID", { detail: "no", cause: new Error("secret") });
	assert.deepEqual(JSON.parse(JSON.stringify(formatErrors(error))), {
		errors: [{ code: "NAME_INVALID", message: "the repository name is not valid", detail: "no" }],
	});
});

test("an error without detail is formatted without that member", () => {
	assert.deepEqual(Object.keys(formatErrors(new OciError("DENIED")).errors[0] ?? {}), ["code", "message"]);
});

test("a detail that is false or null is still told", () => {
	assert.equal(formatErrors(new OciError("DENIED", { detail: null })).errors[0]?.detail, null);
	assert.equal(formatErrors(new OciError("DENIED", { detail: false })).errors[0]?.detail, false);
});

test("a manifest that is too large is told under the specification's own code", () => {
	assert.equal(formatErrors(new OciError("MANIFEST_TOO_LARGE")).errors[0]?.code, "SIZE_INVALID");
});

test("several errors are told in their order", () => {
	const errors = ["a", "b"].map((detail) => new OciError("MANIFEST_BLOB_UNKNOWN", { detail }));
	assert.deepEqual(
		formatErrors(errors).errors.map(({ code, detail }) => [code, detail]),
		[
			["MANIFEST_BLOB_UNKNOWN", "a"],
			["MANIFEST_BLOB_UNKNOWN", "b"],
		],
	);
});
