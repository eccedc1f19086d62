import assert from "node:assert/strict";
import {
	type ControlCase,
	Operator,
	observed,
	observedOf,
	PASSWORD_HASH,
	project,
	reasons,
	robot,
	user,
} from "./bench.ts";

/** Changes, one chunk at a time. */
export const applyingCases: readonly ControlCase[] = [
	{
		name: "what is applied is what the registry has, with the defaults of what is not said",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			const permissions = [{ project: "al*", repositories: ["web/**"], actions: ["pull", "push"] }];
			const members = [{ kind: "User", name: "alice", role: "developer" }];
			await operator.apply([
				project("p1", "alpha"),
				project("p2", "beta", { visibility: "Public", sparseIndexes: true, members }),
				user("u1", "alice", { admin: true }),
				robot("r1", "robot$ci", { permissions, expiresAt: 4_102_444_800_000 }),
			]);
			const { id: _, ...alpha } = (await metadata.projects.find("alpha")) ?? { id: 0 };
			const defaults = { visibility: "Private", store: "default", sparseIndexes: false, members: [] };
			assert.deepEqual(alpha, { uid: "p1", name: "alpha", ...defaults });
			const { id: __, ...beta } = (await metadata.projects.find("beta")) ?? { id: 0 };
			const said = { visibility: "Public", store: "default", sparseIndexes: true, members };
			assert.deepEqual(beta, { uid: "p2", name: "beta", ...said });
			const alice = { uid: "u1", name: "alice", passwordHash: PASSWORD_HASH, admin: true, disabled: false };
			assert.deepEqual(await metadata.identities.findUser("alice"), alice);
			assert.deepEqual(await metadata.identities.findRobot("robot$ci"), {
				uid: "r1",
				name: "robot$ci",
				verifiers: [{ hash: "0".repeat(64) }],
				expiresAt: 4_102_444_800_000,
				disabled: false,
				permissions,
				trust: [],
			});
			for (const seen of await observed(control)) {
				const { ready, reason, generation, deleted } = seen;
				assert.deepEqual(
					{ ready, reason, generation, deleted },
					{ ready: true, reason: "Applied", generation: 1, deleted: false },
				);
			}
		},
	},
	{
		name: "a change of a resource replaces its spec, and is observed with its generation",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha", { visibility: "Public" }), user("u1", "alice", { admin: true })]);
			const id = (await metadata.projects.find("alpha"))?.id;
			await operator.apply([
				project("p1", "alpha", { sparseIndexes: true }, 7),
				user("u1", "alice", { disabled: true }, 3),
			]);
			const changed = await metadata.projects.find("alpha");
			assert.equal(changed?.id, id, "it is the same project, with its repositories");
			assert.equal(changed?.visibility, "Private");
			assert.equal(changed?.sparseIndexes, true);
			const alice = await metadata.identities.findUser("alice");
			assert.deepEqual([alice?.admin, alice?.disabled], [false, true]);
			assert.equal((await observedOf(control, "p1")).generation, 7);
			assert.equal((await observedOf(control, "u1")).generation, 3);
		},
	},
	{
		name: "the last change holds, whatever its generation, which the observation repeats",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha", {}, 5), user("u1", "alice", {}, 5)]);
			const seen = (await observed(control)).length;
			const public5 = [project("p1", "alpha", { visibility: "Public" }, 5), user("u1", "alice", { admin: true }, 5)];
			await operator.apply(public5);
			assert.equal((await metadata.projects.find("alpha"))?.visibility, "Public");
			assert.equal((await metadata.identities.findUser("alice"))?.admin, true);
			const again = await observed(control);
			assert.equal(again.length, seen, "each resource stands where it last changed");
			await operator.apply([project("p1", "alpha", { visibility: "Internal" }, 4), user("u1", "alice", {}, 4)]);
			assert.equal((await metadata.projects.find("alpha"))?.visibility, "Internal");
			assert.equal((await metadata.identities.findUser("alice"))?.admin, false);
			for (const uid of ["p1", "u1"]) assert.equal((await observedOf(control, uid)).generation, 4);
		},
	},
	{
		name: "what is deleted is gone for the registry, and so is what was never there",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha"), user("u1", "alice"), robot("r1", "robot$ci")]);
			await operator.apply([], ["p1", "u1", "r1", "unheard-of"]);
			assert.equal(await metadata.projects.find("alpha"), undefined);
			assert.equal(await metadata.identities.findUser("alice"), undefined);
			assert.equal(await metadata.identities.findRobot("robot$ci"), undefined);
			assert.deepEqual(await reasons(control), ["(p1)", "(r1)", "(u1)"]);
			await operator.apply([], ["p1"]);
			assert.deepEqual(await reasons(control), ["(p1)", "(r1)", "(u1)"]);
		},
	},
	{
		name: "a change on any other base is refused with the base there is, and does nothing",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha")]);
			const { base } = operator;
			for (const wrong of [base - 1, base + 1]) {
				operator.base = wrong;
				const outcome = await operator.tryApply([project("p2", "beta")], ["p1"]);
				assert.deepEqual(outcome, { refused: { reason: "base-mismatch", base } });
			}
			assert.deepEqual(await reasons(control), ["p1: Applied"]);
		},
	},
	{
		name: "a change that is sent again is refused by its base, and on the new one changes nothing",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			const upserts = [project("p1", "alpha"), user("u1", "alice"), robot("r1", "robot$ci")];
			const { base } = operator;
			await operator.apply(upserts, ["p9"]);
			const [id, seen, now] = [(await metadata.projects.find("alpha"))?.id, await observed(control), operator.base];
			operator.base = base;
			const again = await operator.tryApply(upserts, ["p9"]);
			assert.deepEqual(again, { refused: { reason: "base-mismatch", base: now } });
			operator.base = now;
			await operator.apply(upserts, ["p9"]);
			assert.deepEqual(await observed(control), seen);
			assert.equal((await metadata.projects.find("alpha"))?.id, id);
		},
	},
	{
		name: "a resource that was deleted comes back when it is applied again",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			const upserts = [project("p1", "alpha"), user("u1", "alice"), robot("r1", "robot$ci")];
			await operator.apply(upserts);
			const id = (await metadata.projects.find("alpha"))?.id;
			await operator.apply([], ["p1", "u1", "r1"]);
			await operator.apply(upserts);
			assert.equal((await metadata.projects.find("alpha"))?.id, id);
			assert.equal((await metadata.identities.findUser("alice"))?.uid, "u1");
			assert.equal((await metadata.identities.findRobot("robot$ci"))?.uid, "r1");
			assert.deepEqual(await reasons(control), ["p1: Applied", "r1: Applied", "u1: Applied"]);
		},
	},
	{
		name: "changes that are made on one base at once have one winner",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			const { base } = operator;
			const outcomes = await Promise.all(
				["a", "b", "c", "d"].map(async (name) => ({ name, outcome: await operator.tryApply([project(name, name)]) })),
			);
			const winners = outcomes.filter(({ outcome }) => "base" in outcome).map(({ name }) => name);
			assert.equal(winners.length, 1);
			assert.ok(operator.base > base);
			const found = await metadata.projects.list({ limit: 10 });
			assert.deepEqual(
				found.map(({ name }) => name),
				winners,
			);
		},
	},
];
