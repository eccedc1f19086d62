import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerWatch } from "#/metadata/postgres/server-watch.ts";
import { ManualTiming } from "../support/manual-timing.ts";

/** A watch over a server that is there or not, as told, and a note of all that came of it. */
const openWatch = () => {
	const timing = new ManualTiming();
	const server = { isThere: true };
	const notes: string[] = [];
	const probe = async (ms: number): Promise<boolean> => {
		notes.push("probe");
		if (!server.isThere) await timing.sleep(ms, new AbortController().signal);
		return server.isThere;
	};
	const onAway = () => void notes.push("away");
	const onBack = (ms: number) => void notes.push(`back after ${ms}`);
	return { timing, server, notes, watch: new ServerWatch({ timing, probe, onAway, onBack }) };
};

test("a server that answers is never asked whether it is there", async () => {
	const { timing, notes, watch } = openWatch();
	for (let i = 0; i < 20; i++) {
		const end = watch.asked();
		await timing.advance(500);
		end(true);
	}
	await timing.advance(10_000);
	assert.deepEqual(notes, []);
	assert.equal(timing.sleeping, 0, "nothing is looked at while nothing is asked");
});

test("a slow answer to one question is no silence while others are answered", async () => {
	const { timing, notes, watch } = openWatch();
	const endSlow = watch.asked();
	for (let i = 0; i < 10; i++) {
		await timing.advance(1_500);
		watch.asked()(true);
	}
	assert.deepEqual(notes, []);
	endSlow(true);
});

test("a server that is busy with the only question for long is asked now and then, and counts as there", async () => {
	const { timing, notes, watch } = openWatch();
	const end = watch.asked();
	await timing.advance(9_000);
	assert.deepEqual(notes, ["probe", "probe", "probe", "probe"]);
	assert.equal(watch.isAway, false);
	end(true);
});

test("a server that says nothing to anybody is away five seconds later, until it answers", async () => {
	const { timing, server, notes, watch } = openWatch();
	const end = watch.asked();
	server.isThere = false;
	await timing.advance(4_999);
	assert.equal(watch.isAway, false);
	await timing.advance(1);
	assert.equal(watch.isAway, true);
	end(false);
	await timing.advance(10_000);
	assert.equal(watch.isAway, true, "it is looked for though nobody asks any more");
	server.isThere = true;
	await timing.advance(4_000);
	assert.equal(watch.isAway, false);
	assert.match(notes.at(-1) ?? "", /^back after 1\d{4}$/);
	assert.equal(notes.filter((note) => note === "away").length, 1);
});

test("questions that were given up are no answers", async () => {
	const { timing, server, watch } = openWatch();
	server.isThere = false;
	for (let i = 0; i < 10; i++) {
		const end = watch.asked();
		const endNext = watch.asked();
		await timing.advance(600);
		end(false);
		if (i > 0) endNext(false);
	}
	assert.equal(watch.isAway, true);
});

test("a disposed watch looks no more", async () => {
	const { timing, server, watch } = openWatch();
	server.isThere = false;
	watch.asked();
	await timing.advance(6_000);
	watch[Symbol.dispose]();
	await timing.advance(4_000);
	assert.equal(timing.sleeping, 0);
});
