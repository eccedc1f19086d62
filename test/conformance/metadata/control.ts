import assert from "node:assert/strict";
import type { DesiredResource } from "#/metadata/control-state.ts";
import { type Bench, type MetadataCase, project } from "./bench.ts";

const passwordHash = `$argon2id$v=19$m=65536,t=3,p=4$${"a".repeat(22)}$${"b".repeat(43)}`;

const user = (uid: string, name: string, spec: object = {}): DesiredResource => ({
	kind: "User",
	uid,
	generation: 1,
	spec: { name, passwordHash, ...spec },
});

const robot = (uid: string, name: string, spec: object = {}): DesiredResource => ({
	kind: "RobotAccount",
	uid,
	generation: 1,
	spec: { name, verifiers: [{ hash: "0".repeat(64) }], ...spec },
});

/** What the control plane hands over. */
export const controlCases: readonly MetadataCase[] = [
	{
		name: "users and robots are found by name as they were applied",
		async run(bench) {
			const permissions = [{ project: "a", repositories: ["x/**"], actions: ["pull", "push"] }];
			const verifiers = [{ hash: "1".repeat(64), notAfter: 5 }, { hash: "2".repeat(64) }];
			await bench.apply([
				user("u1", "ann", { admin: true }),
				robot("r1", "robot$ci", { permissions, verifiers, expiresAt: 7, disabled: true }),
				robot("r2", "robot$plain"),
			]);
			const { identities } = bench.metadata;
			assert.deepEqual(await identities.findUser("ann"), {
				uid: "u1",
				name: "ann",
				passwordHash,
				admin: true,
				disabled: false,
			});
			assert.deepEqual(await identities.findRobot("robot$ci"), {
				uid: "r1",
				name: "robot$ci",
				verifiers,
				expiresAt: 7,
				disabled: true,
				permissions,
				trust: [],
			});
			assert.equal((await identities.findRobot("robot$plain"))?.expiresAt, undefined);
			assert.equal(await identities.findUser("robot$ci"), undefined);
			await bench.apply([{ ...user("u1", "anna"), generation: 2 }], ["r1", "nobody"]);
			assert.equal(await identities.findUser("ann"), undefined);
			assert.equal((await identities.findUser("anna"))?.admin, false);
			assert.equal(await identities.findRobot("robot$ci"), undefined);
		},
	},
	{
		name: "robots are found by where the service accounts are that they trust, until they trust them no more",
		async run(bench) {
			const account = (namespace: string, name = "web") => ({
				issuer: "kubernetes",
				subject: `system:serviceaccount:${namespace}:${name}`,
			});
			const everything = {
				...account("b", "ci-*"),
				audience: "registry.example.org",
				claims: [{ name: "ref", value: "refs/heads/*" }],
				tokenLifetimeS: 60,
			};
			const elsewhere = { issuer: "https://ci.example.org", subject: "system:serviceaccount:a:web" };
			await bench.apply([
				robot("r1", "robot$a+web", { trust: [account("a"), account("a", "api"), elsewhere] }),
				robot("r2", "robot$a+all", { trust: [account("*"), everything] }),
				robot("r3", "robot$a+else", { trust: [elsewhere] }),
				robot("r4", "robot$a+none"),
			]);
			const { identities } = bench.metadata;
			const namesAt = async (namespace: string) => (await identities.findTrusting(namespace)).map(({ name }) => name);
			assert.deepEqual(await namesAt("a"), ["robot$a+all", "robot$a+web"]);
			assert.deepEqual(await namesAt("b"), ["robot$a+all"]);
			assert.deepEqual(await namesAt(""), ["robot$a+all"]);
			assert.deepEqual((await identities.findTrusting("b"))[0]?.trust, [{ ...account("*"), claims: [] }, everything]);
			await bench.apply([{ ...robot("r2", "robot$a+all", { trust: [account("c")] }), generation: 2 }], ["r1"]);
			assert.deepEqual(await namesAt("a"), []);
			assert.deepEqual(await namesAt("c"), ["robot$a+all"]);
		},
	},
	{
		name: "a refresh token is good until it expires or its owner is deleted",
		async run(bench) {
			await bench.apply([user("u1", "ann")]);
			const { identities } = bench.metadata;
			const token = { hash: "h", principalKind: "user", principalUid: "u1", principal: "ann", service: "s" } as const;
			const forever = Date.now() + 1e9;
			await identities.putRefreshToken({ ...token, expiresAt: forever });
			await identities.putRefreshToken({ ...token, hash: "i", expiresAt: 1 });
			assert.deepEqual(await identities.findRefreshToken("h"), { ...token, expiresAt: forever });
			assert.equal(await identities.findRefreshToken("i"), undefined);
			await bench.apply([], ["u1"]);
			assert.equal(await identities.findRefreshToken("h"), undefined);
		},
	},
	{
		name: "a new epoch fences the old one, and a change on another base is refused",
		async run({ metadata: { controlState } }) {
			assert.deepEqual(await controlState.current(), { epoch: 0, base: 0 });
			const first = await controlState.begin("one");
			const second = await controlState.begin("two");
			assert.ok(second.epoch > first.epoch && first.epoch > 0);
			const change = { upserts: [project("a")], deletes: [] };
			assert.deepEqual(await controlState.apply({ ...first, ...change }), {
				refused: { reason: "stale-epoch", epoch: second.epoch },
			});
			assert.deepEqual(await controlState.apply({ epoch: second.epoch, base: 7, ...change }), {
				refused: { reason: "base-mismatch", base: 0 },
			});
			assert.deepEqual(await controlState.observe(0, 10), []);
			assert.deepEqual(await controlState.apply({ ...second, ...change }), { base: 1 });
			assert.deepEqual(await controlState.current(), { epoch: second.epoch, base: 1 });
			const page = { epoch: first.epoch, snapshot: "s", resources: [], last: true };
			assert.ok("refused" in (await controlState.resync(page)));
		},
	},
	{
		name: "the first owner of a name keeps it, others are not ready, and one who waits gets it when it is free",
		run: claimsNames,
	},
	{
		name: "a deleted project's name stays with its owner, who gets it back with another uid",
		async run(bench) {
			const owned = (uid: string, owner: string) => ({ ...project("a", { owner }), uid });
			await bench.apply([owned("p1", "ns/a")]);
			const digest = await bench.put("a/x", { tags: ["v"] });
			await bench.apply([], ["p1"]);
			await bench.apply([owned("p2", "other/a")]);
			assert.equal(await bench.metadata.projects.find("a"), undefined);
			await bench.apply([owned("p3", "ns/a")]);
			assert.equal((await bench.metadata.projects.find("a"))?.uid, "p3");
			assert.equal(await bench.tag("a/x", "v"), digest);
			// The former resource's deletion comes late.
			await bench.apply([owned("p4", "ns/a")]);
			await bench.apply([], ["p3"]);
			assert.equal((await bench.metadata.projects.find("a"))?.uid, "p4");
			const observed = await bench.metadata.controlState.observe(0, 10);
			assert.deepEqual(
				observed.map(({ uid, ready, reason, deleted }) => [uid, ready, reason, deleted]),
				[
					["p1", false, "Deleted", true],
					["p2", false, "NameTaken", false],
					["p3", false, "Superseded", true],
					["p4", true, "Applied", false],
				],
			);
		},
	},
	{
		name: "what was rejected is kept and observed, and what was in force before stays",
		async run(bench) {
			await bench.projects("a");
			const rejected = { reason: "StoreUnknown", message: "no store cold" };
			await bench.apply([{ ...project("a", { store: "cold" }), generation: 2, rejected }]);
			assert.equal((await bench.metadata.projects.find("a"))?.store, "default");
			const [seen] = await bench.metadata.controlState.observe(0, 10);
			assert.deepEqual(
				[seen?.generation, seen?.ready, seen?.reason, seen?.message],
				[2, false, ...Object.values(rejected)],
			);
			await bench.apply([
				{ ...project("a", { name: "b" }), generation: 3 },
				{ ...project("c"), spec: { name: "C" } },
			]);
			const reasons = (await bench.metadata.controlState.observe(0, 10)).map(({ uid, reason }) => [uid, reason]);
			assert.deepEqual(reasons, [
				["uid-a", "Invalid"],
				["uid-c", "Invalid"],
			]);
		},
	},
	{
		name: "observers see each change once, and none where nothing changed",
		async run(bench) {
			const { controlState, outbox } = bench.metadata;
			await bench.apply([project("a"), user("u", "ann"), robot("r", "robot$x")]);
			const all = await controlState.observe(0, 10);
			assert.deepEqual(
				all.map(({ uid }) => uid),
				["uid-a", "u", "r"],
			);
			assert.deepEqual(await controlState.observe(0, 2), all.slice(0, 2));
			const last = all.at(-1)?.cursor ?? 0;
			const records = await outbox.unjournaled(100, 1e6);
			await bench.apply([robot("r", "robot$x"), user("u", "ann"), project("a")]);
			assert.deepEqual(await controlState.observe(last, 10), []);
			assert.deepEqual(await outbox.unjournaled(100, 1e6), records);
			await bench.apply([], ["u"]);
			const [gone] = await controlState.observe(last, 10);
			assert.deepEqual([gone?.kind, gone?.uid, gone?.deleted, gone?.ready], ["User", "u", true, false]);
		},
	},
	{
		name: "a resync deletes what it does not name, at its last page and not before",
		run: resyncs,
	},
];

