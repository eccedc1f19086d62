import assert from "node:assert/strict";
import { test } from "node:test";
import { OciError } from "#/oci/error.ts";
import type { Body } from "#/registry/registry.ts";
import { LeaseKeeper, LeaseLostError } from "#/registry/uploads/lease-keeper.ts";
import { type Intake, takeBody } from "#/registry/uploads/take-body.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { StoreError } from "#/storage/store-error.ts";
import { bodyOf, brokenBody } from "../../support/bodies.ts";
import { failOnce, hooked } from "../../support/hooked.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const open = async (extend = async (): Promise<boolean> => true): Promise<Intake & { readonly clock: ManualClock }> => {
	const { signal } = new AbortController();
	const clock = new ManualClock();
	const writer = await openMemoryStore({ now: Date.now }).write("k", {}, signal);
	const deps = { extend, clock, leaseMs: 30_000, extendMs: 1_000_000 };
	return { writer, keeper: new LeaseKeeper(deps, clock.monotonic()), signal, clock };
};

test("a body of the expected length is taken whole", async () => {
	const intake = await open();
	assert.deepEqual(await takeBody(bodyOf("abc", "", "defg"), 7, intake), { broken: false });
	assert.equal(intake.writer.offset, 7);
});

test("a body without an expected length is taken to its end", async () => {
	const intake = await open();
	assert.deepEqual(await takeBody(bodyOf(), undefined, intake), { broken: false });
	assert.equal(intake.writer.offset, 0);
});

for (const expected of [6, 8]) {
	test(`a body of 7 bytes where ${expected} were announced is SIZE_INVALID`, async () => {
		await assert.rejects(takeBody(bodyOf("abc", "defg"), expected, await open()), { code: "SIZE_INVALID" });
	});
}

test("a longer body is left as soon as it is too long", async () => {
	let given = 0;
	let closed = false;
	const endless = async function* (): Body {
		try {
			for (; ; given += 4) yield Buffer.from("abcd");
		} finally {
			closed = true;
		}
	};
	await assert.rejects(takeBody(endless(), 10, await open()), OciError);
	assert.ok(given <= 12);
	assert.ok(closed);
});

test("a body that breaks off is reported with its cause, what came before being kept", async () => {
	const intake = await open();
	const cause = new Error("reset");
	assert.deepEqual(await takeBody(brokenBody(cause, "abc"), 7, intake), { broken: true, cause });
	assert.equal(intake.writer.offset, 3);
});

test("an abort ends the body like a break", async () => {
	const intake = await open();
	const cause = new Error("stop");
	const aborted = { ...intake, signal: AbortSignal.abort(cause) };
	assert.deepEqual(await takeBody(bodyOf("abc"), undefined, aborted), { broken: true, cause });
});

test("a failure of the store is not taken for one of the body", async () => {
	const intake = await open();
	const full = new StoreError("FULL", "no room");
	const writer = hooked(intake.writer, failOnce("append", full));
	await assert.rejects(takeBody(bodyOf("abc"), undefined, { ...intake, writer }), full);
});

test("no byte is written once the lease is lost", async () => {
	const intake = await open(async () => false);
	const stalled = async function* (): Body {
		yield Buffer.from("abc");
		intake.clock.advance(60_000);
		yield Buffer.from("def");
	};
	await assert.rejects(takeBody(stalled(), undefined, intake), LeaseLostError);
	assert.equal(intake.writer.offset, 3);
});
