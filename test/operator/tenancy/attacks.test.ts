/** What a tenant's namespace tries with what is another's: each attempt, and what comes of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SECRETS } from "#/kube/resource-type.ts";
import { openOperator } from "../operator-bench.ts";

type Fields = { readonly [field: string]: unknown };

const REGISTRY = { name: "main", namespace: "system" };
const ROBOT = "team-b/spy";

const robotOf = (projects: readonly string[], more: Fields = {}): Fields => ({
	registryRef: REGISTRY,
	permissions: projects.map((project) => ({ project, actions: ["pull", "push", "delete"] })),
	...more,
});

/** Team A has a project `shop` and a robot; team B is allowed to use the registry too. */
const open = async (shop: Fields = {}) => {
	const bench = await openOperator();
	for (const name of ["team-a", "team-b", "team-c"]) bench.namespace(name);
	bench.serve({ allowedNamespaces: { names: ["team-a", "team-b"] } });
	bench.put("Project", "team-a/shop", { registryRef: REGISTRY, ...shop });
	bench.put("RobotAccount", "team-a/ci", robotOf(["shop"]));
	await bench.settle();
	return bench;
};

test("to name another's project gives nothing, and the status does not tell whether there is one", async () => {
	await using bench = await open();
	bench.put("RobotAccount", ROBOT, robotOf(["shop"]));
	bench.put("RobotAccount", "team-b/blind", robotOf(["shap"]));
	await bench.settle();
	assert.deepEqual(await bench.grantsOf(ROBOT), []);
	const said = [bench.ready("RobotAccount", ROBOT), bench.ready("RobotAccount", "team-b/blind")];
	assert.match(said[0] ?? "", /^NotAllowed/);
	assert.equal(said[0]?.replace("shop", "shap"), said[1]);
});

test("patterns reach nothing of others, now or when something new appears", async () => {
	await using bench = await open();
	bench.put("RobotAccount", ROBOT, robotOf(["*", "s*", "sh?p"]));
	await bench.settle();
	assert.deepEqual(await bench.grantsOf(ROBOT), []);
	bench.put("Project", "team-a/shelf", { registryRef: REGISTRY });
	bench.put("Project", "team-b/shed", { registryRef: REGISTRY });
	await bench.until(async () => (await bench.grantsOf(ROBOT)).length > 0);
	await bench.settle();
	assert.deepEqual(new Set(await bench.grantsOf(ROBOT)), new Set(["shed"]));
});

test("to claim another's name with a Project of one's own opens nothing", async () => {
	await using bench = await open();
	bench.put("Project", "team-b/mine", { registryRef: REGISTRY, projectName: "shop", visibility: "Public" });
	bench.put("RobotAccount", ROBOT, robotOf(["shop"]));
	await bench.until(() => bench.ready("Project", "team-b/mine").startsWith("NameTaken"));
	await bench.until(() => bench.ready("RobotAccount", ROBOT).startsWith("DependencyNotReady"));
	assert.deepEqual(await bench.grantsOf(ROBOT), []);
	assert.equal((await bench.plane.metadata.projects.find("shop"))?.visibility, "Private");
});

test("a Project that claims a free name before its first owner's comes back gets none of what that one had", async () => {
	await using bench = await open();
	await bench.remove("Project", "team-a/shop");
	await bench.until(() => bench.get("Project", "team-a/shop") === undefined);
	bench.put("Project", "team-b/mine", { registryRef: REGISTRY, projectName: "shop" });
	await bench.until(() => bench.ready("Project", "team-b/mine").startsWith("NameTaken"));
	assert.deepEqual(await bench.grantsOf("team-a/ci"), [], "who had it by the Project has it no longer");
});

test("a Registry that did not consent is not used, and not told from one that does not exist", async () => {
	await using bench = await open();
	bench.put("RobotAccount", "team-c/spy", robotOf(["*"]));
	bench.put("Project", "team-c/mine", { registryRef: REGISTRY });
	bench.put("Project", "team-c/blind", { registryRef: { name: "none", namespace: "system" } });
	await bench.settle();
	assert.match(bench.ready("RobotAccount", "team-c/spy"), /^NotAllowed/);
	assert.equal(await bench.robotAt("team-c/spy"), undefined);
	assert.equal(bench.secretOf("team-c/spy"), undefined);
	const [mine, blind] = [bench.ready("Project", "team-c/mine"), bench.ready("Project", "team-c/blind")];
	assert.equal(mine.replace("main", "none"), blind);
	assert.equal(await bench.plane.metadata.projects.find("mine"), undefined);
});

test("consent that is taken back takes what came of it", async () => {
	await using bench = await open();
	const secret = bench.secretOf("team-a/ci");
	assert.ok(await bench.accepts("team-a/ci", secret));
	bench.serve({ allowedNamespaces: { names: ["team-b"] } });
	await bench.until(async () => !(await bench.accepts("team-a/ci", secret)));
	assert.deepEqual(await bench.grantsOf("team-a/ci"), []);
	bench.serve({ allowedNamespaces: { names: ["team-a", "team-b"] } });
	await bench.until(() => bench.accepts("team-a/ci", secret));
});

