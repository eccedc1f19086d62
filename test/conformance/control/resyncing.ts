import assert from "node:assert/strict";
import { type ControlCase, Operator, observed, project, reasons, robot, user } from "./bench.ts";

/** The whole wanted state, in pages. */
export const resyncingCases: readonly ControlCase[] = [
	{
		name: "what no page named is deleted after the last page, and not before",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([
				project("p1", "alpha"),
				user("u1", "alice"),
				robot("r1", "robot$ci"),
				project("p2", "beta"),
			]);
			await operator.resync("s1", [project("p2", "beta", { visibility: "Public" }, 2)], false);
			await operator.resync("s1", [project("p3", "gamma")], false);
			assert.deepEqual(await reasons(control), [
				"p1: Applied",
				"p2: Applied",
				"p3: Applied",
				"r1: Applied",
				"u1: Applied",
			]);
			assert.equal((await metadata.projects.find("beta"))?.visibility, "Public");
			await operator.resync("s1", [user("u2", "bob")], true);
			assert.deepEqual(await reasons(control), ["(p1)", "p2: Applied", "p3: Applied", "(r1)", "(u1)", "u2: Applied"]);
			assert.equal(await metadata.projects.find("alpha"), undefined);
			assert.equal(await metadata.identities.findUser("alice"), undefined);
			assert.equal(await metadata.identities.findRobot("robot$ci"), undefined);
		},
	},
	{
		name: "an unfinished snapshot deletes nothing, whatever comes after it",
		run: async (harness) => {
			const operator = await Operator.begin(harness.control);
			await operator.apply([project("p1", "alpha"), project("p2", "beta")]);
			await operator.resync("s1", [project("p1", "alpha")], false);
			await harness.reopen();
			const next = await Operator.begin(harness.control);
			await next.apply([project("p3", "gamma")]);
			assert.deepEqual(await reasons(harness.control), ["p1: Applied", "p2: Applied", "p3: Applied"]);
		},
	},
	{
		name: "pages of an unfinished snapshot do not count for the next one",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			await operator.resync("s1", [project("p1", "alpha")], false);
			await operator.resync("s2", [project("p2", "beta")], true);
			assert.deepEqual(await reasons(control), ["(p1)", "p2: Applied"]);
		},
	},
	{
		name: "a snapshot of a fenced epoch goes no further, and its successor's is whole",
		run: async ({ control }) => {
			const first = await Operator.begin(control, "first");
			await first.apply([project("p1", "alpha"), project("p2", "beta")]);
			await first.resync("s1", [project("p1", "alpha")], false);
			const second = await Operator.begin(control, "second");
			await second.resync("s2", [project("p2", "beta")], false);
			assert.ok("refused" in (await first.tryResync("s1", [], true)));
			assert.deepEqual(await reasons(control), ["p1: Applied", "p2: Applied"]);
			await second.resync("s2", [project("p3", "gamma")], true);
			assert.deepEqual(await reasons(control), ["(p1)", "p2: Applied", "p3: Applied"]);
		},
	},
	{
		name: "a snapshot that another one overtook is refused rather than finished without its pages",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			await operator.resync("s1", [project("p1", "alpha")], false);
			await operator.resync("s2", [project("p2", "beta")], false);
			assert.ok("refused" in (await operator.tryResync("s1", [project("p3", "gamma")], true)));
			assert.deepEqual(await reasons(control), ["p1: Applied", "p2: Applied"]);
			await operator.resync("s2", [], true);
			assert.deepEqual(await reasons(control), ["(p1)", "p2: Applied"]);
		},
	},
	{
		name: "pages can be sent again, the last one too, without more being deleted",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			const page = [project("p1", "alpha"), user("u1", "alice")];
			await operator.resync("s1", page, false);
			await operator.resync("s1", page, false);
			await operator.resync("s1", [project("p2", "beta")], true);
			const seen = await observed(control);
			await operator.resync("s1", [project("p2", "beta")], true);
			assert.deepEqual(await observed(control), seen);
			await operator.apply([project("p3", "gamma")]);
			await operator.resync("s1", [project("p2", "beta")], true);
			assert.deepEqual(await reasons(control), ["p1: Applied", "p2: Applied", "p3: Applied", "u1: Applied"]);
		},
	},
	{
		name: "changes go on from the base that a snapshot left, and those made before it are refused",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			const { base } = operator;
			await operator.resync("s1", [project("p1", "alpha")], true);
			const left = operator.base;
			await operator.apply([project("p2", "beta")]);
			operator.base = base;
			assert.ok("refused" in (await operator.tryApply([], ["p1"])));
			assert.ok(operator.base < left);
			assert.deepEqual(await reasons(control), ["p1: Applied", "p2: Applied"]);
		},
	},
	{
		name: "a change that is applied while a snapshot is handed over outlives it",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			await operator.resync("s1", [project("p1", "alpha")], false);
			await operator.apply([project("p2", "beta")]);
			await operator.resync("s1", [], true);
			assert.deepEqual(await reasons(control), ["p1: Applied", "p2: Applied"]);
		},
	},
	{
		name: "an empty snapshot is a state too: everything is deleted",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha"), user("u1", "alice")]);
			await operator.resync("s1", [], true);
			assert.deepEqual(await reasons(control), ["(p1)", "(u1)"]);
			assert.deepEqual(await metadata.projects.list({ limit: 10 }), []);
		},
	},
	{
		name: "a snapshot of what there is already changes nothing",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			const resources = [project("p1", "alpha"), user("u1", "alice"), robot("r1", "robot$ci"), project("p2", "NO")];
			await operator.apply(resources);
			const seen = await observed(control);
			await operator.resync("s1", resources, true);
			assert.deepEqual(await observed(control), seen);
		},
	},
];
