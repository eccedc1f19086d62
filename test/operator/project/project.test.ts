import assert from "node:assert/strict";
import { test } from "node:test";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { projectController } from "#/operator/project/controller.ts";
import { createProjectReconcile } from "#/operator/project/index.ts";
import { push } from "../../conformance/control/bench.ts";
import { openOperator } from "../operator-bench.ts";

type Fields = { readonly [field: string]: unknown };

const KEY = "system/web";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

const specOf = (more: Fields = {}): Fields => ({ registryRef: { name: "main" }, ...more });

const open = async (spec: Fields = specOf()) => {
	const bench = await openOperator();
	bench.serve();
	bench.put("Project", KEY, spec);
	return bench;
};

test("a Project becomes one of the registry, with its members and quota, and says where it is", async () => {
	const members = [{ kind: "User", name: "ann", role: "developer" }];
	await using bench = await open(specOf({ visibility: "Public", members, quota: { storage: "1Gi" } }));
	await bench.settle();
	const project = await bench.plane.metadata.projects.find("web");
	assert.equal(project?.visibility, "Public");
	assert.deepEqual(project?.members, members);
	assert.equal(project?.quotaBytes, 1024 ** 3);
	const { projectName, url } = Object(bench.get("Project", KEY)?.status);
	assert.deepEqual([projectName, url], ["web", "registry.example.org:5000/web"]);
	assert.match(bench.ready("Project", KEY), /^Succeeded/);
});

test("tags that a Project wants to stay where they are stay there", async () => {
	const immutability = [{ repositories: { excluding: ["tmp/**"] }, tags: { matching: ["v*"] } }];
	await using bench = await open(specOf({ immutability }));
	await bench.settle();
	const { metadata } = bench.plane;
	for (const repository of ["web/app", "web/tmp/app"]) await push(metadata, repository, "one", "v1");
	await push(metadata, "web/tmp/app", "two", "v1");
	await assert.rejects(push(metadata, "web/app", "two", "v1"));
	bench.put("Project", KEY, specOf());
	await bench.settle();
	await push(metadata, "web/app", "two", "v1");
});

test("a second look and a restart write nothing", async () => {
	await using bench = await open();
	await bench.settle();
	const writes = bench.kube.writes.length;
	await bench.restart();
	await bench.settle();
	assert.deepEqual(bench.kube.writes.slice(writes), []);
});

test("the finalizer is there before the registry hears of the Project", async () => {
	await using bench = await open();
	bench.hooks.afterApply = () =>
		assert.deepEqual(bench.get("Project", KEY)?.metadata.finalizers, ["limani.dev/cleanup"]);
	await bench.settle();
	assert.equal(bench.kube.writes[0]?.verb, "patch");
});

test("the spec is never written", async () => {
	await using bench = await open();
	await bench.settle();
	assert.equal(bench.get("Project", KEY)?.metadata.generation, 1);
	assert.deepEqual(bench.get("Project", KEY)?.spec, specOf());
});

test("the name is the first one's; another waits, and says so", async () => {
	await using bench = await openOperator();
	bench.serve({ allowedNamespaces: { names: ["team-a", "team-b"] } });
	const spec = { registryRef: { name: "main", namespace: "system" }, projectName: "shop" };
	bench.put("Project", "team-a/shop", spec);
	await bench.settle();
	bench.put("Project", "team-b/mine", { ...spec, visibility: "Public" });
	await bench.settle();
	assert.match(bench.ready("Project", "team-b/mine"), /^NameTaken/);
	assert.equal(Object(bench.get("Project", "team-b/mine")?.status).url, undefined);
	assert.equal((await bench.plane.metadata.projects.find("shop"))?.visibility, "Private");
});

test("a deleted Project leaves its repositories by default, and its owner may have it again", async () => {
	await using bench = await open();
	await bench.settle();
	await bench.remove("Project", KEY);
	await bench.until(() => bench.get("Project", KEY) === undefined);
	assert.equal((await bench.plane.metadata.projects.find("web"))?.name, "web");
	bench.put("Project", KEY, specOf({ visibility: "Public" }));
	await bench.settle();
	assert.equal((await bench.plane.metadata.projects.find("web"))?.visibility, "Public");
});

