import assert from "node:assert/strict";
import { test } from "node:test";
import { formatState, parseState, type S3WriterState, uploadIdOf } from "#/storage/s3/writer-state.ts";
import { StoreError } from "#/storage/store-error.ts";

const tail = { id: "0f-1", size: 7, sha256: "ab" };
const small: S3WriterState = { offset: 7, partSize: 100, etags: [], tail };
const large: S3WriterState = { offset: 207, partSize: 100, uploadId: "u", etags: ["a", "b"], tail };

test("a state comes back from a row as it was", () => {
	for (const state of [small, large]) {
		assert.deepEqual(parseState(JSON.parse(JSON.stringify(formatState(state)))), state);
	}
});

test("a state that is none of ours names nothing that is there", () => {
	const foreign: readonly { readonly [field: string]: unknown }[] = [
		{},
		{ offset: 7 },
		{ ...small, offset: 8 },
		{ ...small, offset: -1 },
		{ ...small, etags: ["a"], offset: 107 },
		{ ...large, etags: ["a", 2] },
		{ ...large, uploadId: 1 },
		{ ...large, partSize: 1.5 },
		{ ...small, tail: { ...tail, id: "../x" } },
		{ ...small, tail: { ...tail, id: "" } },
		{ ...small, tail: null },
	];
	for (const state of foreign) {
		assert.throws(
			() => parseState(state),
			(error) => error instanceof StoreError && error.code === "NOT_FOUND",
		);
	}
});

test("whatever a state is, the upload in it is found for deleting", () => {
	assert.equal(uploadIdOf(formatState(large)), "u");
	assert.equal(uploadIdOf({ uploadId: "v", other: 1 }), "v");
	assert.equal(uploadIdOf(formatState(small)), undefined);
	assert.equal(uploadIdOf({ uploadId: 1 }), undefined);
	assert.equal(uploadIdOf(undefined), undefined);
});
