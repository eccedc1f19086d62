import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parse } from "yaml";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { robotVerifier } from "#/auth/robots.ts";
import { runController } from "#/kube/controller/run-controller.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { IndexFunction } from "#/kube/object-store.ts";
import { Reflector } from "#/kube/reflector.ts";
import { apiVersionOf, NAMESPACES, type ResourceType, SECRETS, SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { VolatileStatus } from "#/kube/status/volatile-status.ts";
import { systemTiming } from "#/lib/timing.ts";
import {
	NAMESPACE_INDEXES,
	PROJECT_INDEXES,
	ROBOT_ACCOUNT_INDEXES,
	SECRET_INDEXES,
	SERVICE_ACCOUNT_INDEXES,
} from "#/operator/indexes.ts";
import { Planes } from "#/operator/plane/planes.ts";
import { projectController } from "#/operator/project/controller.ts";
import { robotAccountController } from "#/operator/robot-account/controller.ts";
import { readCredential } from "#/operator/robot-account/credential-secret.ts";
import { soon } from "../conformance/control/bench.ts";
import { openControlPlane, openQuickState } from "../support/control-planes.ts";
import { openTestApi } from "../support/embedded-api.ts";
import { recordingControllerMeters } from "../support/recording-meters.ts";

type Fields = { readonly [field: string]: unknown };

/** The embedded API over a connection, a data plane, and the controllers between them, as the program has them. */
const open = async () => {
	const stack = new AsyncDisposableStack();
	const plane = stack.use(await openControlPlane(await openQuickState()));
	const api = stack.use(await openTestApi());
	for (const { plural } of [registryKind, projectKind, robotAccountKind]) {
		const crd = parse(await readFile(new URL(`../../crds/${plural}.yaml`, import.meta.url), "utf8"));
		assert.equal((await api.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)).status, 201);
	}
	const client = stack.use(new RestClient({ connection: plainConnection(api), timing: systemTiming }));
	const leaving = new AbortController();
	const { signal } = leaving;
	const running: Promise<unknown>[] = [];
	stack.defer(async () => {
		leaving.abort();
		await Promise.allSettled(running);
	});
	const report = (error: unknown) => console.error(error);
	const keep = (type: ResourceType, indexes: { readonly [name: string]: IndexFunction }, labelSelector?: string) => {
		const reflector = new Reflector(
			{ client, timing: systemTiming, report },
			{ type, indexes, selection: { labelSelector } },
		);
		running.push(reflector.run(signal));
		return reflector.store;
	};
	const planes = stack.use(
		new Planes({ holder: "test", timing: systemTiming, leads: () => true, censuses: {}, report: () => undefined }),
	);
	let minted = 0;
	const deps = {
		client,
		planes,
		registries: keep(registryKind, {}),
		projects: keep(projectKind, PROJECT_INDEXES),
		robotAccounts: keep(robotAccountKind, ROBOT_ACCOUNT_INDEXES),
		namespaces: keep(NAMESPACES, NAMESPACE_INDEXES),
		secrets: keep(SECRETS, SECRET_INDEXES, "app.kubernetes.io/managed-by=limani"),
		serviceAccounts: keep(SERVICE_ACCOUNTS, SERVICE_ACCOUNT_INDEXES),
		now: Date.now,
		events: { record: () => undefined },
		volatileStatus: new VolatileStatus({ timing: systemTiming }),
		verifierOf: robotVerifier,
		ledgerVersions: new Map<string, string | undefined>(),
		newSecret: () => Buffer.alloc(32, `secret ${minted++}`).toString("base64url"),
	};
	const failures: unknown[] = [];
	const run = {
		timing: systemTiming,
		newId: () => "run",
		meters: recordingControllerMeters(),
		log: ({ error, result }: { readonly error: unknown; readonly result: string }) => {
			if (result === "error") failures.push(error);
		},
	};
	const controllers = [
		projectController({ ...deps, type: projectKind }),
		robotAccountController({ ...deps, type: robotAccountKind }),
	];
	for (const controller of controllers) running.push(runController(controller, run, signal));
	const make = (type: ResourceType, key: string, fields: Fields, metadata: Fields = {}): Promise<KubeObject> => {
		const [namespace = "", name = ""] = key.split("/");
		const where = type.namespaced ? { namespace, name } : { name: namespace };
		const object = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: { ...where, ...metadata }, ...fields };
		return client.apply(type, object, { fieldManager: "user", force: true }, soon());
	};
	const find = (type: ResourceType, key: string) => {
		const [namespace = "", name = ""] = key.split("/");
		return client.find(type, { namespace, name }, soon());
	};
	const until = async <T>(look: () => Promise<T | undefined | false>): Promise<T> => {
		for (const limit = soon(); ; await systemTiming.sleep(10, limit)) {
			const found = await look();
			if (found !== undefined && found !== false) return found;
		}
	};
	const ready = (type: ResourceType, key: string) =>
		until(async () => {
			const object = await find(type, key);
			const condition = object && findCondition(conditionsOf(object), "Ready");
			return condition?.status === "True" && condition.observedGeneration === object?.metadata.generation
				? object
				: undefined;
		});
	const registry = async () => {
		await make(NAMESPACES, "system", {});
		const { metadata } = await make(registryKind, "system/main", { spec: {} });
		const body = { status: { url: "https://registry.example.org:5000" } };
		const ref = { namespace: "system", name: "main" };
		await client.patch(registryKind, ref, { kind: "merge", body }, { subresource: "status" }, soon());
		planes.attach({ uid: metadata.uid ?? "", key: keyOf(metadata), control: plane.control });
	};
	await registry();
	return {
		client,
		plane,
		make,
		find,
		until,
		ready,
		failures,
		minted: () => minted,
		[Symbol.asyncDispose]: () => stack.disposeAsync(),
	};
};

