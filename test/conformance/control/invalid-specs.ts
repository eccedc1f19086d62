import assert from "node:assert/strict";
import type { DesiredResource } from "#/control/control.ts";
import { type ControlCase, Operator, observedOf, project, reasons, robot, user } from "./bench.ts";

/** Specs that are not right, with the field, the value and the expectation that the message has to name. */
const wrong: readonly (readonly [resource: DesiredResource, ...named: RegExp[]])[] = [
	[{ kind: "Project", uid: "w1", generation: 4, spec: {} }, /name/, /nothing given/, /string/],
	[project("w2", "Alpha"), /name/, /"Alpha"/, /lower-case/],
	[project("w3", "a/b"), /name/, /"a\/b"/, /one .*component/],
	[project("w4", "_catalog"), /name/, /"_catalog"/],
	[project("w5", "x".repeat(254)), /name/, /xxx…/, /253/],
	[project("w6", "alpha", { visibility: "Secret" }), /visibility/, /"Secret"/, /"Private"\|"Internal"\|"Public"/],
	[project("w7", "alpha", { owner: "nobody" }), /owner/, /"nobody"/, /namespace\/name/],
	[
		project("w8", "alpha", { members: [{ kind: "User", name: "a", role: "boss" }] }),
		/members\[0\]\.role/,
		/"boss"/,
		/"admin"/,
	],
	[project("w9", "alpha", { quota: { storage: 1 } }), /quota/, /no such field/],
	[project("w10", "alpha", { sparseIndexes: "yes" }), /sparseIndexes/, /"yes"/, /boolean/],
	[user("w11", "robot$ci"), /name/, /"robot\$ci"/, /robots/],
	[user("w12", "a:b"), /name/, /"a:b"/, /colon/],
	[user("w13", "<token>"), /name/, /"<token>"/, /reserved/],
	[user("w14", "alice", { passwordHash: "plain text" }), /passwordHash/, /Argon2id/],
	[user("w15", "alice", { password: "plain text" }), /password: no such field/],
	[robot("w16", "ci"), /name/, /"ci"/, /robot\$/],
	[robot("w17", "robot$ci", { verifiers: [{ hash: "plain text" }] }), /verifiers\[0\]\.hash/, /64/],
	[robot("w18", "robot$ci", { verifiers: ["plain text"] }), /verifiers\[0\]/, /object/],
	[robot("w19", "robot$ci", { permissions: [{ project: "a", actions: ["fly"] }] }), /actions\[0\]/, /"fly"/, /"pull"/],
	[robot("w20", "robot$ci", { expiresAt: "soon" }), /expiresAt/, /"soon"/, /number|int/],
];

/** One wrong resource is its own trouble alone. */
export const invalidSpecCases: readonly ControlCase[] = [
	{
		name: "an invalid spec is observed with the field, the value and what was expected, and stops nothing else",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			const resources = wrong.map(([resource]) => resource);
			await operator.apply([user("u1", "bob"), ...resources, project("p1", "beta")]);
			for (const [{ uid, generation }, ...named] of wrong) {
				const seen = await observedOf(control, uid);
				assert.deepEqual(
					[seen.ready, seen.reason, seen.generation, seen.deleted],
					[false, "Invalid", generation, false],
				);
				for (const pattern of named) assert.match(seen.message, pattern);
				assert.doesNotMatch(seen.message, /plain text/);
			}
			assert.equal((await metadata.projects.find("beta"))?.uid, "p1");
			assert.equal((await metadata.identities.findUser("bob"))?.uid, "u1");
			assert.equal((await metadata.projects.list({ limit: 10 })).length, 1);
			assert.equal(await metadata.identities.findUser("alice"), undefined);
			assert.equal(await metadata.identities.findRobot("robot$ci"), undefined);
		},
	},
	{
		name: "invalid resources of a resynchronisation are observed, and named by it",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			await operator.resync("s1", [project("p1", "NO"), project("p2", "beta")], true);
			assert.deepEqual(await reasons(control), ["p1: Invalid", "p2: Applied"]);
			await operator.resync("s2", [project("p1", "NO")], true);
			assert.deepEqual(await reasons(control), ["p1: Invalid", "(p2)"]);
		},
	},
	{
		name: "what a resource had stays in force while its new spec is invalid, until one is right",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha", { visibility: "Public" }), user("u1", "alice", { admin: true })]);
			await operator.apply([project("p1", "alpha", { visibility: "Open" }, 2), user("u1", "alice", { admin: 1 }, 2)]);
			assert.deepEqual(await reasons(control), ["p1: Invalid", "u1: Invalid"]);
			assert.equal((await observedOf(control, "p1")).generation, 2);
			assert.equal((await metadata.projects.find("alpha"))?.visibility, "Public");
			assert.equal((await metadata.identities.findUser("alice"))?.admin, true);
			await operator.apply([project("p1", "alpha", { visibility: "Internal" }, 3), user("u1", "alice", {}, 3)]);
			assert.deepEqual(await reasons(control), ["p1: Applied", "u1: Applied"]);
			assert.equal((await metadata.projects.find("alpha"))?.visibility, "Internal");
			assert.equal((await metadata.identities.findUser("alice"))?.admin, false);
		},
	},
	{
		name: "a resource with an invalid spec is deleted with all that it had",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha"), user("u1", "alice")]);
			await operator.apply([project("p1", "NO", {}, 2), user("u1", "robot$no", {}, 2)]);
			await operator.apply([], ["p1", "u1"]);
			assert.equal(await metadata.projects.find("alpha"), undefined);
			assert.equal(await metadata.identities.findUser("alice"), undefined);
			assert.deepEqual(await reasons(control), ["(p1)", "(u1)"]);
		},
	},
	{
		name: "a project in a store that is not configured is observed as such, with the stores there are",
		run: async ({ control, metadata, stores }) => {
			const operator = await Operator.begin(control);
			await operator.apply([
				project("p1", "alpha", { store: "elsewhere" }),
				project("p2", "beta", { store: "second" }),
			]);
			const seen = await observedOf(control, "p1");
			assert.deepEqual([seen.ready, seen.reason], [false, "StoreUnknown"]);
			assert.match(seen.message, /store: got "elsewhere"/);
			for (const store of stores) assert.ok(seen.message.includes(JSON.stringify(store)), seen.message);
			assert.equal(await metadata.projects.find("alpha"), undefined);
			assert.equal((await metadata.projects.find("beta"))?.store, "second");
			await operator.apply([project("p1", "alpha", {}, 2), project("p2", "beta", { store: "elsewhere" }, 2)]);
			assert.deepEqual(await reasons(control), ["p1: Applied", "p2: StoreUnknown"]);
			assert.equal((await metadata.projects.find("beta"))?.store, "second");
		},
	},
	{
		name: "a project that cannot be had keeps no other from its name",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([
				project("p1", "alpha", { store: "elsewhere", owner: "a/a" }),
				user("u1", "alice", { admin: 1 }),
			]);
			await operator.apply([project("p2", "alpha", { owner: "b/b" }), user("u2", "alice")]);
			assert.deepEqual(await reasons(control), ["p1: StoreUnknown", "p2: Applied", "u1: Invalid", "u2: Applied"]);
			await operator.apply([], ["p1", "u1"]);
			assert.equal((await metadata.projects.find("alpha"))?.uid, "p2");
			assert.equal((await metadata.identities.findUser("alice"))?.uid, "u2");
		},
	},
];
