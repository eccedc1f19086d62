import assert from "node:assert/strict";
import { test } from "node:test";
import { type Project, parseProject, projectKind } from "#/api/kinds/project.ts";
import { parseRegistry, type Registry, registryKind } from "#/api/kinds/registry.ts";
import { NAMESPACES, SECRETS } from "#/kube/resource-type.ts";
import { findCondition } from "#/kube/status/condition.ts";
import { put, remove, secretOf } from "../../support/operator-operations.ts";
import { eventually, inWorld, openWorld, type World } from "../../support/operator-world.ts";

const KEY = { namespace: "apps" };
const passwordSecretRef = { name: "passwords", key: "alice" };
const auth = { users: [{ name: "alice", passwordSecretRef }] };

test(
	"a Registry that misses a Secret is scaled to zero all the same, and who names it says so",
	inWorld(async () => {
		await using world = await openWorld({ speed: 20 });
		await put(world, NAMESPACES, "apps", {});
		await put(world, SECRETS, "apps/passwords", secretOf({ alice: "wonder" }));
		await put(world, registryKind, "apps/main", { spec: { auth } });
		await put(world, projectKind, "apps/web", { spec: { registryRef: { name: "main" } } });
		await says(world, { registry: "Succeeded", project: "Succeeded" });
		await remove(world, SECRETS, "apps/passwords");
		await says(world, { registry: "DependencyNotReady", project: "Succeeded" });
		await put(world, registryKind, "apps/main", { spec: { auth, replicas: 0 } });
		const { registry } = await says(world, { registry: "DependencyNotReady", project: "DependencyNotReady" });
		assert.deepEqual([registry.status.replicas, registry.status.readyReplicas], [0, 0]);
		await put(world, SECRETS, "apps/passwords", secretOf({ alice: "wonder" }));
		await says(world, { registry: "ScaledToZero", project: "DependencyNotReady" });
		await put(world, registryKind, "apps/main", { spec: { auth, replicas: 1 } });
		await says(world, { registry: "Succeeded", project: "Succeeded" });
		assert.deepEqual(world.watcher.faults, []);
	}),
);

/** Until the reasons of Ready are these. */
const says = async (
	world: World,
	reasons: { readonly registry: string; readonly project: string },
): Promise<{ readonly registry: Registry; readonly project: Project }> => {
	let found: Awaited<ReturnType<typeof look>> | undefined;
	await eventually(async () => {
		found = await look(world);
		const said = { registry: reasonOf(found?.registry), project: reasonOf(found?.project) };
		return JSON.stringify(said) === JSON.stringify(reasons) ? [] : [JSON.stringify(said)];
	});
	assert.ok(found !== undefined);
	return found;
};

const look = async ({ user }: World) => {
	const signal = AbortSignal.timeout(30_000);
	const [registry, project] = await Promise.all([
		user.find(registryKind, { ...KEY, name: "main" }, signal),
		user.find(projectKind, { ...KEY, name: "web" }, signal),
	]);
	assert.ok(registry !== undefined && project !== undefined);
	const parsed = [parseRegistry(registry), parseProject(project)] as const;
	assert.ok("resource" in parsed[0] && "resource" in parsed[1]);
	return { registry: parsed[0].resource, project: parsed[1].resource };
};

const reasonOf = (resource: Registry | Project | undefined): string | undefined =>
	findCondition(resource?.status.conditions ?? [], "Ready")?.reason;
