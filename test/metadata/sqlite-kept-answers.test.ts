import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { Keeping } from "#/metadata/sql/engine/engine.ts";
import { Generation } from "#/metadata/sqlite/generation.ts";
import { KeptAnswers } from "#/metadata/sqlite/kept-answers.ts";
import { openGuest, openHost } from "#/metadata/sqlite/open-engine.ts";
import type { Channel } from "#/metadata/sqlite/wire.ts";
import { ledger } from "../support/ledger.ts";
import { sqliteLedger, temporaryDirectory } from "../support/sqlite-ledger.ts";

const keeping: Keeping = { key: (input: string) => input, bytes: (answer: string) => answer.length };

/** A query that tells how often it was run. */
function countedRead(): { readonly read: () => string; readonly count: () => number } {
	let count = 0;
	return { read: () => `answer ${++count}`, count: () => count };
}

test("an answer is kept until something is written", () => {
	const generation = new Generation();
	const answers = new KeptAnswers(() => generation.current);
	const { read, count } = countedRead();
	assert.equal(answers.get(keeping, "a", read), "answer 1");
	assert.equal(answers.get(keeping, "a", read), "answer 1");
	assert.equal(answers.get(keeping, "b", read), "answer 2");
	generation.begin();
	generation.end();
	assert.equal(answers.get(keeping, "a", read), "answer 3");
	assert.equal(count(), 3);
});

test("while a transaction is being committed nothing kept is given out, and nothing is kept", () => {
	const generation = new Generation();
	const answers = new KeptAnswers(() => generation.current);
	const { read } = countedRead();
	answers.get(keeping, "a", read);
	generation.begin();
	assert.equal(answers.get(keeping, "a", read), "answer 2");
	assert.equal(answers.get(keeping, "a", read), "answer 3");
	generation.end();
	assert.equal(answers.get(keeping, "a", read), "answer 4");
});

test("an answer that was read while something was committed is not given out afterwards", () => {
	const generation = new Generation();
	const answers = new KeptAnswers(() => generation.current);
	const { read } = countedRead();
	const overtaken = () => {
		const answer = read();
		generation.begin();
		generation.end();
		return answer;
	};
	answers.get(keeping, "a", overtaken);
	assert.equal(answers.get(keeping, "a", read), "answer 2");
});

test("that there is nothing is looked up each time", () => {
	const answers = new KeptAnswers(() => 0);
	let count = 0;
	const read = () => {
		count++;
		return undefined;
	};
	answers.get(keeping, "a", read);
	answers.get(keeping, "a", read);
	assert.equal(count, 2);
});

test("no more is kept than allowed, in number and in bytes", () => {
	const few = new KeptAnswers(() => 0, { maxAnswers: 2 });
	const { read, count } = countedRead();
	for (const input of ["a", "b", "c", "a"]) few.get(keeping, input, read);
	assert.equal(count(), 4);
	const light = new KeptAnswers(() => 0, { maxBytes: 10 });
	assert.equal(
		light.get(keeping, "long", () => "longer than ten"),
		"longer than ten",
	);
	assert.equal(
		light.get(keeping, "long", () => "another"),
		"another",
	);
	assert.equal(
		light.get(keeping, "long", () => "a third"),
		"another",
	);
});

test("a new writer ends what is uncertain since the last one died", () => {
	const generation = new Generation();
	generation.begin();
	const seen = new Generation(generation.shared);
	assert.equal(seen.current, undefined);
	generation.end();
	const before = seen.current;
	assert.notEqual(before, undefined);
	generation.begin();
	generation.end();
	assert.notEqual(seen.current, before);
});

test("neither the host nor a guest gives out what was written over before it was asked", async (t) => {
	const kept = { counter: { key: (name: string) => name, bytes: () => 8 } };
	const code = { ...sqliteLedger, program: { ...ledger, kept } };
	const directory = temporaryDirectory(t);
	await using host = await openHost(directory, code, (message) => t.diagnostic(message));
	const { port1, port2 } = new MessageChannel();
	host.serve(channelOf(port1));
	const guest = openGuest(directory, channelOf(port2), code);
	try {
		for (let value = 1; value <= 200; value++) {
			assert.equal(await (value % 2 === 0 ? host : guest).write("increment", "a"), value);
			for (const reader of [host, guest, host, guest]) assert.equal(await reader.read("counter", "a"), value);
		}
	} finally {
		port2.close();
		await guest[Symbol.asyncDispose]();
	}
});

function channelOf(port: MessagePort): Channel {
	return {
		send: (message) => port.postMessage(message),
		onMessage: (listener) => port.on("message", listener),
		onClose: (listener) => port.on("close", listener),
	};
}