async function claimsNames(bench: Bench): Promise<void> {
	await bench.apply([
		project("a"),
		{ ...project("a"), uid: "p2" },
		user("u1", "ann"),
		user("u2", "ann"),
		user("u3", "ann"),
	]);
	const { controlState, identities, projects } = bench.metadata;
	const states = async () =>
		Object.fromEntries((await controlState.observe(0, 99)).map(({ uid, reason }) => [uid, reason]));
	const taken = { p2: "NameTaken", u2: "NameTaken", u3: "NameTaken" };
	assert.deepEqual(await states(), { ...taken, "uid-a": "Applied", u1: "Applied" });
	assert.equal((await projects.find("a"))?.uid, "uid-a");
	await bench.apply([], ["u1"]);
	assert.equal((await identities.findUser("ann"))?.uid, "u2");
	assert.deepEqual(await states(), { ...taken, "uid-a": "Applied", u1: "Deleted", u2: "Applied" });
	await bench.apply([{ ...user("u2", "eva"), generation: 2 }]);
	assert.equal((await identities.findUser("ann"))?.uid, "u3");
	// A name that one page frees can be had on the same page.
	await bench.apply([user("u4", "eva")], ["u2"]);
	assert.equal((await identities.findUser("eva"))?.uid, "u4");
}