test("a delegation gives and, taken back, takes", async () => {
	await using bench = await open({ delegateTo: { namespaces: ["team-b"] } });
	bench.put("RobotAccount", ROBOT, robotOf(["shop"]));
	await bench.settle();
	assert.deepEqual(await bench.grantsOf(ROBOT), ["shop"]);
	bench.put("Project", "team-a/shop", { registryRef: REGISTRY });
	await bench.until(async () => (await bench.grantsOf(ROBOT)).length === 0);
	assert.deepEqual(await bench.grantsOf("team-a/ci"), ["shop"]);
});

test("a delegation ends with the Registry's consent to the one who delegates", async () => {
	await using bench = await open({ delegateTo: { namespaces: ["team-b"] } });
	bench.put("RobotAccount", ROBOT, robotOf(["*"]));
	await bench.settle();
	assert.deepEqual(await bench.grantsOf(ROBOT), ["shop"]);
	bench.serve({ allowedNamespaces: { names: ["team-b"] } });
	await bench.until(async () => (await bench.grantsOf(ROBOT)).length === 0);
});

test("a permission that is removed is revoked, and the credential stays", async () => {
	await using bench = await open();
	const secret = bench.secretOf("team-a/ci");
	bench.put("RobotAccount", "team-a/ci", robotOf([]));
	await bench.until(async () => (await bench.grantsOf("team-a/ci")).length === 0);
	await bench.settle();
	assert.equal(bench.secretOf("team-a/ci"), secret);
});

test("the Registry's own namespace names what it likes", async () => {
	await using bench = await open();
	bench.put("RobotAccount", "system/all", robotOf(["*", "shop"]));
	await bench.settle();
	assert.deepEqual(await bench.grantsOf("system/all"), ["*", "shop"]);
});

test("robots of two namespaces with names that run together are two", async () => {
	await using bench = await open();
	bench.namespace("team");
	bench.serve({ allowedNamespaces: { selector: {} } });
	bench.put("RobotAccount", "team/a-x", robotOf([]));
	bench.put("RobotAccount", "team-a/x", robotOf([]));
	await bench.settle();
	const robots = [await bench.robotAt("team/a-x"), await bench.robotAt("team-a/x")];
	assert.deepEqual(
		robots.map((robot) => robot?.name),
		["robot$team+a-x", "robot$team-a+x"],
	);
	assert.ok(!(await bench.accepts("team/a-x", bench.secretOf("team-a/x"))));
});

test("a copy goes into no namespace that did not ask for it, whatever is selected", async () => {
	await using bench = await open();
	bench.namespace("kube-system");
	bench.namespace("open", { "limani.dev/accept-from": "team-a" });
	bench.put("RobotAccount", ROBOT, robotOf([], { secret: { copyTo: { namespaceSelector: {} } } }));
	await bench.settle();
	const held = bench.kube.all(SECRETS).map(({ metadata }) => metadata.namespace);
	assert.deepEqual(new Set(held), new Set(["team-a", "team-b"]));
});

test("a copy does not overwrite what somebody else has under its name, nor what pretends to be ours", async () => {
	await using bench = await open();
	bench.namespace("apps", { "limani.dev/accept-from": "team-b" });
	const labels = { "app.kubernetes.io/managed-by": "limani", "limani.dev/owner-uid": "another" };
	const theirs = { metadata: { namespace: "apps", name: "spy", labels }, data: { mine: "bWluZQ==" } };
	bench.kube.edit(SECRETS, theirs);
	bench.put("RobotAccount", ROBOT, robotOf([], { secret: { copyTo: { namespaceSelector: {} } } }));
	await bench.until(() => bench.ready("RobotAccount", ROBOT).startsWith("NotOurs"));
	assert.deepEqual(bench.kube.peek(SECRETS, { namespace: "apps", name: "spy" })?.data, theirs.data);
	await bench.remove("RobotAccount", ROBOT);
	await bench.until(() => bench.get("RobotAccount", ROBOT) === undefined);
	assert.ok(bench.kube.peek(SECRETS, { namespace: "apps", name: "spy" }) !== undefined);
});

test("somebody else's Secret is not taken for the robot's by a label", async () => {
	await using bench = await open();
	const robot = bench.get("RobotAccount", "team-a/ci");
	const labels = { "app.kubernetes.io/managed-by": "limani", "limani.dev/owner-uid": robot?.metadata.uid ?? "" };
	const planted = { username: "eA==", password: Buffer.from("x".repeat(43)).toString("base64") };
	bench.kube.edit(SECRETS, { metadata: { namespace: "team-b", name: "ci", labels }, type: "Opaque", data: planted });
	const held = bench.secretOf("team-a/ci");
	await bench.settle();
	assert.equal(bench.secretOf("team-a/ci"), held);
	assert.ok(!(await bench.accepts("team-a/ci", "x".repeat(43))));
	assert.equal(
		bench.kube.peek(SECRETS, { namespace: "team-b", name: "ci" }),
		undefined,
		"it says it is a copy to undo",
	);
});