test("with deletionPolicy Delete they go", async () => {
	await using bench = await open(specOf({ deletionPolicy: "Delete" }));
	await bench.settle();
	await bench.remove("Project", KEY);
	await bench.until(() => bench.get("Project", KEY) === undefined);
	assert.equal(await bench.plane.metadata.projects.find("web"), undefined);
});

test("a Project whose Registry has gone can go", async () => {
	await using bench = await open(specOf({ deletionPolicy: "Delete" }));
	await bench.settle();
	await bench.planes[Symbol.asyncDispose]();
	await bench.remove("Registry", "system/main");
	await bench.remove("Project", KEY);
	await bench.until(() => bench.get("Project", KEY) === undefined);
});

test("a Project that is deleted while nothing serves says what it waits for, and goes once that is so", async () => {
	await using bench = await open();
	await bench.settle();
	bench.serve({ replicas: 0 });
	await bench.planes.detach(bench.get("Registry", "system/main")?.metadata.uid ?? "");
	await bench.remove("Project", KEY);
	const why =
		/^Deleting: Registry system\/main has to let go of it .* spec\.replicas is 0: scale it to 1, or delete it/;
	bench.kube.deliver();
	await createProjectReconcile(bench.deps(projectKind))(KEY, soon());
	assert.match(bench.ready("Project", KEY), why);
	bench.serve({ replicas: 1 });
	await bench.until(() => bench.get("Project", KEY) === undefined);
});

test("a Project waits for its Registry, and needs no other push than that it comes", async () => {
	await using bench = await openOperator();
	bench.put("Project", KEY, specOf());
	await bench.until(() => bench.ready("Project", KEY).startsWith("DependencyNotReady"));
	assert.equal(bench.get("Project", KEY)?.metadata.finalizers, undefined);
	bench.serve();
	await bench.settle();
	assert.match(bench.ready("Project", KEY), /^Succeeded/);
});

test("a suspended Project stays as it is and can be deleted", async () => {
	await using bench = await open();
	await bench.settle();
	bench.put("Project", KEY, specOf({ suspend: true, visibility: "Public" }));
	await bench.settle();
	assert.match(bench.ready("Project", KEY), /^Suspended/);
	assert.equal((await bench.plane.metadata.projects.find("web"))?.visibility, "Private");
	await bench.remove("Project", KEY);
	await bench.until(() => bench.get("Project", KEY) === undefined);
});

test("what was asked by annotation is repeated in the status", async () => {
	await using bench = await open();
	bench.put("Project", KEY, specOf(), { annotations: { "limani.dev/requestedAt": "2026-01-01" } });
	await bench.settle();
	assert.equal(Object(bench.get("Project", KEY)?.status).lastHandledRequestedAt, "2026-01-01");
});

test("what a project holds stands in its status, rounded", async () => {
	await using bench = await open();
	await bench.settle();
	assert.deepEqual(Object(bench.get("Project", KEY)?.status).usage, { bytes: 0, artifacts: 0, repositories: 0 });
});

test("what a new project holds is asked for again soon when others were asked about just before it came", async () => {
	await using bench = await open();
	await bench.settle();
	bench.put("Project", "system/new", specOf());
	await bench.settle();
	assert.equal(Object(bench.get("Project", "system/new")?.status).usage, undefined);
	const { reconcile } = projectController(bench.deps(projectKind));
	const [old, fresh] = [await reconcile(KEY, soon()), await reconcile("system/new", soon())];
	assert.ok((fresh.againMs ?? 0) > 10_000 && (fresh.againMs ?? 0) < 15_000, "once a miss is not believed any more");
	assert.equal(old.againMs, 300_000);
});

