import assert from "node:assert/strict";
import { test } from "node:test";
import type { Control } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { Observations } from "#/operator/plane/observations.ts";
import { soon } from "../../conformance/control/bench.ts";

/** A data plane in which some resources changed in this order, and that may not answer at a cursor. */
const openPlane = (...uids: readonly string[]) => {
	const plane = {
		away: Number.NaN,
		observe: async ({ cursor, limit }: Parameters<Control["observe"]>[0]): ReturnType<Control["observe"]> => {
			if (cursor === plane.away) throw new ControlError("UNAVAILABLE", "the answer was lost");
			const changes = uids.slice(cursor, cursor + limit).map((uid, i) => ({
				cursor: cursor + i + 1,
				uid,
				kind: "RobotAccount" as const,
				generation: 1,
				ready: true,
				deleted: false,
				reason: "Applied",
				message: "",
				report: undefined,
			}));
			return { changes, cursor: changes.at(-1)?.cursor ?? cursor };
		},
	};
	return plane;
};

for (const how of ["read", "reread"] as const) {
	test(`what was seen before an answer was lost is told of by the next ${how}`, async () => {
		const plane = openPlane("a", "b");
		const observations = new Observations(plane);
		plane.away = 2;
		await assert.rejects(observations.read(soon()), ControlError);
		await assert.rejects(observations.read(soon()), ControlError);
		plane.away = Number.NaN;
		assert.deepEqual([...(await observations[how](soon()))].toSorted(), ["a", "b"]);
		assert.equal(observations.find("a")?.ready, true);
		assert.deepEqual([...(await observations.read(soon()))], [], "once");
	});
}
