import assert from "node:assert/strict";
import { test } from "node:test";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import type { Controller } from "#/kube/controller/controller.ts";
import { INITIAL_PRIORITY } from "#/kube/controller/source.ts";
import { NAMESPACES, SECRETS, SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import { projectController } from "#/operator/project/controller.ts";
import { robotAccountController } from "#/operator/robot-account/controller.ts";
import { openOperator } from "./operator-bench.ts";

type Fields = { readonly [field: string]: unknown };

const REF = { registryRef: { name: "main", namespace: "system" } };

/** The resources that a change makes the controllers look at. @param only the one source that is listened to; absent: all */
const open = async (only?: string) => {
	const bench = await openOperator();
	const woken = new Set<string>();
	const listen = (controller: Controller, kind: string) => {
		const sources = controller.sources?.filter(({ name }) => only === undefined || name.endsWith(only)) ?? [];
		for (const source of sources) source.subscribe((key) => void woken.add(`${kind} ${key}`));
	};
	bench.namespace("team-a");
	bench.serve();
	const permissions = [{ project: "web-*", actions: ["pull"] }];
	bench.put("Project", "team-a/web", { ...REF, projectName: "web-front", delegateTo: { namespaces: ["team-b"] } });
	bench.put("RobotAccount", "team-a/near", { ...REF, permissions });
	bench.put("RobotAccount", "team-b/delegated", { ...REF, permissions });
	bench.put("RobotAccount", "team-b/elsewhere", { ...REF, permissions: [{ project: "api", actions: ["pull"] }] });
	bench.put("RobotAccount", "team-c/stranger", { ...REF, permissions });
	const secret = { copyTo: { namespaceSelector: {} }, attachTo: { serviceAccounts: ["default"] } };
	bench.put("RobotAccount", "team-d/sharing", { ...REF, secret });
	bench.kube.deliver();
	listen(projectController(bench.deps(projectKind)), "Project");
	listen(robotAccountController(bench.deps(robotAccountKind)), "RobotAccount");
	const wokenBy = (change: () => void): readonly string[] => {
		woken.clear();
		change();
		bench.kube.deliver();
		return [...woken].toSorted();
	};
	const status = (value: Fields) => {
		const registry = bench.kube.peek(registryKind, { namespace: "system", name: "main" });
		assert.ok(registry !== undefined);
		bench.kube.edit(registryKind, { ...registry, status: value });
	};
	return { bench, woken, wokenBy, status, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
};

const EVERYBODY = [
	"Project team-a/web",
	"RobotAccount team-a/near",
	"RobotAccount team-b/delegated",
	"RobotAccount team-b/elsewhere",
	"RobotAccount team-c/stranger",
	"RobotAccount team-d/sharing",
];

test("a change of what a Project allows wakes the robots that may name it and do, and nobody else", async () => {
	await using at = await open();
	const concerned = ["RobotAccount team-a/near", "RobotAccount team-b/delegated"];
	const spec = { ...REF, projectName: "web-front" };
	assert.deepEqual(
		at.wokenBy(() => at.bench.put("Project", "team-a/web", spec)),
		concerned,
		"also those whose delegation ends",
	);
	const project = at.bench.get("Project", "team-a/web");
	assert.ok(project !== undefined);
	const inStatus = () => void at.bench.kube.edit(projectKind, { ...project, status: { usage: { bytes: 1 } } });
	assert.deepEqual(at.wokenBy(inStatus), [], "usage is no change of rights");
});

test("a Registry that consents to others, or moves, wakes all who name it; what else it says wakes nobody", async () => {
	await using at = await open();
	const consent = () => at.bench.serve({ allowedNamespaces: { names: ["team-a"] } });
	assert.deepEqual(at.wokenBy(consent), EVERYBODY);
	assert.deepEqual(
		at.wokenBy(() => at.status({ url: "https://elsewhere.example.org" })),
		EVERYBODY,
	);
	assert.deepEqual(
		at.wokenBy(() => at.status({ url: "https://elsewhere.example.org", usage: { logicalBytes: 1 } })),
		[],
	);
});

test("a store of blobs that stops or begins to answer wakes the Projects alone; whether it is used wakes nobody", async () => {
	await using at = await open();
	const say = (available: boolean, inUse: boolean) =>
		at.wokenBy(() =>
			at.status({
				...Object(at.bench.get("Registry", "system/main")?.status),
				storageClasses: [{ name: "default", available, inUse }],
			}),
		);
	assert.deepEqual(say(true, false), ["Project team-a/web"]);
	assert.deepEqual(say(true, true), []);
	assert.deepEqual(say(false, true), ["Project team-a/web"]);
});

test("a namespace wakes what is in it, and those whose copies it accepts or accepted", async () => {
	await using at = await open();
	assert.deepEqual(
		at.wokenBy(() => at.bench.namespace("team-a", { tenant: "yes" })),
		["Project team-a/web", "RobotAccount team-a/near", "RobotAccount team-b/delegated"],
	);
	const accept = () => at.bench.namespace("apps", { "limani.dev/accept-from": "team-d" });
	assert.deepEqual(at.wokenBy(accept), ["RobotAccount team-d/sharing"]);
	const refuse = () => at.bench.kube.edit(NAMESPACES, { metadata: { name: "apps", labels: {} } });
	assert.deepEqual(at.wokenBy(refuse), ["RobotAccount team-d/sharing"]);
});

test("a service account wakes the robots that are attached to it, also where there are copies", async () => {
	await using at = await open();
	at.bench.namespace("apps", { "limani.dev/accept-from": "team-d" });
	at.bench.kube.deliver();
	for (const namespace of ["team-d", "apps"]) {
		const appear = () => void at.bench.kube.edit(SERVICE_ACCOUNTS, { metadata: { namespace, name: "default" } });
		assert.deepEqual(at.wokenBy(appear), ["RobotAccount team-d/sharing"], namespace);
	}
	const other = () => void at.bench.kube.edit(SERVICE_ACCOUNTS, { metadata: { namespace: "team-d", name: "other" } });
	assert.deepEqual(at.wokenBy(other), []);
});

test("a Secret wakes the robot that it was made for, wherever it is", async () => {
	await using at = await open();
	const uid = at.bench.get("RobotAccount", "team-a/near")?.metadata.uid ?? "";
	const labels = { "app.kubernetes.io/managed-by": "limani", "limani.dev/owner-uid": uid };
	const appear = () => void at.bench.kube.edit(SECRETS, { metadata: { namespace: "apps", name: "near", labels } });
	assert.deepEqual(at.wokenBy(appear), ["RobotAccount team-a/near"]);
});

test("what a data plane says of a project wakes it and the robots that name it", async () => {
	await using at = await open("data planes");
	const registry = at.bench.get("Registry", "system/main")?.metadata.uid ?? "";
	await at.bench.until(() => at.bench.planes.find(registry)?.synced === true);
	at.bench.serve({ allowedNamespaces: { names: ["team-a"] } });
	const concerned = ["Project team-a/web", "RobotAccount team-a/near", "RobotAccount team-b/delegated"];
	at.woken.clear();
	const isHeld = async () => (await at.bench.plane.metadata.projects.find("web-front")) !== undefined;
	await at.bench.until(async () => (await isHeld()) && concerned.every((one) => at.woken.has(one)));
	assert.ok(!at.woken.has("RobotAccount team-b/elsewhere"));
});

test("what the operator did itself hurries nobody, what somebody did does", async () => {
	await using at = await open();
	const priorities = new Map<string, number>();
	const controller = robotAccountController(at.bench.deps(robotAccountKind));
	for (const source of controller.sources ?? []) {
		source.subscribe(
			(key, priority = 0) => void priorities.set(key, Math.max(priority, priorities.get(key) ?? -1_000)),
		);
	}
	const urgencyAfter = (change: () => void): number | undefined => {
		priorities.clear();
		change();
		at.bench.kube.deliver();
		return priorities.get("team-a/near");
	};
	const uid = at.bench.get("RobotAccount", "team-a/near")?.metadata.uid ?? "";
	const secret = (name: string, data: Fields) => ({
		metadata: {
			namespace: "team-a",
			name,
			labels: { "app.kubernetes.io/managed-by": "limani", "limani.dev/owner-uid": uid },
		},
		data,
	});
	const ledger = (text: string) => secret("ledger", { ledger: Buffer.from(text).toString("base64") });
	const edit = (wanted: ReturnType<typeof secret>) => () => void at.bench.kube.edit(SECRETS, wanted);
	assert.equal(
		urgencyAfter(() => at.status({ url: "https://elsewhere.example.org" })),
		INITIAL_PRIORITY,
	);
	assert.equal(
		urgencyAfter(() => at.bench.serve({ allowedNamespaces: { names: ["team-a"] } })),
		0,
	);
	assert.equal(urgencyAfter(edit(secret("near", {}))), INITIAL_PRIORITY, "made");
	assert.equal(urgencyAfter(edit(secret("near", { mine: "b3du" }))), 0, "spoilt");
	assert.equal(urgencyAfter(edit(ledger("{}"))), INITIAL_PRIORITY, "a ledger is made");
	assert.equal(urgencyAfter(edit(ledger('{"forced":"1"}'))), INITIAL_PRIORITY, "a ledger is kept");
	assert.equal(urgencyAfter(edit(ledger("no ledger"))), 0, "a ledger is spoilt");
});
