import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { checkHistory, type TagOperation } from "./linear-checker.ts";
import { pushManifests, readEverywhere, runClients, TAG } from "./linear-clients.ts";
import { ABSENT, type TagValue } from "./linear-register.ts";

/** Repeats the clients' choices; how their requests meet, the machine decides. */
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

/** Seconds that the clients of each test run. */
const DURATION = Number(process.env.DURATION ?? 8);

const CLIENTS = 6;
const MANIFESTS = 8;

/** Each doubles what is to be searched; none is expected of a registry that nobody hurts. */
const MAX_UNKNOWN = 6;

/**
 * Runs clients against one tag of registries that share everything, and checks that all they saw is explained by one
 * order. @returns where the tag stands, {@link ABSENT} when it does not
 */
export const checkOneTag = async (t: TestContext, urls: readonly [string, ...string[]]): Promise<TagValue> => {
	t.diagnostic(`SEED=${SEED} DURATION=${DURATION}`);
	const manifests = await pushManifests(urls[0], MANIFESTS);
	const run = { urls, manifests, clients: CLIENTS, seed: SEED, seconds: DURATION };
	const operations = await runClients(run);
	const reads = await readEverywhere(run, Math.ceil(12 / urls.length));
	const figures = figuresOf(operations);
	t.diagnostic(JSON.stringify(figures));
	assert.ok(figures.unknown <= MAX_UNKNOWN, `${figures.unknown} requests were not answered, or with a 5xx`);
	assert.ok(figures.matched > 0 && figures.made > 0 && figures.refused > 0, "conditions held, and did not");
	assert.ok(figures.overlapping > operations.length / 2, "most requests met others");
	const begun = performance.now();
	const verdict = checkHistory([...operations, ...reads], ABSENT);
	t.diagnostic(`checked in ${Math.round(performance.now() - begun)} ms`);
	if (!verdict.linearizable) assert.fail(`nothing explains this answer:\n${JSON.stringify(verdict, null, 1)}`);
	const last = reads.at(-1)?.result?.value ?? assert.fail("the tag cannot be read in the end");
	assert.ok(verdict.values.has(last), `${last} is not one of ${[...verdict.values].join(", ")}`);
	return last;
};

const figuresOf = (operations: readonly TagOperation[]) => {
	const count = (is: (operation: TagOperation) => boolean): number => operations.filter(is).length;
	const changed = ({ result }: TagOperation): boolean => result?.kind === "moved" || result?.kind === "removed";
	return {
		operations: operations.length,
		moved: count(({ result }) => result?.kind === "moved"),
		removed: count(({ result }) => result?.kind === "removed"),
		/** By If-Match. */
		matched: count((one) => changed(one) && one.action.kind !== "read" && one.action.ifMatch !== undefined),
		/** By If-None-Match. */
		made: count((one) => changed(one) && one.action.kind === "put" && one.action.ifNoneMatch !== undefined),
		refused: count(({ result }) => result?.kind === "refused"),
		unknown: count(({ result }) => result === undefined),
		overlapping: countOverlapping(operations),
	};
};

/** How many began before one that began earlier had ended. */
const countOverlapping = (operations: readonly TagOperation[]): number => {
	let latest = Number.NEGATIVE_INFINITY;
	let overlapping = 0;
	for (const { start, end } of operations.toSorted((a, b) => a.start - b.start)) {
		if (start < latest) overlapping += 1;
		latest = Math.max(latest, end);
	}
	return overlapping;
};

/** Reads the tag's history, oldest move first: `digest`, and `ended_at` that is null while the tag stands there. */
export const HISTORY_SQL = `SELECT h.digest AS digest, h.ended_at AS ended_at
	FROM tag_history h JOIN repositories r ON r.id = h.repository_id
	WHERE r.name = 'team/linear' AND h.name = '${TAG}' ORDER BY h.move`;

/** The history ends where the tag stands: in an open move to it, or, without a tag, in none. */
export const assertHistoryEnd = (rows: readonly Readonly<Record<string, unknown>>[], value: TagValue): void => {
	const open = rows.filter((row) => row.ended_at === null);
	assert.ok(rows.length > 0);
	assert.deepEqual(
		open.map((row) => row.digest),
		value === ABSENT ? [] : [value],
	);
	if (value !== ABSENT) assert.equal(rows.at(-1)?.ended_at, null, "it is the last");
};
