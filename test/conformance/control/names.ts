import assert from "node:assert/strict";
import { type ControlCase, Operator, observedOf, project, reasons, robot, user } from "./bench.ts";

/** Names are claimed: the first has them. */
export const nameCases: readonly ControlCase[] = [
	{
		name: "the first to claim a project's name has it, and another owner is told so",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha", { owner: "a/alpha" })]);
			await operator.apply([project("p2", "alpha", { owner: "b/alpha", visibility: "Public" })]);
			const seen = await observedOf(control, "p2");
			assert.deepEqual([seen.ready, seen.reason], [false, "NameTaken"]);
			assert.match(seen.message, /alpha/);
			assert.doesNotMatch(seen.message, /a\/alpha|p1/, "who has it is nobody else's business");
			const { uid, visibility } = (await metadata.projects.find("alpha")) ?? {};
			assert.deepEqual([uid, visibility], ["p1", "Private"]);
			await operator.apply([], ["p2"]);
			assert.equal((await metadata.projects.find("alpha"))?.uid, "p1");
		},
	},
	{
		name: "of two claims in one change the first stands",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha", { owner: "a/a" }), project("p2", "alpha", { owner: "b/b" })]);
			await operator.apply([user("u1", "alice"), user("u2", "alice")]);
			assert.deepEqual(await reasons(control), ["p1: Applied", "p2: NameTaken", "u1: Applied", "u2: NameTaken"]);
			assert.equal((await metadata.projects.find("alpha"))?.uid, "p1");
		},
	},
	{
		name: "a deleted project's name stays reserved for its owner, who gets the same project back under a new uid",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha", { owner: "a/alpha" })]);
			const id = (await metadata.projects.find("alpha"))?.id;
			await operator.apply([], ["p1"]);
			await operator.apply([project("p2", "alpha", { owner: "b/alpha" })]);
			assert.equal((await observedOf(control, "p2")).reason, "NameTaken");
			assert.equal(await metadata.projects.find("alpha"), undefined);
			await operator.apply([project("p3", "alpha", { owner: "a/alpha" })]);
			const restored = await metadata.projects.find("alpha");
			assert.deepEqual([restored?.uid, restored?.id], ["p3", id]);
			assert.deepEqual(await reasons(control), ["(p1)", "p2: NameTaken", "p3: Applied"]);
		},
	},
	{
		name: "a resource that its owner made anew takes over its project, and the old uid cannot delete it",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha", { owner: "a/alpha" })]);
			const id = (await metadata.projects.find("alpha"))?.id;
			await operator.apply([project("p2", "alpha", { owner: "a/alpha" })]);
			assert.deepEqual(await reasons(control), ["(p1)", "p2: Applied"]);
			await operator.apply([], ["p1"]);
			const present = await metadata.projects.find("alpha");
			assert.deepEqual([present?.uid, present?.id], ["p2", id]);
		},
	},
	{
		name: "without an owner a project's name is reserved for its uid",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			const ownerless = (uid: string) => ({ ...project(uid, "alpha"), spec: { name: "alpha" } });
			await operator.apply([ownerless("p1")]);
			await operator.apply([ownerless("p2")], ["p1"]);
			assert.deepEqual(await reasons(control), ["(p1)", "p2: NameTaken"]);
			await operator.apply([ownerless("p1")]);
			assert.equal((await metadata.projects.find("alpha"))?.uid, "p1");
		},
	},
	{
		name: "a project's name cannot change",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha")]);
			await operator.apply([project("p1", "beta", {}, 2)]);
			const seen = await observedOf(control, "p1");
			assert.deepEqual([seen.ready, seen.reason, seen.generation], [false, "Invalid", 2]);
			assert.match(seen.message, /name.*alpha/);
			assert.equal((await metadata.projects.find("alpha"))?.uid, "p1");
			assert.equal(await metadata.projects.find("beta"), undefined);
		},
	},
	{
		name: "names of users and robots are free at once, and who waited for one gets it",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([user("u1", "alice"), robot("r1", "robot$ci")]);
			await operator.apply([user("u2", "alice", { admin: true }), user("u3", "alice"), robot("r2", "robot$ci")]);
			assert.deepEqual(await reasons(control), [
				"r1: Applied",
				"r2: NameTaken",
				"u1: Applied",
				"u2: NameTaken",
				"u3: NameTaken",
			]);
			await operator.apply([], ["u1", "r1"]);
			const after = ["(r1)", "r2: Applied", "(u1)", "u2: Applied", "u3: NameTaken"];
			assert.deepEqual(await reasons(control), after);
			const alice = await metadata.identities.findUser("alice");
			assert.deepEqual([alice?.uid, alice?.admin], ["u2", true]);
			assert.equal((await metadata.identities.findRobot("robot$ci"))?.uid, "r2");
		},
	},
	{
		name: "a name that one change frees can be claimed by that same change",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([user("u1", "alice"), robot("r1", "robot$ci")]);
			await operator.apply([user("u2", "alice"), robot("r2", "robot$ci")], ["u1", "r1"]);
			assert.deepEqual(await reasons(control), ["(r1)", "r2: Applied", "(u1)", "u2: Applied"]);
			assert.equal((await metadata.identities.findUser("alice"))?.uid, "u2");
		},
	},
	{
		name: "users can change their names, also into each other's freed ones",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([user("u1", "alice"), user("u2", "bob")]);
			await operator.apply([user("u2", "alice", {}, 2)]);
			assert.equal((await observedOf(control, "u2")).reason, "NameTaken");
			assert.equal((await metadata.identities.findUser("bob"))?.uid, "u2", "it keeps what it had");
			await operator.apply([user("u1", "carol", {}, 2)]);
			assert.deepEqual(await reasons(control), ["u1: Applied", "u2: Applied"]);
			assert.equal((await metadata.identities.findUser("alice"))?.uid, "u2");
			assert.equal((await metadata.identities.findUser("carol"))?.uid, "u1");
			assert.equal(await metadata.identities.findUser("bob"), undefined);
		},
	},
];
