import assert from "node:assert/strict";
import { test } from "node:test";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { DatabaseThread } from "#/metadata/sqlite/database-thread.ts";
import { SupervisedWriter } from "#/metadata/sqlite/supervised-writer.ts";
import { isRequests } from "#/metadata/sqlite/wire.ts";

const unavailable = (error: unknown) => error instanceof MetadataError && error.code === "UNAVAILABLE";

/** A thread that answers every request with its name, until it is ended. */
class EchoThread implements DatabaseThread {
	readonly ended: Promise<Error | undefined>;
	readonly end: (reason: Error | undefined) => void;
	#onMessage: (message: unknown) => void = () => {};
	#onClose: () => void = () => {};

	constructor() {
		const { promise, resolve } = Promise.withResolvers<Error | undefined>();
		this.ended = promise;
		this.end = (reason) => {
			this.#onClose();
			resolve(reason);
		};
	}

	readonly channel = {
		send: (message: unknown) => {
			if (!isRequests(message)) return;
			const outcomes = message.requests.map(({ seq, name }) => ({ seq, ok: true, value: name }));
			queueMicrotask(() => this.#onMessage({ kind: "outcomes", outcomes }));
		},
		onMessage: (listener: (message: unknown) => void) => {
			this.#onMessage = listener;
		},
		onClose: (listener: () => void) => {
			this.#onClose = listener;
		},
	};

	async [Symbol.asyncDispose](): Promise<void> {
		this.end(undefined);
	}
}

/** A writer whose threads start as the list says, in order. */
async function supervise(starts: readonly (EchoThread | Error)[]) {
	const left = [...starts];
	const warnings: string[] = [];
	const exhausted = Promise.withResolvers<void>();
	const start = async () => {
		const next = left.shift();
		if (left.length === 0) exhausted.resolve();
		if (next instanceof EchoThread) return next;
		throw next ?? new Error("no more threads");
	};
	const warn = (message: string) => void warnings.push(message);
	return { writer: await SupervisedWriter.start({ start, warn }), warnings, exhausted: exhausted.promise };
}

test("a writer that cannot be started again is tried until it can, and is away meanwhile", async () => {
	const first = new EchoThread();
	const { writer, warnings, exhausted } = await supervise([first, new Error("no"), new Error("no"), new EchoThread()]);
	assert.equal(await writer.request("a", undefined, undefined), "a");
	first.end(new Error("died"));
	await assert.rejects(writer.request("b", undefined, undefined), unavailable);
	await exhausted;
	await new Promise((resolve) => setImmediate(resolve));
	assert.equal(await writer.request("c", undefined, undefined), "c");
	assert.deepEqual(warnings, [
		"the database's writer ended; starting another",
		"the database's writer could not be started",
		"the database's writer could not be started",
	]);
	await writer[Symbol.asyncDispose]();
});

test("closing does not wait for the next attempt", async () => {
	const took: number[] = [];
	// The quickest of some counts: a busy machine may keep any one of them waiting.
	for (let i = 0; i < 20 && took.every((ms) => ms >= 90); i++) {
		const first = new EchoThread();
		const { writer } = await supervise([first, new EchoThread()]);
		first.end(undefined);
		const before = performance.now();
		await writer[Symbol.asyncDispose]();
		took.push(performance.now() - before);
		await assert.rejects(writer.request("late", undefined, undefined), unavailable);
	}
	assert.ok(Math.min(...took) < 90, `the pause before the first attempt is 100 ms: ${took.join(", ")}`);
});

test("what kept the first writer from starting is thrown", async () => {
	await assert.rejects(supervise([new Error("corrupt")]), /corrupt/);
});
