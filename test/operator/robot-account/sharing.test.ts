import assert from "node:assert/strict";
import { test } from "node:test";
import { SECRETS, SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import { openOperator } from "../operator-bench.ts";

type Fields = { readonly [field: string]: unknown };

const KEY = "system/ci";
const ACCEPTS = { "limani.dev/accept-from": "system" };

const specOf = (secret: Fields): Fields => ({ registryRef: { name: "main" }, secret });

const everywhere = { copyTo: { namespaceSelector: {} } };

const open = async () => {
	const bench = await openOperator();
	bench.serve();
	return {
		...bench,
		account: (namespace: string, name: string, more: Fields = {}) =>
			bench.kube.edit(SERVICE_ACCOUNTS, { metadata: { namespace, name }, ...more }),
		pullSecrets: (namespace: string, name: string): readonly string[] => {
			const found = bench.kube.peek(SERVICE_ACCOUNTS, { namespace, name })?.imagePullSecrets;
			return Array.isArray(found) ? found.map((one) => one.name) : [];
		},
	};
};

test("namespaces that accept get a copy, which follows a rotation and goes with the consent", async () => {
	await using bench = await open();
	bench.namespace("apps", ACCEPTS);
	bench.namespace("other");
	bench.put("RobotAccount", KEY, specOf(everywhere));
	await bench.settle();
	assert.equal(bench.secretOf("apps/ci"), bench.secretOf(KEY));
	assert.equal(bench.kube.peek(SECRETS, { namespace: "apps", name: "ci" })?.metadata.ownerReferences, undefined);
	assert.equal(Object(bench.get("RobotAccount", KEY)?.status).copies, 1);
	const annotations = { "limani.dev/requestedAt": "1", "limani.dev/forceAt": "1" };
	bench.put("RobotAccount", KEY, specOf(everywhere), { annotations });
	await bench.until(() => bench.minted.length === 2 && bench.secretOf("apps/ci") === bench.minted[1]);
	bench.namespace("other", ACCEPTS);
	bench.namespace("apps", { "limani.dev/accept-from": "somebody-else" });
	await bench.until(() => bench.secretOf("apps/ci") === undefined && bench.secretOf("other/ci") !== undefined);
});

test("a copy that was deleted or edited is put back", async () => {
	await using bench = await open();
	bench.namespace("apps", ACCEPTS);
	bench.put("RobotAccount", KEY, specOf(everywhere));
	await bench.settle();
	await bench.kube.delete(SECRETS, { namespace: "apps", name: "ci" });
	await bench.until(() => bench.secretOf("apps/ci") === bench.secretOf(KEY));
	const copy = bench.kube.peek(SECRETS, { namespace: "apps", name: "ci" });
	assert.ok(copy !== undefined);
	bench.kube.edit(SECRETS, { ...copy, data: { ".dockerconfigjson": "e30=" } });
	await bench.until(() => bench.secretOf("apps/ci") === bench.secretOf(KEY));
	assert.equal(bench.minted.length, 1);
});

test("copies go with the robot", async () => {
	await using bench = await open();
	bench.namespace("apps", ACCEPTS);
	bench.put("RobotAccount", KEY, specOf(everywhere));
	await bench.settle();
	await bench.remove("RobotAccount", KEY);
	await bench.until(() => bench.get("RobotAccount", KEY) === undefined);
	assert.deepEqual(bench.kube.all(SECRETS), []);
});

test("a copy that no cache has heard of goes with the robot too", async () => {
	await using bench = await open();
	bench.namespace("apps", ACCEPTS);
	bench.put("RobotAccount", KEY, specOf(everywhere));
	await bench.settle();
	const copy = bench.kube.peek(SECRETS, { namespace: "apps", name: "ci" });
	assert.ok(copy !== undefined);
	await bench.remove("RobotAccount", KEY);
	bench.kube.deliver();
	bench.stores.secrets.remove(copy);
	await bench.until(() => bench.get("RobotAccount", KEY) === undefined);
	assert.deepEqual(bench.kube.all(SECRETS), []);
});

test("service accounts pull with the Secret, beside what others gave them, until they are no longer named", async () => {
	await using bench = await open();
	bench.namespace("apps", ACCEPTS);
	bench.account("system", "default", { imagePullSecrets: [{ name: "theirs" }] });
	bench.account("apps", "default");
	const attachTo = { serviceAccounts: ["default"] };
	bench.put("RobotAccount", KEY, specOf({ ...everywhere, attachTo }));
	bench.put("RobotAccount", "system/second", specOf({ attachTo }));
	await bench.until(() => bench.pullSecrets("apps", "default").length === 1);
	await bench.until(() => bench.pullSecrets("system", "default").length === 3);
	assert.deepEqual(bench.pullSecrets("system", "default").toSorted(), ["ci", "second", "theirs"]);
	assert.deepEqual(bench.pullSecrets("apps", "default"), ["ci"]);
	bench.put("RobotAccount", KEY, specOf(everywhere));
	await bench.until(() => !bench.pullSecrets("system", "default").includes("ci"));
	await bench.settle();
	assert.deepEqual(bench.pullSecrets("system", "default"), ["theirs", "second"]);
	assert.deepEqual(bench.pullSecrets("apps", "default"), []);
	await bench.remove("RobotAccount", "system/second");
	await bench.until(() => bench.get("RobotAccount", "system/second") === undefined);
	assert.deepEqual(bench.pullSecrets("system", "default"), ["theirs"]);
	assert.deepEqual(
		bench.kube.peek(SERVICE_ACCOUNTS, { namespace: "system", name: "default" })?.metadata.annotations,
		{},
	);
});

test("a Secret of the robot's that somebody else put into a service account stays when the robot lets go of it", async () => {
	await using bench = await open();
	bench.account("system", "default", { imagePullSecrets: [{ name: "ci" }] });
	bench.put("RobotAccount", KEY, specOf({ attachTo: { serviceAccounts: ["default"] } }));
	await bench.settle();
	bench.put("RobotAccount", KEY, specOf({}));
	await bench.settle();
	assert.deepEqual(bench.pullSecrets("system", "default"), ["ci"]);
});

test("another name for the Secret takes the place of the one before", async () => {
	await using bench = await open();
	bench.account("system", "default");
	bench.put("RobotAccount", KEY, specOf({ attachTo: { serviceAccounts: ["default"] } }));
	await bench.settle();
	bench.put("RobotAccount", KEY, specOf({ name: "pull", attachTo: { serviceAccounts: ["default"] } }));
	await bench.settle();
	assert.deepEqual(bench.pullSecrets("system", "default"), ["pull"]);
});

test("a service account that does not exist is waited for, and not made", async () => {
	await using bench = await open();
	bench.put("RobotAccount", KEY, specOf({ attachTo: { serviceAccounts: ["late"] } }));
	await bench.until(() => bench.ready("RobotAccount", KEY).startsWith("DependencyNotReady"));
	assert.deepEqual(bench.kube.all(SERVICE_ACCOUNTS), []);
	assert.ok(await bench.accepts(KEY, bench.secretOf(KEY)), "the credential does not wait");
	bench.account("system", "late");
	await bench.settle();
	assert.deepEqual(bench.pullSecrets("system", "late"), ["ci"]);
});

test("what is taken out of a service account by hand is put back", async () => {
	await using bench = await open();
	bench.account("system", "default");
	bench.put("RobotAccount", KEY, specOf({ attachTo: { serviceAccounts: ["default"] } }));
	await bench.settle();
	bench.account("system", "default", { imagePullSecrets: [] });
	await bench.until(() => bench.pullSecrets("system", "default").length === 1);
});