test("over a connection to the embedded API a robot lives, is copied and attached, moves, rotates and goes", async () => {
	await using bench = await open();
	const { make, find, until, ready } = bench;
	const registryRef = { name: "main" };
	await make(NAMESPACES, "apps", {}, { labels: { "limani.dev/accept-from": "system" } });
	for (const namespace of ["system", "apps"]) {
		await make(SERVICE_ACCOUNTS, `${namespace}/builder`, { imagePullSecrets: [{ name: "theirs" }] });
	}
	await make(projectKind, "system/web", { spec: { registryRef, quota: { storage: "1Gi" } } });
	const permissions = [{ project: "web", actions: ["pull"] }];
	const attachTo = { serviceAccounts: ["builder"] };
	const shared = { copyTo: { namespaceSelector: {} }, attachTo };
	await make(robotAccountKind, "system/ci", {
		spec: { registryRef, permissions, secret: { ...shared, labels: { a: "b" } } },
	});
	await ready(projectKind, "system/web");
	await ready(robotAccountKind, "system/ci");
	const secret = await find(SECRETS, "system/ci");
	const held = readCredential(secret);
	assert.ok(held !== undefined);
	assert.equal(readCredential(await find(SECRETS, "apps/ci")), held);
	assert.deepEqual((await find(SERVICE_ACCOUNTS, "apps/builder"))?.imagePullSecrets, [
		{ name: "theirs" },
		{ name: "ci" },
	]);
	assert.equal((await bench.plane.metadata.identities.findRobot("robot$system+ci"))?.permissions[0]?.project, "web");

	await make(robotAccountKind, "system/ci", { spec: { registryRef, permissions, secret: { type: "Basic" } } });
	await until(async () => (await find(SECRETS, "system/ci"))?.type === "kubernetes.io/basic-auth");
	await until(async () => (await find(SECRETS, "apps/ci")) === undefined);
	const moved = await ready(robotAccountKind, "system/ci");
	assert.equal(readCredential(await find(SECRETS, "system/ci")), held);
	assert.equal((await find(SECRETS, "system/ci"))?.metadata.labels?.a, undefined);
	assert.deepEqual((await find(SERVICE_ACCOUNTS, "apps/builder"))?.imagePullSecrets, [{ name: "theirs" }]);

	const annotations = { "limani.dev/requestedAt": "1", "limani.dev/forceAt": "1" };
	await make(robotAccountKind, "system/ci", { spec: moved.spec }, { annotations });
	await until(async () => readCredential(await find(SECRETS, "system/ci")) !== held);
	await ready(robotAccountKind, "system/ci");
	assert.equal(bench.minted(), 2);

	await bench.client.delete(robotAccountKind, { namespace: "system", name: "ci" }, {}, soon());
	await until(async () => (await find(robotAccountKind, "system/ci")) === undefined);
	await until(async () => (await find(SECRETS, "system/ci")) === undefined);
	await bench.client.delete(projectKind, { namespace: "system", name: "web" }, {}, soon());
	await until(async () => (await find(projectKind, "system/web")) === undefined);
	assert.equal((await bench.plane.metadata.projects.find("web"))?.quotaBytes, 1024 ** 3);
	assert.deepEqual(bench.failures, []);
});