async function resyncs({ metadata }: Bench): Promise<void> {
	const { controlState, projects } = metadata;
	const { epoch, base } = await controlState.begin("one");
	const first = await controlState.apply({
		epoch,
		base,
		upserts: [project("a"), project("b"), project("c")],
		deletes: [],
	});
	const page = (snapshot: string, names: string[], last: boolean) =>
		controlState.resync({ epoch, snapshot, resources: names.map((name) => project(name)), last });
	const names = async () => (await projects.list({ limit: 9 })).map(({ name }) => name);
	await page("s1", ["a", "d"], false);
	assert.deepEqual(await names(), ["a", "b", "c", "d"]);
	// Wanted while the snapshot was under way: it is not in it and must stay.
	const now = await controlState.current();
	await controlState.apply({ ...now, upserts: [project("e")], deletes: [] });
	const end = await page("s1", ["b"], true);
	assert.deepEqual(await names(), ["a", "b", "d", "e"]);
	assert.ok("base" in end && "base" in first && end.base > first.base);
	assert.deepEqual(await page("s1", ["b"], true), end, "the last page again");
	assert.deepEqual(await names(), ["a", "b", "d", "e"]);
	await page("s2", ["a"], false);
	await page("s3", ["b"], false);
	assert.ok("refused" in (await page("s2", ["d"], true)), "another snapshot began since");
	assert.deepEqual(await names(), ["a", "b", "d", "e"]);
	await page("s3", [], true);
	assert.deepEqual(await names(), ["b"]);
}
