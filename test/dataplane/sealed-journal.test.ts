import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { MasterKey } from "#/auth/master-key.ts";
import { sealedOutbox, sealedSnapshots } from "#/dataplane/sealed-journal.ts";
import type { Outbox, OutboxRow } from "#/metadata/outbox.ts";
import type { JournalRecord, Snapshots } from "#/metadata/snapshots.ts";

const rowOf = (seq: number, kind: string, body: string): OutboxRow => ({ seq, at: 1, store: "default", kind, body });
const ROWS = [
	rowOf(1, "user-put", '{"name":"alice","passwordHash":"$argon2id$hunter2"}'),
	rowOf(2, "robot-put", '{"name":"robot$ci","verifiers":[{"hash":"hunter2"}]}'),
	rowOf(3, "tag-moved", '{"tag":"latest"}'),
];

const unused = async (): Promise<never> => {
	throw new Error("not expected");
};

const outbox: Outbox = {
	unjournaled: async () => ROWS,
	lastSegment: unused,
	seal: unused,
	prune: unused,
	lease: unused,
};

const snapshotsInto = (restored: JournalRecord[]): Snapshots => ({
	export: async () => ({
		segment: 7,
		hash: "seven",
		records: (async function* () {
			yield* ROWS;
		})(),
	}),
	restore: async (records) => {
		restored.push(...records);
		return true;
	},
	adopt: unused,
});

const masterKey = new MasterKey(randomBytes(32));
const signal = new AbortController().signal;

describe("the sealed journal", () => {
	it("shows no password hash and no verifier, and leaves everything else readable", async () => {
		const rows = await sealedOutbox(outbox, masterKey).unjournaled(10, 1000);
		assert.ok(!JSON.stringify(rows).includes("hunter2"));
		assert.deepEqual(rows[2], ROWS[2]);
		assert.deepEqual(
			rows.map(({ seq, kind }) => [seq, kind]),
			ROWS.map(({ seq, kind }) => [seq, kind]),
		);
	});

	it("is opened again by the same master key, from journal and from snapshot", async () => {
		const restored: JournalRecord[] = [];
		const snapshots = sealedSnapshots(snapshotsInto(restored), masterKey);
		await snapshots.restore(await sealedOutbox(outbox, masterKey).unjournaled(10, 1000));
		const { segment, hash, records } = await snapshots.export("default", signal);
		const exported = await Array.fromAsync(records);
		assert.deepEqual([segment, hash], [7, "seven"]);
		assert.ok(!JSON.stringify(exported).includes("hunter2"));
		await snapshots.restore(exported);
		assert.deepEqual(restored, [...ROWS, ...ROWS]);
	});

	it("restores what was written before records were sealed", async () => {
		const restored: JournalRecord[] = [];
		await sealedSnapshots(snapshotsInto(restored), masterKey).restore(ROWS);
		assert.deepEqual(restored, ROWS);
	});

	it("tells which records another master key sealed, and restores the others", async () => {
		const restored: JournalRecord[] = [];
		const lost: string[] = [];
		const rows = await sealedOutbox(outbox, new MasterKey(randomBytes(32))).unjournaled(10, 1000);
		const snapshots = sealedSnapshots(snapshotsInto(restored), masterKey, ({ kind }, why) => {
			lost.push(`${kind} ${why.code}`);
		});
		await snapshots.restore(rows);
		assert.deepEqual(lost, ["user-put OTHER_KEY", "robot-put OTHER_KEY"]);
		assert.deepEqual(restored, [ROWS[2]]);
	});
});
