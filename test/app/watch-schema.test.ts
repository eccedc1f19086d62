import assert from "node:assert/strict";
import { test } from "node:test";
import { watchSchema } from "#/app/watch-schema.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { RegistryEvent } from "#/registry/report.ts";

/** A database whose pings end as they are given, the last one again and again. */
const databaseOf = (...outcomes: readonly (Error | undefined)[]) => {
	const state = { pings: 0 };
	const metadata = {
		ping: async (): Promise<void> => {
			const outcome = outcomes[Math.min(state.pings++, outcomes.length - 1)];
			if (outcome !== undefined) throw outcome;
		},
	};
	const events: string[] = [];
	const report = ({ event }: RegistryEvent): void => void events.push(event);
	return { state, events, deps: { metadata, report, intervalMs: 1 } };
};

test("a database that a later release has taken over is noticed, and one that is away is waited for", async () => {
	const away = new MetadataError("UNAVAILABLE", "away");
	const { state, events, deps } = databaseOf(undefined, away, undefined, new MetadataError("SCHEMA", "too new"));
	assert.equal(await watchSchema(deps, new AbortController().signal), true);
	assert.equal(state.pings, 4);
	assert.deepEqual(events, ["housekeeping.ended"]);
});

test("who is told to end does not look any more", async () => {
	const { state, deps } = databaseOf(undefined);
	const ending = new AbortController();
	const watching = watchSchema(deps, ending.signal);
	ending.abort();
	assert.equal(await watching, false);
	assert.equal(state.pings, 0);
});
