import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pulls } from "#/metadata/artifacts.ts";
import { digestOf } from "#/oci/digest.ts";
import { PullRecorder, type PullRecorderOpts } from "#/registry/pull-recorder.ts";
import type { RegistryEvent } from "#/registry/report.ts";
import { eventually } from "../support/eventually.ts";
import { ManualClock } from "../support/manual-clock.ts";

type Notes = Parameters<Pulls["note"]>[0];

const digest = (text: string) => digestOf(Buffer.from(text));

/** A recorder whose metadata keeps what it is told, unless `fail` is set. */
const open = (opts: Partial<PullRecorderOpts> = {}) => {
	const clock = new ManualClock();
	const written: Notes[] = [];
	const events: RegistryEvent[] = [];
	const state = { fail: false };
	const pulls: Pulls = {
		note: async (notes) => {
			if (state.fail) throw new Error("the database is away");
			written.push(notes);
		},
	};
	const recorder = new PullRecorder({ pulls, clock, report: (event) => events.push(event) }, opts);
	return { recorder, clock, written, events, state };
};

test("pulls are written together, of one manifest one a minute", async () => {
	const { recorder, clock, written } = open();
	for (let i = 0; i < 5; i++) recorder.note(1, digest("a"));
	recorder.note(2, digest("a"));
	const at = clock.now();
	await recorder.flush();
	assert.deepEqual(written, [
		[
			{ repositoryId: 1, digest: digest("a"), at },
			{ repositoryId: 2, digest: digest("a"), at },
		],
	]);
	clock.advance(59_000);
	recorder.note(1, digest("a"));
	await recorder.flush();
	assert.equal(written.length, 1);
	clock.advance(1_000);
	recorder.note(1, digest("a"));
	await recorder.flush();
	assert.deepEqual(written[1], [{ repositoryId: 1, digest: digest("a"), at: at + 60_000 }]);
});

test("what could not be written waits for the next time, with the time it had", async () => {
	const { recorder, clock, written, state } = open();
	const at = clock.now();
	state.fail = true;
	recorder.note(1, digest("a"));
	await assert.rejects(recorder.flush(), /away/);
	clock.advance(120_000);
	state.fail = false;
	await recorder.flush();
	assert.deepEqual(written, [[{ repositoryId: 1, digest: digest("a"), at }]]);
	await recorder.flush();
	assert.equal(written.length, 1);
});

test("what there is no room for is counted and told, and half a room full is written at once", async () => {
	const { recorder, written, events, state } = open({ maxEntries: 4 });
	state.fail = true;
	for (const text of ["a", "b", "c", "d", "e", "f"]) recorder.note(1, digest(text));
	await assert.rejects(recorder.flush());
	state.fail = false;
	await recorder.flush();
	assert.equal(written.flat().length, 4);
	assert.deepEqual(
		events.map(({ event, fields }) => [event, fields]),
		[["pulls.lost", { lost: 2 }]],
	);
	for (const text of ["g", "h"]) recorder.note(1, digest(text));
	await eventually(() => assert.equal(written.flat().length, 6));
});

test("a recorder that stops writes what it has, and tells of what it cannot write", async () => {
	const { recorder, written, events, state } = open({ intervalMs: 3_600_000 });
	const stopping = new AbortController();
	const running = recorder.run(stopping.signal);
	recorder.note(1, digest("a"));
	stopping.abort();
	await running;
	assert.equal(written.flat().length, 1);
	state.fail = true;
	recorder.note(1, digest("b"));
	await recorder.run(AbortSignal.abort());
	assert.deepEqual(
		events.map(({ event }) => event),
		["pulls.failed"],
	);
});
