import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { idSource } from "#/registry/new-id.ts";
import { blobKey, journalKey, numberOfKey, snapshotKey } from "#/registry/object-keys.ts";
import { isObjectKey } from "#/storage/object-key.ts";

test("keys are keys of a store, with and without a digest", () => {
	const id = idSource()();
	for (const key of [
		blobKey(id),
		blobKey(id, digestOf(Buffer.from("x"))),
		blobKey(id, digestOf(Buffer.from("x"), "sha512")),
		journalKey(1, id),
		snapshotKey(0, id),
	]) {
		assert.ok(isObjectKey(key), key);
	}
	assert.match(blobKey(id, digestOf(Buffer.from("x"))), /^[0-9a-f]{2}\/[0-9A-Z]{26}\.sha256-[0-9a-f]{64}$/);
});

test("numbers order as bytes do and are read back", () => {
	assert.ok(journalKey(9, "z") < journalKey(10, "a"));
	assert.equal(numberOfKey(journalKey(10, "a")), 10);
	assert.equal(numberOfKey(snapshotKey(0, "a")), 0);
	assert.equal(numberOfKey(blobKey("01ABC")), undefined);
});

test("ids are upload ids, differ, and spread over many directories", () => {
	const newId = idSource();
	const ids = Array.from({ length: 2_000 }, newId);
	assert.equal(new Set(ids).size, ids.length);
	for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{1,64}$/);
	assert.ok(new Set(ids.map((id) => blobKey(id).slice(0, 2))).size > 200);
});
