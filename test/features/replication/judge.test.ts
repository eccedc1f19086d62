import assert from "node:assert/strict";
import { test } from "node:test";
import { isSettled, judge, type ReferenceFacts } from "#/features/replication/judge.ts";
import { blankReplica } from "#/features/replication/run-context.ts";
import type { Replica } from "#/metadata/replicas.ts";
import { digestOf } from "#/oci/digest.ts";

const [one, two, three] = ["one", "two", "three"].map((text) => digestOf(Buffer.from(text)));
assert.ok(one !== undefined && two !== undefined && three !== undefined);

const known = (fields: Partial<Replica>): Replica => ({ ...blankReplica("v1", "p/app"), ...fields });
const synced = known({ state: "synced", sourceDigest: one, targetDigest: one, isOurs: true });

const cases: readonly (readonly [claim: string, facts: Partial<ReferenceFacts>, wanted: string])[] = [
	["the same on both sides is in sync", { target: one }, "in-sync"],
	["what the target lacks is copied", {}, "copy"],
	["what the target has otherwise, and nobody copied, is copied", { target: two }, "copy"],
	["what moved at the source is copied", { source: two, target: one, known: synced }, "copy"],
	["what somebody moved at the target diverged", { target: two, known: synced }, "copy, diverged"],
	["what somebody deleted at the target diverged", { known: synced }, "copy, diverged"],
	[
		"what its owner deleted at the target stays away",
		{ known: known({ state: "synced", sourceDigest: one, targetDigest: one }) },
		"left",
	],
	[
		"until the source changes",
		{ source: two, known: known({ state: "left", sourceDigest: one, targetDigest: one }) },
		"copy, diverged",
	],
	[
		"what a killed run had put there is not somebody else's",
		{ source: three, target: two, known: { ...synced, state: "pending", pending: two } },
		"copy",
	],
	["what was excluded stays so", { known: known({ state: "excluded", sourceDigest: one, generation: 1 }) }, "excluded"],
	[
		"until the policy changes",
		{ generation: 2, known: known({ state: "excluded", sourceDigest: one, generation: 1 }) },
		"copy",
	],
	[
		"until the source changes",
		{ source: two, known: known({ state: "excluded", sourceDigest: one, generation: 1 }) },
		"copy",
	],
	[
		"an index that was reduced agrees with what it was reduced to",
		{ isVerbatim: false, target: two, known: { ...synced, targetDigest: two } },
		"in-sync",
	],
	["an index that may have to be reduced must be looked into", { isVerbatim: false, target: one }, "copy"],
	["what came back at the source is copied", { known: { ...synced, state: "gone" } }, "copy"],
];

for (const [claim, facts, wanted] of cases) {
	test(`${claim} (${wanted})`, () => {
		const whole = { source: one, target: undefined, known: undefined, isVerbatim: true, generation: 1, ...facts };
		const judgement = judge(whole);
		const diverged = judgement.kind === "copy" && judgement.diverged ? ", diverged" : "";
		assert.equal(`${judgement.kind}${diverged}`, wanted);
	});
}

test("only what is known to agree, or to stay as it is, needs no look at the target", () => {
	assert.equal(isSettled(one, undefined, 1), false);
	assert.equal(isSettled(one, synced, 1), true);
	assert.equal(isSettled(two, synced, 1), false);
	assert.equal(isSettled(one, { ...synced, pending: one }, 1), false);
	assert.equal(isSettled(one, { ...synced, state: "left" }, 1), true);
	assert.equal(isSettled(one, { ...synced, state: "gone" }, 1), false);
	const excluded = known({ state: "excluded", sourceDigest: one, generation: 1 });
	assert.deepEqual([isSettled(one, excluded, 1), isSettled(one, excluded, 2)], [true, false]);
});
