import "../../support/on-real-api.ts";
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { backupKind } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { apiVersionOf, CONFIG_MAPS, NAMESPACES, SECRETS } from "#/kube/resource-type.ts";
import { skipWithoutKube } from "../../support/kube-plane.ts";
import { judgeWorld } from "../../support/operator-judge.ts";
import { furnish, put, remove } from "../../support/operator-operations.ts";
import { eventually, openWorld, type World } from "../../support/operator-world.ts";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
/** Kubernetes' controllers look again after some tens of seconds. */
const LONG = 180_000;

suite("What a cluster's own controllers delete", { skip: skipWithoutKube() }, () => {
	let world: World;
	before(async () => {
		world = await openWorld({ speed: 20 });
		await furnish(world);
	});
	after(async () => {
		await world[Symbol.asyncDispose]();
		assert.deepEqual(world.watcher.faults, []);
	});

	const isThere = async (type: typeof SECRETS, key: string): Promise<boolean> => {
		const [namespace = "", name] = key.split("/");
		const ref = name === undefined ? { name: namespace } : { namespace, name };
		return (await world.user.find(type, ref, soon())) !== undefined;
	};
	const settled = (ms?: number) => eventually(() => judgeWorld(world, { settled: false }), ms);

	test("a namespace goes with all that is in it, and nothing of it is left at any registry", async () => {
		const main = { name: "main", namespace: "system" };
		const spec = { registryRef: main, permissions: [{ project: "*", actions: ["pull"] }] };
		const backup = { archive: { filesystem: {} } };
		await put(world, registryKind, "team-c/own", { spec: { allowedNamespaces: { names: ["team-b"] }, backup } });
		await put(world, projectKind, "team-c/web", { spec: { registryRef: main, projectName: "c-web" } });
		await put(world, projectKind, "team-c/inside", { spec: { registryRef: { name: "own" } } });
		await put(world, projectKind, "team-b/guest", { spec: { registryRef: { name: "own", namespace: "team-c" } } });
		await put(world, robotAccountKind, "team-c/ci", { spec });
		await put(world, robotAccountKind, "team-c/inner", { spec: { ...spec, registryRef: { name: "own" } } });
		const policy = { registryRef: main, projectRefs: [{ name: "web" }] };
		const rules = [{ name: "newest", keep: { latestPushed: 5 } }];
		const tidy = await put(world, retentionPolicyKind, "team-c/tidy", { spec: { ...policy, rules } });
		const source = { url: "https://far.example.org" };
		const copy = await put(world, replicationPolicyKind, "team-c/copy", { spec: { ...policy, source } });
		const policies = [tidy, copy].map(({ metadata: { uid } }) => uid ?? assert.fail());
		await settled();
		assert.ok((await isThere(SECRETS, "team-c/ci")) && (await isThere(SECRETS, "team-c/inner")));
		const plane = world.planes.find("system/main")?.metadata;
		assert.ok(await plane?.identities.findRobot("robot$team-c+ci"));
		for (const uid of policies) assert.ok(await plane?.policies.find(uid));
		// One by a schedule, which goes on, and one by hand; neither comes to its end here.
		const own = { registryRef: { name: "own" } };
		await put(world, backupKind, "team-c/once", { spec: own });
		await put(world, backupScheduleKind, "team-c/often", { spec: { ...own, schedule: "* * * * *", immediate: true } });
		await eventually(async () => {
			const { items } = await world.user.list(backupKind, { namespace: "team-c", limit: 10 }, soon());
			const held = items.filter(({ metadata }) => (metadata.finalizers ?? []).length > 0);
			return held.length >= 2 ? [] : [`${held.length} of ${items.length} Backups are begun`];
		});

		await remove(world, NAMESPACES, "team-c");
		// A Registry that others still use waits for them, and the namespace for it.
		await remove(world, projectKind, "team-b/guest");
		await eventually(async () => ((await isThere(NAMESPACES, "team-c")) ? ["team-c is still there"] : []), LONG);
		await settled();
		assert.equal(await plane?.identities.findRobot("robot$team-c+ci"), undefined);
		for (const uid of policies) assert.equal(await plane?.policies.find(uid), undefined);
	});

	test("what was made for a robot goes with it even when no operator runs any more", async () => {
		const key = "team-b/forgotten";
		const registryRef = { name: "main", namespace: "system" };
		// With no robot left at all, a new operator rather doubts what it is told than that they are gone.
		await put(world, robotAccountKind, "team-b/stays", { spec: { registryRef } });
		await put(world, robotAccountKind, key, { spec: { registryRef } });
		await settled();
		const { uid } = (await world.user.find(robotAccountKind, refOf(key), soon()))?.metadata ?? assert.fail();
		const ledger = `team-b/limani-credential-${uid}`;
		assert.ok((await isThere(SECRETS, key)) && (await isThere(SECRETS, ledger)));
		world.kill();
		const strip = { kind: "merge", body: { metadata: { finalizers: null } } } as const;
		await world.user.patch(robotAccountKind, refOf(key), strip, {}, soon());
		await remove(world, robotAccountKind, key);
		await eventually(async () => {
			const left = await Promise.all([key, ledger].map(async (one) => ((await isThere(SECRETS, one)) ? [one] : [])));
			return left.flat();
		}, LONG);
		await world.restart();
		await settled();
		assert.equal(
			await world.planes.find("system/main")?.metadata.identities.findRobot("robot$team-b+forgotten"),
			undefined,
		);
	});

	test("what somebody else hung on one of our resources goes with it", async () => {
		const key = "team-b/anchor";
		const owner = await put(world, projectKind, key, { spec: { registryRef: { name: "main", namespace: "system" } } });
		const { name, uid } = owner.metadata;
		const ownerReferences = [{ apiVersion: apiVersionOf(projectKind), kind: projectKind.kind, name, uid }];
		await put(world, CONFIG_MAPS, "team-b/hung", { data: { a: "b" } }, { ownerReferences });
		await settled();
		await remove(world, projectKind, key);
		await eventually(async () => ((await isThere(CONFIG_MAPS, "team-b/hung")) ? ["it is still there"] : []), LONG);
		await settled();
	});
});

const refOf = (key: string): { readonly namespace: string; readonly name: string } => {
	const [namespace = "", name = ""] = key.split("/");
	return { namespace, name };
};
