import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ledger } from "#/operator/robot-account/ledger.ts";
import { type CredentialFacts, nextStep, type PresentSecret, type Step } from "#/operator/robot-account/next-step.ts";

const NOW = 1_000_000;
const HOUR = 3_600_000;

const verifierOf = (secret: string): string => `hash of ${secret}`;

const holding = (
	secret: string | undefined,
	more: Partial<Extract<PresentSecret, { is: "ours" }>> = {},
): PresentSecret => ({
	is: "ours",
	secret,
	fits: true,
	asWanted: true,
	...more,
});

const factsOf = (more: Partial<CredentialFacts>): CredentialFacts => ({
	now: NOW,
	ledger: undefined,
	present: { is: "absent" },
	strays: [],
	inForce: true,
	knownRotation: undefined,
	intervalMs: undefined,
	graceMs: HOUR,
	force: undefined,
	verifierOf,
	...more,
});

const settled: Ledger = { current: verifierOf("one"), previous: [], rotatedAt: NOW - HOUR };
const introducing: Ledger = { ...settled, next: "two" };

const cases: readonly { readonly name: string; readonly facts: Partial<CredentialFacts>; readonly step: Step }[] = [
	{ name: "a new robot gets a secret", facts: {}, step: { do: "mint", ledger: { previous: [] }, why: "First" } },
	{
		name: "a request from before the first secret is met by it",
		facts: { force: "now" },
		step: { do: "mint", ledger: { previous: [], forced: "now" }, why: "First" },
	},
	{
		name: "somebody else's Secret is left alone, whatever is due",
		facts: { ledger: settled, present: { is: "foreign" }, intervalMs: 1 },
		step: { do: "conflict" },
	},
	{
		name: "nothing is handed out that the data plane does not accept",
		facts: { ledger: introducing, present: holding("one"), inForce: false },
		step: { do: "wait" },
	},
	{
		name: "what is accepted is handed out",
		facts: { ledger: introducing, present: holding("one") },
		step: { do: "place", secret: "two" },
	},
	{
		name: "a Secret that was deleted meanwhile gets the one that is on its way",
		facts: { ledger: introducing },
		step: { do: "place", secret: "two" },
	},
	{
		name: "the grace of the one before begins when the new one is handed out",
		facts: { ledger: introducing, present: holding("two") },
		step: {
			do: "record",
			ledger: {
				current: verifierOf("two"),
				previous: [{ hash: verifierOf("one"), notAfter: NOW + HOUR }],
				rotatedAt: NOW,
			},
		},
	},
	{ name: "all well", facts: { ledger: settled, present: holding("one") }, step: { do: "nothing" } },
	{
		name: "the same secret is not new for being known to the Secret alone",
		facts: { present: holding("one"), knownRotation: NOW - 5 },
		step: { do: "record", ledger: { current: verifierOf("one"), previous: [], rotatedAt: NOW - 5 } },
	},
	{
		name: "a deleted Secret gets a new secret",
		facts: { ledger: settled },
		step: { do: "mint", ledger: settled, why: "SecretDeleted" },
	},
	{
		name: "an edited secret is not let in",
		facts: { ledger: settled, present: holding("mine") },
		step: { do: "mint", ledger: settled, why: "SecretEdited" },
	},
	{
		name: "an edited label is put back with the same secret",
		facts: { ledger: settled, present: holding("one", { asWanted: false }) },
		step: { do: "place", secret: "one" },
	},
	{
		name: "another name for the Secret takes the same secret along",
		facts: { ledger: settled, strays: [{ name: "old", secret: "one" }] },
		step: { do: "record", ledger: { ...settled, next: "one" } },
	},
	{
		name: "another type takes the same secret along",
		facts: { ledger: settled, present: holding("one", { fits: false }) },
		step: { do: "record", ledger: { ...settled, next: "one" } },
	},
	{
		name: "a Secret of another type goes once what it holds is noted",
		facts: { ledger: { ...settled, next: "one" }, present: holding("one", { fits: false }) },
		step: { do: "remove" },
	},
	{
		name: "a secret that only moved is no rotation",
		facts: { ledger: { ...settled, next: "one" }, present: holding("one") },
		step: { do: "record", ledger: settled },
	},
	{
		name: "a Secret under a former name goes last",
		facts: { ledger: settled, present: holding("one"), strays: [{ name: "old", secret: "one" }] },
		step: { do: "clear", stray: "old" },
	},
	{
		name: "a credential that is as old as it may get is replaced",
		facts: { ledger: settled, present: holding("one"), intervalMs: HOUR },
		step: { do: "mint", ledger: settled, why: "Due" },
	},
	{
		name: "one that is younger stays",
		facts: { ledger: settled, present: holding("one"), intervalMs: HOUR + 1 },
		step: { do: "nothing" },
	},
	{
		name: "a request is met once",
		facts: { ledger: settled, present: holding("one"), force: "a" },
		step: { do: "mint", ledger: { ...settled, forced: "a" }, why: "Forced" },
	},
	{
		name: "and not again",
		facts: { ledger: { ...settled, forced: "a" }, present: holding("one"), force: "a" },
		step: { do: "nothing" },
	},
	{
		name: "the one before is dropped at the end of its grace, and not earlier",
		facts: {
			ledger: { ...settled, previous: ["x", "y"].map((hash, i) => ({ hash, notAfter: NOW + i })) },
			present: holding("one"),
		},
		step: { do: "record", ledger: { ...settled, previous: [{ hash: "y", notAfter: NOW + 1 }] } },
	},
];

for (const { name, facts, step } of cases) {
	test(name, () => assert.deepEqual(nextStep(factsOf(facts)), step));
}

test("rotations within one grace keep no more credentials than the data plane takes", () => {
	const previous = Array.from({ length: 6 }, (_, i) => ({ hash: `h${i}`, notAfter: NOW + i }));
	const step = nextStep(factsOf({ ledger: { ...introducing, previous }, present: holding("two") }));
	assert.ok(step.do === "record");
	assert.deepEqual(
		step.ledger.previous.map(({ hash }) => hash),
		["h1", "h2", "h3", "h4", "h5", verifierOf("one")],
	);
});
