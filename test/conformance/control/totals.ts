import assert from "node:assert/strict";
import { Bench } from "../metadata/bench.ts";
import { type ControlCase, Operator, project, soon } from "./bench.ts";

/** Everything that was touched so far is due. */
const due = (limit = 100) => ({ touchedBefore: Date.now() + 3_600_000_000, limit });

/** What collection took away, and what waits for it; what backups can give back. */
export const totalsCases: readonly ControlCase[] = [
	{
		name: "what the archive of backups can give back is told as it is, and nothing where there is none",
		run: async ({ control, archive }) => {
			assert.deepEqual(await control.archive({}, soon()), {});
			archive.standing = {};
			assert.deepEqual(await control.archive({}, soon()), { archive: {} });
			archive.standing = {
				firstRecoverabilityPoint: 1_000,
				lastSuccessfulBackup: { id: "20260101T000000Z-a", at: 2_000, finishedAt: 2_500 },
				shippedUntil: 3_000,
				away: "the archive does not answer",
			};
			assert.deepEqual(await control.archive({}, soon()), { archive: archive.standing });
			await assert.rejects(() => control.archive({}, AbortSignal.abort(new Error("gone"))), /gone/);
		},
	},
	{
		name: "what was collected is counted for good, and what nobody uses waits until then",
		run: async (harness) => {
			const operator = await Operator.begin(harness.control);
			const nothing = { objects: 0, bytes: 0 };
			const totals = () => harness.control.totals({}, soon());
			assert.deepEqual(await totals(), { reclaimed: nothing, waiting: { reviews: 0, ...nothing } });
			await operator.apply([project("uid-a", "a", { undoWindow: 0 })]);
			const bench = new Bench(harness.metadata);
			for (const text of ["used", "unused", "forsaken"]) await bench.push("a/x", text);
			await bench.put("a/x", { blobs: ["used"] });
			const before = await totals();
			assert.deepEqual(before, { reclaimed: nothing, waiting: { reviews: 3, objects: 2, bytes: 14 } });
			const { collection } = harness.metadata;
			await collection.collectLinks(due());
			assert.deepEqual(await totals(), { reclaimed: nothing, waiting: { reviews: 2, objects: 2, bytes: 14 } });
			await collection.collectBlobs(due(1));
			await collection.collectBlobs(due(1));
			const { reclaimed, waiting } = await totals();
			assert.deepEqual({ ...reclaimed, at: 0 }, { objects: 2, bytes: 14, at: 0 });
			assert.ok((reclaimed.at ?? 0) > Date.UTC(2025, 0));
			assert.deepEqual(waiting, { reviews: 0, objects: 2, bytes: 14 }, "their bytes are still to be deleted");
			await harness.reopen();
			assert.deepEqual((await totals()).reclaimed, reclaimed);
		},
	},
];
