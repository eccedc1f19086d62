import assert from "node:assert/strict";
import { test } from "node:test";
import { markAsUntransferable } from "node:worker_threads";
import { freePiece, toOwned } from "#/storage/filesystem/own-memory.ts";

test("a piece that spans its memory gives it back", () => {
	const piece = new Uint8Array(1000);
	freePiece(piece);
	assert.equal(piece.buffer.byteLength, 0);
});

test("a piece that shares its memory leaves it to the others", () => {
	const whole = new Uint8Array(1000).fill(7);
	freePiece(whole.subarray(0, 500));
	freePiece(whole.subarray(500));
	assert.deepEqual(whole, new Uint8Array(1000).fill(7));
});

test("memory that is marked as not to be moved stays", () => {
	const piece = new Uint8Array(1000).fill(7);
	markAsUntransferable(piece.buffer);
	freePiece(piece);
	assert.deepEqual(piece, new Uint8Array(1000).fill(7));
	assert.notEqual(toOwned(piece).buffer, piece.buffer);
});

test("only a piece that shares its memory is copied to have some of its own", () => {
	const whole = new Uint8Array(1000).fill(7);
	assert.equal(toOwned(whole).buffer, whole.buffer);
	const half = whole.subarray(0, 500);
	const owned = toOwned(half);
	assert.notEqual(owned.buffer, whole.buffer);
	assert.deepEqual(owned, half);
});
