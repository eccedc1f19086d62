import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { robotVerifier } from "#/auth/robots.ts";
import { ControlError } from "#/control/control-error.ts";
import { applyLocalResources, type LocalResources, type LocalResourcesDeps } from "#/dataplane/local-resources.ts";
import { Operator, observed, project, reasons, soon } from "../conformance/control/bench.ts";
import { openControlPlane, openQuickState } from "../support/control-planes.ts";

const RESOURCES: LocalResources = {
	projects: [
		{ name: "library", visibility: "Public", store: "default", sparseIndexes: false, members: [] },
		{
			name: "team",
			visibility: "Private",
			store: "second",
			sparseIndexes: true,
			members: [{ kind: "User", name: "alice", role: "developer" }],
		},
	],
	users: [
		{ name: "alice", password: "correct horse", admin: false, disabled: false },
		{ name: "root", password: "battery staple", admin: true, disabled: false },
	],
	robots: [
		{
			name: "ci",
			secret: "0123456789abcdef",
			permissions: [{ project: "team", repositories: undefined, actions: ["pull", "push"] }],
		},
	],
};

/** A registry without an operator, which is told its resources, and how often it hashed a password for that. */
const openRegistry = async (context: TestContext, changes: Partial<LocalResourcesDeps> = {}) => {
	const harness = await openControlPlane(await openQuickState());
	context.after(() => harness[Symbol.asyncDispose]());
	let [hashes, ids] = [0, 0];
	const saltedHash = (password: string, salt: number) => {
		const digest = hash("sha256", `${salt} ${password}`, "base64").slice(0, 43);
		return `$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ${salt}$${digest}`;
	};
	const deps = (): LocalResourcesDeps => ({
		control: harness.control,
		metadata: harness.metadata,
		hashPassword: async (password) => saltedHash(password, ++hashes),
		verifyPassword: async (passwordHash, password) =>
			saltedHash(password, Number(/Q(\d+)\$/.exec(passwordHash)?.[1])) === passwordHash,
		robotVerifier,
		holder: "this process",
		newId: () => `snapshot ${++ids}`,
		...changes,
	});
	return {
		control: harness.control,
		metadata: harness.metadata,
		hashes: () => hashes,
		apply: (resources: LocalResources) => applyLocalResources(deps(), resources, soon()),
		epoch: async () => (await Operator.begin(harness.control)).epoch,
	};
};

test("the first start makes what the configuration names", async (context) => {
	const { apply, metadata } = await openRegistry(context);
	assert.deepEqual(await apply(RESOURCES), { outcome: "applied", failed: [] });
	const team = await metadata.projects.find("team");
	assert.deepEqual([team?.visibility, team?.store, team?.sparseIndexes], ["Private", "second", true]);
	assert.deepEqual(team?.members, [{ kind: "User", name: "alice", role: "developer" }]);
	assert.equal((await metadata.projects.find("library"))?.visibility, "Public");
	const root = await metadata.identities.findUser("root");
	assert.equal(root?.admin, true);
	assert.match(root?.passwordHash ?? "", /^\$argon2id\$/);
	const robot = await metadata.identities.findRobot("robot$ci");
	assert.deepEqual(robot?.verifiers, [{ hash: robotVerifier(robot?.uid ?? "", "0123456789abcdef") }]);
	assert.deepEqual(robot?.permissions, [{ project: "team", actions: ["pull", "push"] }]);
});

test("a restart with the same configuration writes nothing, and hashes no password anew", async (context) => {
	const { apply, control, hashes } = await openRegistry(context);
	await apply(RESOURCES);
	const [seen, { epoch }] = [await observed(control), await control.begin({ holder: "onlooker" }, soon())];
	assert.deepEqual(await apply(RESOURCES), { outcome: "unchanged", failed: [] });
	assert.deepEqual(await observed(control), seen);
	assert.equal(hashes(), 2);
	const { base } = await control.begin({ holder: "onlooker" }, soon());
	const change = { epoch: epoch + 1, base, upserts: [], deletes: [] };
	assert.ok("base" in (await control.apply(change, soon())), "nobody else began meanwhile");
});

test("a changed resource gets its next generation, and the others stay as they are", async (context) => {
	const { apply, control, metadata, hashes } = await openRegistry(context);
	await apply(RESOURCES);
	const before = await observed(control);
	const last = before.at(-1)?.cursor ?? 0;
	const [library, ...others] = RESOURCES.projects;
	assert.ok(library);
	const changed = { ...RESOURCES, projects: [{ ...library, visibility: "Internal" as const }, ...others] };
	assert.deepEqual(await apply(changed), { outcome: "applied", failed: [] });
	const news = await observed(control, last);
	assert.deepEqual(
		news.map(({ kind, generation, reason }) => [kind, generation, reason]),
		[["Project", 2, "Applied"]],
	);
	assert.equal((await metadata.projects.find("library"))?.visibility, "Internal");
	assert.equal(hashes(), 2);
});