test("a Registry that takes its consent back shuts the Project and keeps what it holds, until it consents again", async () => {
	await using bench = await openOperator();
	bench.serve({ allowedNamespaces: { names: ["team-a"] } });
	const members = [{ kind: "User", name: "ann", role: "admin" }];
	const ref = { name: "main", namespace: "system" };
	bench.put("Project", "team-a/shop", { registryRef: ref, visibility: "Public", members });
	await bench.settle();
	bench.serve({ allowedNamespaces: {} });
	await bench.until(() => bench.ready("Project", "team-a/shop").startsWith("NotAllowed"));
	await bench.until(async () => (await bench.plane.metadata.projects.find("shop"))?.visibility === "Private");
	assert.deepEqual((await bench.plane.metadata.projects.find("shop"))?.members, []);
	bench.serve({ allowedNamespaces: { names: ["team-a"] } });
	await bench.settle();
	assert.deepEqual((await bench.plane.metadata.projects.find("shop"))?.members, members);
});

const classes = (...names: readonly string[]) => names.map((name) => ({ name, s3: { bucket: name } }));

test("a Project's blobs are kept in the storage class that it names", async () => {
	await using bench = await openOperator();
	bench.serve({ storageClasses: classes("second") });
	bench.put("Project", KEY, specOf({ storageClassName: "second" }));
	await bench.settle();
	assert.match(bench.ready("Project", KEY), /^Succeeded/);
	assert.equal((await bench.plane.metadata.projects.find("web"))?.store, "second");
});

test("a Project whose storage class its Registry does not have says so, and stays as it was", async () => {
	await using bench = await openOperator();
	bench.serve({ storageClasses: [...classes("cold"), { ...classes("second")[0], namespaces: ["team-a"] }] });
	bench.put("Project", KEY, specOf());
	await bench.settle();
	bench.put("Project", KEY, specOf({ storageClassName: "second", visibility: "Public" }));
	await bench.settle();
	const said = bench.ready("Project", KEY);
	assert.match(said, /^InvalidSpec: spec.storageClassName: .* no storage class second: there is cold$/);
	bench.put("Project", KEY, specOf({ storageClassName: "default" }));
	await bench.settle();
	assert.match(bench.ready("Project", KEY), /: there is cold\. Leave the field out for the Registry's own storage$/);
	bench.put("Project", KEY, specOf({ storageClassName: "second", visibility: "Public" }));
	await bench.settle();
	const project = await bench.plane.metadata.projects.find("web");
	assert.deepEqual([project?.store, project?.visibility], ["default", "Private"]);
	// With the consent of the class it is as wanted, and nothing else has to be pushed.
	bench.serve({ storageClasses: classes("second") });
	await bench.settle();
	assert.match(bench.ready("Project", KEY), /^Succeeded/);
});

test("a Project whose storage class does not answer says so until it does, and the others say nothing", async () => {
	await using bench = await openOperator();
	const spec = { storageClasses: classes("second") };
	bench.serve(spec);
	bench.put("Project", KEY, specOf({ storageClassName: "second" }));
	bench.put("Project", "system/shop", specOf());
	const standing = async (available: boolean) => {
		const status = {
			url: "https://registry.example.org:5000",
			storageClasses: [{ name: "second", available, inUse: true }],
		};
		bench.kube.edit(registryKind, { spec, metadata: { namespace: "system", name: "main" }, status });
		await bench.settle();
		return [KEY, "system/shop"].map((key) => {
			const conditions = conditionsOf(bench.get("Project", key) ?? assert.fail());
			const { status, reason, message } = findCondition(conditions, "StoragePlaced") ?? assert.fail();
			return [status, reason, /storage class second does not answer/.test(message ?? "")];
		});
	};
	const well = ["True", "Succeeded", false];
	assert.deepEqual(await standing(true), [well, well]);
	assert.deepEqual(await standing(false), [["False", "StorageUnavailable", true], well]);
	assert.match(bench.ready("Project", KEY), /^Succeeded/);
	assert.deepEqual(await standing(true), [well, well]);
});
