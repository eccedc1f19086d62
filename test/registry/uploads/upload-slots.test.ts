import assert from "node:assert/strict";
import { test } from "node:test";
import { UploadSlots } from "#/registry/uploads/upload-slots.ts";

test("no more slots are given than there are, and a freed one is given again", () => {
	const slots = new UploadSlots(2);
	const first = slots.take();
	slots.take();
	assert.throws(() => slots.take(), { code: "TOOMANYREQUESTS", status: 429 });
	first[Symbol.dispose]();
	first[Symbol.dispose]();
	slots.take();
	assert.throws(() => slots.take(), { code: "TOOMANYREQUESTS" });
});

test("an upload is entered by one at a time", () => {
	const slots = new UploadSlots(2);
	const turn = slots.enter("a");
	assert.ok(turn);
	assert.equal(slots.enter("a"), undefined);
	assert.ok(slots.enter("b"));
	turn[Symbol.dispose]();
	assert.ok(slots.enter("a"));
});

test("idle resolves when the last slot is freed, and at once when none is taken", async () => {
	const slots = new UploadSlots(2);
	await slots.idle();
	const taken = [slots.take(), slots.take()];
	let idle = false;
	const waiting = slots.idle().then(() => {
		idle = true;
	});
	taken[0]?.[Symbol.dispose]();
	await new Promise(setImmediate);
	assert.equal(idle, false);
	taken[1]?.[Symbol.dispose]();
	await waiting;
});
