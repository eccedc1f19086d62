/** What a tenant's policy tries with what is another's: each attempt, and what comes of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SECRETS } from "#/kube/resource-type.ts";
import { openOperator } from "../operator-bench.ts";

type Fields = { readonly [field: string]: unknown };
type Bench = Awaited<ReturnType<typeof openOperator>>;

const REGISTRY = { name: "main", namespace: "system" };
const RULES = [{ name: "none", keep: { latestPushed: 1 } }];
const POLICY = "team-b/tidy";

const tidy = (scope: Fields): Fields => ({ registryRef: REGISTRY, rules: RULES, ...scope });

/** Team A has a project `shop`; team B is allowed to use the registry too, team C is not. */
const open = async (shop: Fields = {}) => {
	const bench = await openOperator();
	for (const name of ["team-a", "team-b", "team-c"]) bench.namespace(name);
	bench.serve({ allowedNamespaces: { names: ["team-a", "team-b"] } });
	bench.put("Project", "team-a/shop", { registryRef: REGISTRY, ...shop });
	await bench.settle();
	return bench;
};

const put = (bench: Bench, key: string, scope: Fields) => bench.put("RetentionPolicy", key, tidy(scope));
const ready = (bench: Bench, key = POLICY) => bench.ready("RetentionPolicy", key);
const uidOf = (bench: Bench, key: string) => bench.get("Project", key)?.metadata.uid;
const projectsAt = async (bench: Bench, key = POLICY) =>
	Object((await bench.policyAt("RetentionPolicy", key))?.spec).projects;

test("a Project of another namespace is not told from one that does not exist, and nothing comes of naming it", async () => {
	await using bench = await open();
	put(bench, POLICY, { projectRefs: [{ name: "shop", namespace: "team-a" }] });
	put(bench, "team-b/blind", { projectRefs: [{ name: "shap", namespace: "team-a" }] });
	await bench.settle();
	assert.match(
		ready(bench),
		/^NotAllowed: .*Project team-a\/shop does not exist, or does not delegate to namespace team-b/,
	);
	assert.equal(ready(bench).replace("shop", "shap"), ready(bench, "team-b/blind"));
	assert.equal(await bench.policyAt("RetentionPolicy", POLICY), undefined);
});

test("a Project that delegates may be named, until it does so no more: the policy is held within one look", async () => {
	await using bench = await open({ delegateTo: { namespaces: ["team-b"] } });
	put(bench, POLICY, { projectRefs: [{ name: "shop", namespace: "team-a" }] });
	await bench.settle();
	assert.deepEqual(await projectsAt(bench), { uids: [uidOf(bench, "team-a/shop")] });
	bench.put("Project", "team-a/shop", { registryRef: REGISTRY });
	await bench.until(() => ready(bench).startsWith("NotAllowed"));
	await bench.until(async () => (await projectsAt(bench)).uids.length === 0);
	const spec = Object((await bench.policyAt("RetentionPolicy", POLICY))?.spec);
	assert.equal(spec.suspend, true);
});

