import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { NAMESPACES, type ResourceType, SECRETS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { readCredential } from "#/operator/robot-account/credential-secret.ts";
import { judgeWorld } from "../../support/operator-judge.ts";
import { furnish, put, secretOf } from "../../support/operator-operations.ts";
import { eventually, openWorld, type World } from "../../support/operator-world.ts";

const MAIN = { name: "main", namespace: "system" };

let world: World;

// The owner is team-a: a project, a robot, a Registry that nobody else may name. Whoever tries is team-b.
before(async () => {
	world = await openWorld({ speed: 20 });
	await furnish(world);
	await put(world, registryKind, "team-a/closed", { spec: {} });
	await put(world, projectKind, "team-a/web", {
		spec: { registryRef: MAIN, projectName: "web", members: [{ kind: "User", name: "alice", role: "admin" }] },
	});
	await put(world, robotAccountKind, "team-a/ci", robot(["web"]));
	await settled();
});

after(async () => {
	await settled();
	assert.deepEqual(world.watcher.faults, []);
	await world[Symbol.asyncDispose]();
});

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

const settled = (): Promise<void> => eventually(() => judgeWorld(world, { settled: false }));

const robot = (projects: readonly string[], more: object = {}) => ({
	spec: {
		registryRef: MAIN,
		permissions: projects.map((project) => ({ project, actions: ["pull"] })),
		...more,
	},
});

const find = async (type: ResourceType, key: string): Promise<KubeObject> => {
	const [namespace = "", name = ""] = key.split("/");
	const found = await world.user.find(type, { namespace, name }, soon());
	assert.ok(found, `${key} is not there`);
	return found;
};

/** The reason of a resource's Ready condition, once it speaks of the resource as it is. */
const reasonOf = async (type: ResourceType, key: string): Promise<string> => {
	await settled();
	return findCondition(conditionsOf(await find(type, key)), "Ready")?.reason ?? "";
};

/** All that a resource's status says, without times and with its own words for the names in it. */
const wordsOf = async (type: ResourceType, key: string, ...names: readonly string[]): Promise<unknown> => {
	const { status } = await find(type, key);
	const words = names.reduce((text, name) => text.replaceAll(name, "?"), JSON.stringify(status));
	return JSON.parse(words.replaceAll(/"[0-9-]+T[0-9:]+Z"/g, '"some time"'));
};

const grantsOf = async (name: string): Promise<readonly string[]> => {
	const found = await world.planes.find("system/main")?.metadata.identities.findRobot(name);
	return found?.permissions.map(({ project }) => project) ?? [];
};

test("a robot that names another tenant's project is refused in the words for one that does not exist", async () => {
	await put(world, robotAccountKind, "team-b/reads", robot(["web"]));
	await put(world, robotAccountKind, "team-b/guess", robot(["wob"]));
	assert.equal(await reasonOf(robotAccountKind, "team-b/reads"), "NotAllowed");
	assert.deepEqual(
		await wordsOf(robotAccountKind, "team-b/reads", "reads", "web"),
		await wordsOf(robotAccountKind, "team-b/guess", "guess", "wob"),
	);
	assert.deepEqual(await grantsOf("robot$team-b+reads"), []);
});

test("a pattern finds a tenant's own projects and those delegated to it, no others", async () => {
	await put(world, projectKind, "team-b/own", { spec: { registryRef: MAIN, projectName: "b-own" } });
	await put(world, projectKind, "team-a/lent", {
		spec: { registryRef: MAIN, projectName: "lent", delegateTo: { namespaces: ["team-b"] } },
	});
	await put(world, robotAccountKind, "team-b/all", robot(["*"]));
	assert.equal(await reasonOf(robotAccountKind, "team-b/all"), "Succeeded");
	assert.deepEqual(await grantsOf("robot$team-b+all"), ["b-own", "lent"]);
	await put(world, projectKind, "team-a/lent", { spec: { registryRef: MAIN, projectName: "lent" } });
	await settled();
	assert.deepEqual(await grantsOf("robot$team-b+all"), ["b-own"]);
});

test("a Registry that does not consent is refused in the words for one that does not exist", async () => {
	const at = (name: string) => ({ spec: { registryRef: { name, namespace: "team-a" } } });
	await put(world, projectKind, "team-b/in-closed", at("closed"));
	await put(world, projectKind, "team-b/in-nosuch", at("nosuch"));
	await put(world, robotAccountKind, "team-b/at-closed", at("closed"));
	await put(world, robotAccountKind, "team-b/at-nosuch", at("nosuch"));
	assert.equal(await reasonOf(projectKind, "team-b/in-closed"), "NotAllowed");
	assert.equal(await reasonOf(robotAccountKind, "team-b/at-closed"), "NotAllowed");
	assert.deepEqual(
		await wordsOf(projectKind, "team-b/in-closed", "closed"),
		await wordsOf(projectKind, "team-b/in-nosuch", "nosuch"),
	);
	assert.deepEqual(
		await wordsOf(robotAccountKind, "team-b/at-closed", "closed"),
		await wordsOf(robotAccountKind, "team-b/at-nosuch", "nosuch"),
	);
	const closed = world.planes.find("team-a/closed");
	assert.deepEqual((await closed?.control.observe({ cursor: 0, limit: 10 }, soon()))?.changes, []);
});

test("a project's name that is another's cannot be claimed, and nothing of it changes", async () => {
	const held = await world.planes.find("system/main")?.metadata.projects.find("web");
	await put(world, projectKind, "team-b/web", { spec: { registryRef: MAIN, visibility: "Public" } });
	assert.equal(await reasonOf(projectKind, "team-b/web"), "NameTaken");
	assert.equal(Object((await find(projectKind, "team-b/web")).status).url, undefined);
	assert.deepEqual(await world.planes.find("system/main")?.metadata.projects.find("web"), held);
	await put(world, robotAccountKind, "team-b/claims", robot(["web"]));
	await settled();
	assert.deepEqual(await grantsOf("robot$team-b+claims"), []);
});

test("a credential is copied to a namespace only where both sides want it", async () => {
	const copyTo = { namespaceSelector: {} };
	const isThere = async () =>
		(await world.user.find(SECRETS, { namespace: "team-b", name: "ci" }, soon())) !== undefined;
	// The namespace accepts; the robot sends nothing.
	await put(world, NAMESPACES, "team-b", {}, { labels: { tenant: "yes", "limani.dev/accept-from": "team-a" } });
	await settled();
	assert.equal(await isThere(), false);
	// The robot sends; the namespace accepts from somebody else.
	await put(world, NAMESPACES, "team-b", {}, { labels: { tenant: "yes", "limani.dev/accept-from": "team-c" } });
	await put(world, robotAccountKind, "team-a/ci", robot(["web"], { secret: { copyTo } }));
	await settled();
	assert.equal(await isThere(), false);
	await put(world, NAMESPACES, "team-b", {}, { labels: { tenant: "yes", "limani.dev/accept-from": "team-a" } });
	await settled();
	assert.equal(await isThere(), true);
	await put(world, NAMESPACES, "team-b", {}, { labels: { tenant: "yes" } });
	await settled();
	assert.equal(await isThere(), false);
	await put(world, robotAccountKind, "team-a/ci", robot(["web"]));
	await settled();
});

test("labels that call a Secret another's robot's bring nobody its credential", async () => {
	const { uid = "" } = (await find(robotAccountKind, "team-a/ci")).metadata;
	const labels = {
		"app.kubernetes.io/managed-by": "limani",
		"limani.dev/owner-uid": uid,
		"limani.dev/robot-account": "ci",
	};
	const credential = readCredential(await find(SECRETS, "team-a/ci"));
	assert.ok(credential);
	for (const name of ["ci", `limani-credential-${uid}`]) {
		await put(world, SECRETS, `team-b/${name}`, secretOf({ password: "y".repeat(43) }), { labels });
	}
	await settled();
	const { items } = await world.user.list(SECRETS, { namespace: "team-b", limit: 100 }, soon());
	assert.ok(!items.some((secret) => readCredential(secret) === credential));
	assert.equal(readCredential(await find(SECRETS, "team-a/ci")), credential);
	assert.equal(await reasonOf(robotAccountKind, "team-a/ci"), "Succeeded");
});

test("a Secret that is somebody's own is neither read nor overwritten by naming it", async () => {
	await put(world, SECRETS, "team-b/database", secretOf({ password: "z".repeat(43) }));
	const own = await find(SECRETS, "team-b/database");
	await put(world, robotAccountKind, "team-b/thief", robot([], { secret: { name: "database", type: "Opaque" } }));
	assert.equal(await reasonOf(robotAccountKind, "team-b/thief"), "NotOurs");
	assert.deepEqual((await find(SECRETS, "team-b/database")).data, own.data);
	const found = await world.planes.find("system/main")?.metadata.identities.findRobot("robot$team-b+thief");
	assert.deepEqual(found?.verifiers ?? [], []);
});

test("with a Registry's consent everything ends that stood on it, and with it everything comes back", async () => {
	await put(world, robotAccountKind, "team-b/own", robot(["b-own"]));
	assert.equal(await reasonOf(robotAccountKind, "team-b/own"), "Succeeded");
	const credential = readCredential(await find(SECRETS, "team-b/own"));
	await put(world, NAMESPACES, "team-b", {}, { labels: { tenant: "no" } });
	assert.equal(await reasonOf(robotAccountKind, "team-b/own"), "NotAllowed");
	assert.deepEqual(await grantsOf("robot$team-b+own"), []);
	await put(world, NAMESPACES, "team-b", {}, { labels: { tenant: "yes" } });
	assert.equal(await reasonOf(robotAccountKind, "team-b/own"), "Succeeded");
	assert.deepEqual(await grantsOf("robot$team-b+own"), ["b-own"]);
	assert.equal(readCredential(await find(SECRETS, "team-b/own")), credential);
});