/** One change each, and the kind of the one resource that it changes. */
const edits: readonly (readonly [does: string, kind: string, edit: (resources: LocalResources) => LocalResources])[] = [
	[
		"a project's members",
		"Project",
		(all) => ({ ...all, projects: all.projects.map((one) => ({ ...one, members: [] })) }),
	],
	[
		"a project's store",
		"Project",
		(all) => ({ ...all, projects: all.projects.map((one) => ({ ...one, store: "default" })) }),
	],
	[
		"a password",
		"User",
		(all) => ({
			...all,
			users: all.users.map((one) => (one.name === "root" ? { ...one, password: "another" } : one)),
		}),
	],
	["who is an administrator", "User", (all) => ({ ...all, users: all.users.map((one) => ({ ...one, admin: false })) })],
	[
		"who is disabled",
		"User",
		(all) => ({ ...all, users: all.users.map((one) => ({ ...one, disabled: one.name === "alice" })) }),
	],
	[
		"a robot's secret",
		"RobotAccount",
		(all) => ({ ...all, robots: all.robots.map((one) => ({ ...one, secret: "fedcba9876543210" })) }),
	],
	[
		"a robot's permissions",
		"RobotAccount",
		(all) => ({ ...all, robots: all.robots.map((one) => ({ ...one, permissions: [] })) }),
	],
];

for (const [does, kind, edit] of edits) {
	test(`a change of ${does} is applied, once`, async (context) => {
		const { apply, control } = await openRegistry(context);
		await apply(RESOURCES);
		const last = (await observed(control)).at(-1)?.cursor ?? 0;
		assert.deepEqual(await apply(edit(RESOURCES)), { outcome: "applied", failed: [] });
		assert.deepEqual(
			(await observed(control, last)).map((one) => [one.kind, one.generation]),
			[[kind, 2]],
		);
		assert.deepEqual(await apply(edit(RESOURCES)), { outcome: "unchanged", failed: [] });
	});
}

test("what the configuration no longer names is deleted, and comes back as it was when it is named again", async (context) => {
	const { apply, metadata } = await openRegistry(context);
	await apply(RESOURCES);
	const id = (await metadata.projects.find("team"))?.id;
	const nothing: LocalResources = { projects: [], users: [], robots: [] };
	assert.deepEqual(await apply(nothing), { outcome: "applied", failed: [] });
	assert.equal(await metadata.projects.find("team"), undefined);
	assert.equal(await metadata.identities.findUser("alice"), undefined);
	assert.equal(await metadata.identities.findRobot("robot$ci"), undefined);
	assert.deepEqual(await apply(nothing), { outcome: "unchanged", failed: [] });
	assert.deepEqual(await apply(RESOURCES), { outcome: "applied", failed: [] });
	assert.equal((await metadata.projects.find("team"))?.id, id);
	assert.ok(await metadata.identities.findUser("alice"));
});

test("what an operator wanted before gives way, but for names that are reserved for its owners", async (context) => {
	const { apply, control } = await openRegistry(context);
	const operator = await Operator.begin(control);
	await operator.apply([project("p1", "other"), project("p2", "team")]);
	const { outcome, failed } = await apply(RESOURCES);
	assert.equal(outcome, "applied");
	assert.deepEqual(
		failed.map(({ kind, name, reason }) => [kind, name, reason]),
		[["Project", "team", "NameTaken"]],
	);
	assert.deepEqual((await reasons(control)).filter((reason) => reason.startsWith("(")).length, 2);
});

test("a resource that cannot be had is told of at every start, and keeps no other from being applied", async (context) => {
	const { apply, metadata } = await openRegistry(context);
	const [library] = RESOURCES.projects;
	assert.ok(library);
	const projects = [library, { ...library, name: "lost", store: "elsewhere" }, { ...library, name: "NO" }];
	for (let start = 0; start < 2; start++) {
		const { outcome, failed } = await apply({ ...RESOURCES, projects });
		assert.equal(outcome, "applied");
		assert.deepEqual(
			failed.map(({ kind, name, reason }) => [kind, name, reason]),
			[
				["Project", "lost", "StoreUnknown"],
				["Project", "NO", "Invalid"],
			],
		);
		assert.match(failed[0]?.message ?? "", /"elsewhere".*"default"/);
		assert.match(failed[1]?.message ?? "", /"NO"/);
	}
	assert.ok(await metadata.projects.find("library"));
	assert.ok(await metadata.identities.findUser("alice"));
});

test("a name that stands twice is refused before anything is written", async (context) => {
	const { apply, control } = await openRegistry(context);
	const [alice] = RESOURCES.users;
	assert.ok(alice);
	await assert.rejects(apply({ ...RESOURCES, users: [alice, { ...alice, password: "another" }] }), (error: unknown) => {
		assert.ok(error instanceof ControlError);
		assert.equal(error.code, "INVALID");
		assert.match(error.message, /the User "alice" twice/);
		return true;
	});
	assert.deepEqual(await observed(control), []);
});

test("a process that is overtaken while it hands over stands back", async (context) => {
	const { control, metadata, apply } = await openRegistry(context);
	const overtaken: LocalResourcesDeps = {
		control: {
			begin: async (...args) => {
				const begun = await control.begin(...args);
				await apply(RESOURCES);
				return begun;
			},
			apply: (...args) => control.apply(...args),
			resync: (...args) => control.resync(...args),
			observe: (...args) => control.observe(...args),
			usage: (...args) => control.usage(...args),
			totals: (...args) => control.totals(...args),
			archive: (...args) => control.archive(...args),
			explain: (...args) => control.explain(...args),
			history: (...args) => control.history(...args),
			restore: (...args) => control.restore(...args),
			run: (...args) => control.run(...args),
		},
		metadata,
		hashPassword: async () => `$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$${"A".repeat(43)}`,
		verifyPassword: async () => false,
		robotVerifier,
		holder: "the slower process",
		newId: () => "another snapshot",
	};
	const nothing: LocalResources = { projects: [], users: RESOURCES.users, robots: [] };
	assert.deepEqual(await applyLocalResources(overtaken, nothing, soon()), { outcome: "overtaken", failed: [] });
	assert.ok(await metadata.projects.find("library"), "the word of the one that overtook it holds");
});