test("names of projects are for policies of the Registry's own namespace alone", async () => {
	await using bench = await open();
	const projectNames = { matching: ["*"], excluding: [] };
	put(bench, POLICY, { projectNames });
	put(bench, "system/all", { projectNames });
	await bench.settle();
	assert.match(ready(bench), /^NotAllowed: .*spec\.projectNames is for policies of the Registry's own namespace/);
	assert.equal(await bench.policyAt("RetentionPolicy", POLICY), undefined);
	assert.equal(ready(bench, "system/all"), "Succeeded: in force for the projects *");
	assert.deepEqual(await projectsAt(bench, "system/all"), { names: projectNames });
});

test("from the Registry's own namespace Projects of others may be named one by one too", async () => {
	await using bench = await open();
	put(bench, "system/one", { projectRefs: [{ name: "shop", namespace: "team-a" }] });
	await bench.settle();
	assert.deepEqual(await projectsAt(bench, "system/one"), { uids: [uidOf(bench, "team-a/shop")] });
});

test("a Registry that did not consent is not used, and one that takes its consent back holds the policies", async () => {
	await using bench = await open();
	put(bench, "team-c/tidy", { projectRefs: [{ name: "mine" }] });
	bench.put("Project", "team-b/mine", { registryRef: REGISTRY });
	put(bench, POLICY, { projectRefs: [{ name: "mine" }] });
	await bench.settle();
	assert.match(
		ready(bench, "team-c/tidy"),
		/^NotAllowed: Registry system\/main does not exist, or its allowedNamespaces/,
	);
	assert.equal(ready(bench), "Succeeded: in force for 1 project");
	bench.serve({ allowedNamespaces: { names: ["team-a"] } });
	await bench.until(() => ready(bench).startsWith("NotAllowed"));
	await bench.until(async () => (await projectsAt(bench)).uids.length === 0);
	bench.serve({ allowedNamespaces: { names: ["team-a", "team-b"] } });
	await bench.until(() => ready(bench).startsWith("Succeeded"));
	assert.deepEqual(await projectsAt(bench), { uids: [uidOf(bench, "team-b/mine")] });
});

test("a Project that only wants a name which is another's is acted upon by nobody", async () => {
	await using bench = await open();
	bench.put("Project", "team-b/mine", { registryRef: REGISTRY, projectName: "shop" });
	put(bench, POLICY, { projectRefs: [{ name: "mine" }] });
	await bench.until(() => ready(bench).startsWith("DependencyNotReady"));
	assert.match(ready(bench), /Project team-b\/mine is not Ready$/);
	assert.equal(await bench.policyAt("RetentionPolicy", POLICY), undefined);
});

test("a Project of another Registry is refused", async () => {
	await using bench = await open();
	bench.put("Project", "team-b/far", { registryRef: { name: "other", namespace: "system" } });
	put(bench, POLICY, { projectRefs: [{ name: "far" }] });
	await bench.until(() => ready(bench).startsWith("NotAllowed"));
	assert.match(ready(bench), /Project team-b\/far is in another Registry$/);
});

test("Secrets and robots of other namespaces are out of a replication's reach", async () => {
	await using bench = await open();
	bench.put("Project", "team-b/mine", { registryRef: REGISTRY });
	const data = { username: "YQ==", password: "Yg==" };
	bench.kube.edit(SECRETS, { metadata: { namespace: "team-a", name: "login" }, data });
	bench.put("RobotAccount", "team-a/ci", {
		registryRef: REGISTRY,
		permissions: [{ project: "shop", actions: ["pull"] }],
	});
	const of = (source: Fields): Fields => ({ registryRef: REGISTRY, projectRefs: [{ name: "mine" }], source });
	const url = "https://far.example.org";
	bench.put("ReplicationPolicy", "team-b/secret", of({ url, credentialsSecretRef: { name: "login" } }));
	bench.put("ReplicationPolicy", "team-b/robot", of({ registryRef: REGISTRY, robotAccountRef: { name: "ci" } }));
	bench.put("RobotAccount", "team-b/own", { registryRef: REGISTRY, permissions: [] });
	const elsewhere = { registryRef: { name: "other", namespace: "system" }, robotAccountRef: { name: "own" } };
	bench.put("ReplicationPolicy", "team-b/elsewhere", of(elsewhere));
	const said = (name: string) => bench.ready("ReplicationPolicy", `team-b/${name}`);
	await bench.until(() => said("secret") !== "" && said("robot") !== "" && said("elsewhere") !== "");
	assert.match(said("secret"), /^DependencyNotReady: .*there is no Secret login in namespace team-b/);
	assert.match(said("robot"), /^DependencyNotReady: .*RobotAccount ci does not exist in namespace team-b/);
	await bench.until(() => /^NotAllowed: .*RobotAccount own is not of Registry system\/other/.test(said("elsewhere")));
	for (const name of ["secret", "robot", "elsewhere"]) {
		assert.equal(await bench.policyAt("ReplicationPolicy", `team-b/${name}`), undefined);
	}
});
