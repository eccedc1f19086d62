import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { DatabaseFailure } from "#/metadata/postgres/database-failure.ts";
import { withRetries } from "#/metadata/postgres/retry.ts";

const random = () => 0;

function answered(code: string): pg.DatabaseError {
	const error = new pg.DatabaseError(`failure ${code}`, 0, "error");
	error.code = code;
	return error;
}

/** Runs something that fails so each time; how often it ran and what came out. */
async function runsOf(cause: unknown, opts: { readonly committing?: boolean; readonly repeatable?: boolean } = {}) {
	const { committing = false, repeatable = true } = opts;
	let runs = 0;
	const [outcome] = await Promise.allSettled([
		withRetries(
			async () => {
				runs++;
				throw new DatabaseFailure("failed", { cause, committing });
			},
			{ repeatable, random },
		),
	]);
	const reason: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
	return { runs, code: reason instanceof MetadataError ? reason.code : reason };
}

test("a transaction that met another one is run again, up to ten times", async () => {
	assert.deepEqual(await runsOf(answered("40001")), { runs: 10, code: "UNAVAILABLE" });
	assert.deepEqual(await runsOf(answered("40P01"), { repeatable: false }), { runs: 10, code: "UNAVAILABLE" });
});

test("a row that exists already is looked at again twice, then it is the command's mistake", async () => {
	const error = answered("23505");
	assert.deepEqual(await runsOf(error), { runs: 3, code: error });
});

test("a lost connection is replaced once", async () => {
	assert.deepEqual(await runsOf(new Error("read ECONNRESET")), { runs: 2, code: "UNAVAILABLE" });
	assert.deepEqual(await runsOf(answered("57P01"), { repeatable: false }), { runs: 2, code: "UNAVAILABLE" });
	assert.deepEqual(await runsOf(answered("0A000"), { repeatable: false }), { runs: 2, code: "UNAVAILABLE" });
});

test("a connection lost during COMMIT is replaced only when repeating is safe", async () => {
	const lost = new Error("Connection terminated unexpectedly");
	assert.deepEqual(await runsOf(lost, { committing: true }), { runs: 2, code: "UNAVAILABLE" });
	assert.deepEqual(await runsOf(lost, { committing: true, repeatable: false }), { runs: 1, code: "UNAVAILABLE" });
});

test("a COMMIT that the server refused is not in doubt", async () => {
	const options = { committing: true, repeatable: false };
	assert.deepEqual(await runsOf(answered("40001"), options), { runs: 10, code: "UNAVAILABLE" });
});

test("what no repetition mends is told at once", async () => {
	assert.deepEqual(await runsOf(answered("53100")), { runs: 1, code: "FULL" });
	assert.deepEqual(await runsOf(answered("53300")), { runs: 1, code: "UNAVAILABLE" });
	assert.deepEqual(await runsOf(answered("57014")), { runs: 1, code: "UNAVAILABLE" });
	assert.deepEqual(await runsOf(answered("28P01")), { runs: 1, code: "UNAVAILABLE" });
	const mistake = answered("42P01");
	assert.deepEqual(await runsOf(mistake), { runs: 1, code: mistake });
});

test("what a command throws is not run again", async () => {
	let runs = 0;
	const run = async () => {
		runs++;
		throw new Error("no");
	};
	await assert.rejects(withRetries(run, { repeatable: true, random }), /^Error: no$/);
	assert.equal(runs, 1);
});
