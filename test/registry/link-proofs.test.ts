import assert from "node:assert/strict";
import { test } from "node:test";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { LinkProofs } from "#/registry/link-proofs.ts";
import { ManualClock } from "../support/manual-clock.ts";

const away = async (): Promise<never> => {
	throw new MetadataError("UNAVAILABLE", "away");
};

test("a removal while a read is under way leaves no proof of what was read", async () => {
	const proofs = new LinkProofs<string>(new ManualClock(), { maxAgeMs: 1000, maxEntries: 9 });
	const { promise, resolve } = Promise.withResolvers<string>();
	const reading = proofs.read("p/app", "d", () => promise);
	await proofs.removing("p/app", "d", async () => undefined);
	resolve("found");
	assert.equal(await reading, "found");
	await assert.rejects(proofs.read("p/app", "d", away), { code: "UNAVAILABLE" });
});

test("a removal of which the outcome is not known takes the proof away", async () => {
	const proofs = new LinkProofs<string>(new ManualClock(), { maxAgeMs: 1000, maxEntries: 9 });
	await proofs.read("p/app", "d", async () => "found");
	await assert.rejects(proofs.removing("p/app", "d", away), { code: "UNAVAILABLE" });
	await assert.rejects(proofs.read("p/app", "d", away), { code: "UNAVAILABLE" });
});

test("age counts from the start of the last read, whenever its answer came", async () => {
	const clock = new ManualClock();
	const proofs = new LinkProofs<string>(clock, { maxAgeMs: 1000, maxEntries: 9 });
	const { promise, resolve } = Promise.withResolvers<string>();
	const slow = proofs.read("p/app", "d", () => promise);
	clock.advance(400);
	await proofs.read("p/app", "d", async () => "newer");
	resolve("older");
	await slow;
	clock.advance(1000);
	assert.equal(await proofs.read("p/app", "d", away), "newer");
	clock.advance(1);
	await assert.rejects(proofs.read("p/app", "d", away), { code: "UNAVAILABLE" });
});

test("failures other than an outage are told, and the proof used longest ago goes first", async () => {
	const proofs = new LinkProofs<string>(new ManualClock(), { maxAgeMs: 1000, maxEntries: 2 });
	for (const digest of ["a", "b", "c"]) await proofs.read("p/app", digest, async () => digest);
	await assert.rejects(proofs.read("p/app", "a", away), { code: "UNAVAILABLE" });
	assert.equal(await proofs.read("p/app", "b", away), "b");
	const full = async (): Promise<never> => {
		throw new MetadataError("FULL", "no room");
	};
	await assert.rejects(proofs.read("p/app", "c", full), { code: "FULL" });
});
