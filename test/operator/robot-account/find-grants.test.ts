import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRegistry } from "#/api/kinds/registry.ts";
import { parseRobotAccount } from "#/api/kinds/robot-account.ts";
import { CachedStore } from "#/kube/cached-store.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { PROJECT_INDEXES } from "#/operator/indexes.ts";
import { findGrants } from "#/operator/robot-account/find-grants.ts";

const objectOf = (kind: string, name: string, namespace: string, spec: object): KubeObject => ({
	apiVersion: "limani.dev/v1alpha1",
	kind,
	metadata: { name, namespace, uid: `uid-${name}`, resourceVersion: "1", generation: 1 },
	spec,
});

const registryRef = { name: "main", namespace: "shared" };

/** A cache of that many Projects of one namespace, which counts the objects that it gives. */
class CountingStore extends CachedStore {
	given = 0;

	constructor(count: number) {
		super({ report: assert.fail }, PROJECT_INDEXES);
		const names = Array.from({ length: count }, (_, i) => `project-${i}`);
		this.replaceAll(names.map((name) => objectOf("Project", name, "apps", { registryRef })));
	}

	override by(index: string, value: string): readonly KubeObject[] {
		const found = super.by(index, value);
		this.given += found.length;
		return found;
	}
}

const grantsOf = (projects: CountingStore, ...names: readonly string[]) => {
	const permissions = names.map((project) => ({ project, actions: ["pull"] }));
	const robot = parseRobotAccount(objectOf("RobotAccount", "ci", "apps", { registryRef, permissions }));
	const registry = parseRegistry(objectOf("Registry", "main", "shared", { allowedNamespaces: { names: ["apps"] } }));
	assert.ok("resource" in robot, JSON.stringify(robot));
	assert.ok("resource" in registry, JSON.stringify(registry));
	const standing = { kind: "Project", fingerprint: 1, ready: true, reason: "Succeeded", message: "" } as const;
	const namespaces = new CachedStore({ report: assert.fail });
	return findGrants({ projects, namespaces }, robot.resource, {
		registry: registry.resource,
		link: { find: () => standing },
	});
};

test("a robot among many Projects looks at those that it names, and at all only for a pattern", () => {
	const projects = new CountingStore(1_000);
	const { grants, refusals } = grantsOf(projects, "project-7", "project-8", "absent");
	assert.deepEqual(
		grants.map(({ project }) => project),
		["project-7", "project-8"],
	);
	assert.deepEqual(
		refusals.map(({ reason }) => reason),
		["NotAllowed"],
	);
	assert.equal(projects.given, 2);
	assert.equal(grantsOf(projects, "project-99*").grants.length, 11);
});
