import assert from "node:assert/strict";
import { type ControlCase, Operator, observed, project, soon, user } from "./bench.ts";

/** What became of it all. */
export const observingCases: readonly ControlCase[] = [
	{
		name: "pages of observations follow one another without a gap, each within its limit",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			const names = Array.from({ length: 7 }, (_, i) => `name-${i}`);
			await operator.apply(names.map((name) => project(name, name)));
			const whole = await control.observe({ cursor: 0, limit: 1_000 }, soon());
			assert.deepEqual(whole.changes.map(({ uid }) => uid).toSorted(), names);
			const cursors = whole.changes.map(({ cursor }) => cursor);
			assert.deepEqual(
				cursors,
				cursors.toSorted((a, b) => a - b),
			);
			assert.equal(new Set(cursors).size, 7);
			assert.equal(whole.cursor, cursors.at(-1));
			for (const limit of [1, 3, 7]) {
				let cursor = 0;
				const paged: unknown[] = [];
				for (let page = await control.observe({ cursor, limit }, soon()); page.changes.length > 0; ) {
					assert.ok(page.changes.length <= limit);
					assert.ok(page.cursor > cursor);
					paged.push(...page.changes);
					cursor = page.cursor;
					page = await control.observe({ cursor, limit }, soon());
				}
				assert.deepEqual(paged, whole.changes);
			}
		},
	},
	{
		name: "where nothing changed the page is empty and the cursor stays",
		run: async ({ control }) => {
			assert.deepEqual(await control.observe({ cursor: 0, limit: 5 }, soon()), { changes: [], cursor: 0 });
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha")]);
			const { cursor } = await control.observe({ cursor: 0, limit: 5 }, soon());
			assert.ok(cursor > 0);
			assert.deepEqual(await control.observe({ cursor, limit: 5 }, soon()), { changes: [], cursor });
			const beyond = Number.MAX_SAFE_INTEGER;
			assert.deepEqual(await control.observe({ cursor: beyond, limit: 5 }, soon()), { changes: [], cursor: beyond });
		},
	},
	{
		name: "a resource that changes is observed anew behind all others, and once",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha"), project("p2", "beta"), user("u1", "alice")]);
			const { cursor } = await control.observe({ cursor: 0, limit: 100 }, soon());
			await operator.apply([project("p1", "alpha", { visibility: "Public" }, 2)]);
			const news = await observed(control, cursor);
			assert.deepEqual(
				news.map(({ uid, generation }) => [uid, generation]),
				[["p1", 2]],
			);
			const all = (await observed(control)).map(({ uid }) => uid);
			assert.equal(all.at(-1), "p1");
			assert.deepEqual(all.toSorted(), ["p1", "p2", "u1"]);
		},
	},
	{
		name: "a deletion is observed, as not ready and with its cursor",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha", {}, 5), user("u1", "alice")]);
			const { cursor } = await control.observe({ cursor: 0, limit: 100 }, soon());
			await operator.apply([], ["p1"]);
			const [gone, ...more] = await observed(control, cursor);
			assert.deepEqual(more, []);
			assert.ok(gone !== undefined && gone.cursor > cursor);
			const { kind, uid, ready, deleted } = gone;
			assert.deepEqual({ kind, uid, ready, deleted }, { kind: "Project", uid: "p1", ready: false, deleted: true });
		},
	},
];
