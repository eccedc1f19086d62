import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Journal, readJournal, recordsOf } from "#/registry/journal/read-journal.ts";
import { parseStagedName } from "#/storage/staged-names.ts";
import { checkAll, settle } from "../crash-run.ts";
import type { RepositoryLedger } from "../push-ledger.ts";
import { BehindTheBack, bytesInBucket, openTestStore } from "../s3.ts";
import { type HaWorld, overlay, SETTLING } from "./world.ts";

/**
 * Ends all replicas, starts them so that they clear away what nobody will go on with, and checks that every stored byte
 * is known and right, the journal is one chain without a record twice, and that each replica serves what was
 * acknowledged.
 *
 * @throws Violation and AssertionError when something is wrong
 */
export const settleWorld = async (world: HaWorld, ledgers: readonly RepositoryLedger[]) => {
	const { replicas, endpoint, prefix } = world;
	await Promise.all(replicas.map((replica) => replica.terminate()));
	for (const replica of replicas) replica.config = overlay(replica.config, SETTLING);
	await Promise.all(replicas.map((replica) => replica.start()));
	const behind = new BehindTheBack(endpoint);
	try {
		// Where the store failed just then, staged bytes stay beside a finished object until that is deleted.
		const isFinished = (name: string): boolean => !parseStagedName(name).staged;
		await settle(replicas[0].dataDir, () => bytesInBucket(behind.client, prefix, isFinished));
	} finally {
		behind.client.destroy();
	}
	const journal = await checkJournal(world);
	const sums = await Promise.all(replicas.map(({ url }) => checkAll(url, ledgers)));
	return { ...sums[0], ...journal };
};

/** Another store of a world than its default one. */
export interface OtherStore {
	readonly name: string;
	readonly bucket: string;
	readonly prefix: string;
}

/** The journal is one chain, and no record is in two of its segments. @throws AssertionError */
export const checkJournal = async ({ endpoint, prefix }: HaWorld, other?: OtherStore) => {
	const { signal } = new AbortController();
	const { name, ...where } = other ?? { name: "default", prefix };
	await using store = await openTestStore(endpoint, where, { newId: randomUUID });
	const journal: Journal = await readJournal(name, store, signal);
	const lost = journal.ignored.filter(({ reason }) => reason !== "superseded");
	assert.deepEqual(lost, [], "segments of the journal that do not belong to its chain");
	const seen = new Set<string>();
	let records = 0;
	let arrived = 0;
	for await (const { at, kind, body } of recordsOf(journal, signal)) {
		records += 1;
		if (kind === "repository-arrived") arrived += 1;
		seen.add(`${at} ${kind} ${body}`);
	}
	assert.equal(seen.size, records, "a record is in the journal twice");
	return { segments: journal.chain.length, records, arrived };
};
