import assert from "node:assert/strict";
import { type ControlCase, Operator, observedOf, project, reasons, robot, user } from "./bench.ts";

/** What is controlled no more. */
export const releasingCases: readonly ControlCase[] = [
	{
		name: "a project that is released stays as it is, whatever later snapshots name",
		run: async (harness) => {
			const { control, metadata } = harness;
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha", { visibility: "Public" }), project("p2", "beta")]);
			const before = await metadata.projects.find("alpha");
			await operator.release("p1", "unheard-of");
			const { ready, reason, deleted, generation } = await observedOf(control, "p1");
			assert.deepEqual(
				{ ready, reason, deleted, generation },
				{ ready: false, reason: "Released", deleted: true, generation: 1 },
			);
			await operator.resync("s", [project("p2", "beta")], true);
			await operator.apply([], ["p1"]);
			await operator.release("p1");
			assert.deepEqual(await metadata.projects.find("alpha"), before);
			assert.equal((await observedOf(control, "p1")).reason, "Released");
			await harness.reopen();
			assert.deepEqual(await harness.metadata.projects.find("alpha"), before);
		},
	},
	{
		name: "a project that was released is its owner's, who claims it again with any uid",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha")]);
			const id = (await metadata.projects.find("alpha"))?.id;
			await operator.release("p1");
			await operator.apply([project("p2", "alpha", { owner: "other/alpha" })]);
			assert.equal((await observedOf(control, "p2")).reason, "NameTaken");
			await operator.apply([project("p3", "alpha", { visibility: "Public" })]);
			assert.deepEqual(await reasons(control), ["(p1)", "p2: NameTaken", "p3: Applied"]);
			const claimed = await metadata.projects.find("alpha");
			assert.deepEqual([claimed?.id, claimed?.uid, claimed?.visibility], [id, "p3", "Public"]);
			await operator.resync("s", [], true);
			assert.equal(await metadata.projects.find("alpha"), undefined, "it is controlled again");
		},
	},
	{
		name: "a project that was released is controlled again once its resource is applied again",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha")]);
			await operator.release("p1");
			await operator.apply([project("p1", "alpha")]);
			assert.deepEqual(await reasons(control), ["p1: Applied"]);
			await operator.apply([], ["p1"]);
			assert.equal(await metadata.projects.find("alpha"), undefined);
		},
	},
	{
		name: "users and robots that are released are deleted, and their names are free",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([user("u1", "alice"), user("u2", "alice"), robot("r1", "robot$ci")]);
			await operator.release("u1", "r1");
			assert.equal((await metadata.identities.findUser("alice"))?.uid, "u2");
			assert.equal(await metadata.identities.findRobot("robot$ci"), undefined);
			assert.deepEqual(await reasons(control), ["(r1)", "(u1)", "u2: Applied"]);
			assert.equal((await observedOf(control, "r1")).reason, "Released");
		},
	},
];
