import assert from "node:assert/strict";
import { test } from "node:test";
import { SECRETS } from "#/kube/resource-type.ts";
import { openOperator } from "../operator-bench.ts";

type Fields = { readonly [field: string]: unknown };

const ACCEPTED = {
	auth: { serviceAccountTokens: {}, issuers: [{ url: "https://ci.example.org", audiences: ["ci"] }] },
};

/** A robot `ci` of a namespace, at the Registry system/main. */
const open = async (
	trust: readonly Fields[],
	{ namespace = "team-a", more = {}, registry = ACCEPTED as Fields } = {},
) => {
	const bench = await openOperator();
	bench.namespace("team-a");
	bench.namespace("team-b");
	bench.serve({ ...registry, allowedNamespaces: { names: ["team-a", "team-b"] } });
	const key = `${namespace}/ci`;
	const put = (changes: Fields = {}) =>
		bench.put("RobotAccount", key, {
			registryRef: { name: "main", namespace: "system" },
			permissions: [],
			secret: { type: "None" },
			trust,
			...more,
			...changes,
		});
	put();
	const subjects = async () => (await bench.robotAt(key))?.trust.map(({ subject }) => subject) ?? [];
	return Object.assign(bench, { key, change: put, subjects, said: () => bench.ready("RobotAccount", key) });
};

test("a robot that trusts a service account is ready without any Secret", async () => {
	await using bench = await open([
		{
			serviceAccounts: [{ name: "web" }, { name: "job-*" }],
			tokenLifetime: "2m",
			audience: "registry.example.org:5000",
		},
		{ issuer: "https://ci.example.org", subject: "repo:acme/*", claims: [{ name: "ref", value: "refs/tags/*" }] },
	]);
	await bench.settle();
	assert.match(bench.said(), /^Succeeded: whom it trusts may be it; it has no Secret/);
	assert.deepEqual((await bench.robotAt(bench.key))?.trust, [
		{
			issuer: "kubernetes",
			subject: "system:serviceaccount:team-a:web",
			audience: "registry.example.org:5000",
			claims: [],
			tokenLifetimeS: 120,
		},
		{
			issuer: "kubernetes",
			subject: "system:serviceaccount:team-a:job-*",
			audience: "registry.example.org:5000",
			claims: [],
			tokenLifetimeS: 120,
		},
		{
			issuer: "https://ci.example.org",
			subject: "repo:acme/*",
			claims: [{ name: "ref", value: "refs/tags/*" }],
		},
	]);
	assert.deepEqual(bench.kube.all(SECRETS), []);
	assert.deepEqual([bench.minted.length, (await bench.robotAt(bench.key))?.verifiers], [0, []]);
	const { secretRef, lastRotationTime, fullName } = Object(bench.get("RobotAccount", bench.key)?.status);
	assert.deepEqual([secretRef, lastRotationTime, fullName], [undefined, undefined, "robot$team-a+ci"]);
});

test("a robot that is to have no Secret any more loses it, and the credential with it; it may have one again", async () => {
	await using bench = await open([{ serviceAccounts: [{ name: "web" }] }], { more: { secret: {} } });
	await bench.settle();
	const held = bench.secretOf(bench.key);
	assert.ok(await bench.accepts(bench.key, held));
	assert.equal(bench.kube.all(SECRETS).length, 2);
	bench.change({ secret: { type: "None" } });
	await bench.until(() => bench.kube.all(SECRETS).length === 0 && bench.settled());
	assert.equal(await bench.accepts(bench.key, held), false);
	assert.deepEqual(await bench.subjects(), ["system:serviceaccount:team-a:web"]);
	bench.change({ secret: {} });
	await bench.until(() => bench.secretOf(bench.key) !== undefined && bench.settled());
	assert.ok(await bench.accepts(bench.key, bench.secretOf(bench.key)));
	assert.equal(await bench.accepts(bench.key, held), false);
});

test("somebody else's Secret under the name of a robot without one is nothing to it", async () => {
	await using bench = await open([{ serviceAccounts: [{ name: "web" }] }]);
	const theirs = { apiVersion: "v1", kind: "Secret", metadata: { name: "ci", namespace: "team-a" } };
	await bench.kube.create(SECRETS, theirs, {});
	await bench.settle();
	assert.match(bench.said(), /^Succeeded/);
	assert.ok(bench.kube.peek(SECRETS, { namespace: "team-a", name: "ci" }));
});

test("service accounts of another namespace are trusted as long as it accepts what comes from the robot's", async () => {
	await using bench = await open([{ serviceAccounts: [{ name: "web" }, { name: "job", namespace: "team-b" }] }]);
	await bench.until(() => bench.said().startsWith("NotAllowed"));
	assert.match(bench.said(), /namespace team-b does not say limani\.dev\/accept-from: team-a/);
	await bench.until(async () => (await bench.subjects()).length === 1);
	bench.namespace("team-b", { "limani.dev/accept-from": "team-a" });
	await bench.until(async () => (await bench.subjects()).length === 2 && bench.settled());
	assert.match(bench.said(), /^Succeeded/);
	bench.namespace("team-b", { "limani.dev/accept-from": "team-c" });
	await bench.until(async () => (await bench.subjects()).length === 1 && bench.said().startsWith("NotAllowed"));
});

test("patterns for namespaces are for the Registry's own namespace", async () => {
	const everything = [{ serviceAccounts: [{ name: "*", namespace: "*" }] }];
	await using bench = await open(everything);
	await bench.until(() => bench.said().startsWith("NotAllowed"));
	assert.match(bench.said(), /a pattern for namespaces is for the Registry's own namespace alone/);
	assert.deepEqual(await bench.subjects(), []);
	await using own = await open(everything, { namespace: "system" });
	await own.settle();
	assert.deepEqual(await own.subjects(), ["system:serviceaccount:*:*"]);
});

test("only issuers and audiences that the Registry accepts are trusted", async () => {
	const refused = async (trust: Fields, registry: Fields = ACCEPTED): Promise<string> => {
		await using bench = await open([trust], { registry });
		await bench.until(() => bench.said().startsWith("NotAllowed"));
		await bench.until(async () => (await bench.robotAt(bench.key)) !== undefined);
		assert.deepEqual(await bench.subjects(), []);
		return bench.said();
	};
	assert.match(await refused({ serviceAccounts: [{ name: "web" }] }, {}), /its auth\.serviceAccountTokens is not set/);
	const strange = { issuer: "https://elsewhere.example.org", subject: "x" };
	assert.match(
		await refused(strange),
		/no tokens of https:\/\/elsewhere\.example\.org: it is not among its auth\.issuers/,
	);
	const audience = { serviceAccounts: [{ name: "web" }], audience: "https://kubernetes.default.svc" };
	assert.match(await refused(audience), /does not accept the audience https:\/\/kubernetes\.default\.svc/);
});

test("a robot that is suspended trusts nobody, and its Registry's change of mind is noticed", async () => {
	await using bench = await open([{ serviceAccounts: [{ name: "web" }] }]);
	await bench.settle();
	bench.change({ suspend: true });
	await bench.until(async () => (await bench.subjects()).length === 0);
	bench.change({ suspend: false });
	await bench.until(async () => (await bench.subjects()).length === 1);
	bench.serve({ allowedNamespaces: { names: ["team-a"] } });
	await bench.until(async () => (await bench.subjects()).length === 0 && bench.said().startsWith("NotAllowed"));
});
