import assert from "node:assert/strict";
import { test } from "node:test";
import type { StructuralSchema } from "#/api/crd/structural-schema.ts";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { parseResource } from "#/api/kinds/parse-resource.ts";
import { parseProject, projectNameOf } from "#/api/kinds/project.ts";
import { parseRegistry } from "#/api/kinds/registry.ts";
import { parseReplicationPolicy } from "#/api/kinds/replication-policy.ts";
import { parseRetentionPolicy } from "#/api/kinds/retention-policy.ts";
import { parseRobotAccount } from "#/api/kinds/robot-account.ts";
import { type Manifest, readManifests } from "../../support/manifests.ts";

/** A manifest as the API server gives it back. */
const created = (manifest: Manifest): Manifest & { readonly metadata: { readonly namespace: string } } => ({
	...manifest,
	metadata: { namespace: "default", ...manifest.metadata, uid: "u", generation: 1 },
});

/** Paths of the fields that a value has, members of lists and maps taken together; a `*` stands for the keys of a map. */
const pathsIn = (value: unknown, schema: StructuralSchema | undefined, path: string): readonly string[] => {
	if (Array.isArray(value)) return value.flatMap((member) => pathsIn(member, schema?.items, path));
	if (typeof value !== "object" || value === null) return [];
	return Object.entries(value).flatMap(([name, member]) => {
		const isKey = schema?.additionalProperties !== undefined;
		const child = isKey ? schema.additionalProperties : schema?.properties?.[name];
		const at = isKey ? `${path}.*` : `${path}.${name}`;
		return [at, ...pathsIn(member, child, at)];
	});
};

/** Paths of the fields that a schema has. */
const pathsOf = (schema: StructuralSchema, path: string): readonly string[] => [
	...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => [
		`${path}.${name}`,
		...pathsOf(child, `${path}.${name}`),
	]),
	...(schema.items === undefined ? [] : pathsOf(schema.items, path)),
	...(schema.additionalProperties === undefined
		? []
		: [`${path}.*`, ...pathsOf(schema.additionalProperties, `${path}.*`)]),
];

for (const kind of ALL_KINDS) {
	// RobotAccount: robot-account
	const file = kind.kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
	const spec = toCrd(kind).spec.versions[0]?.schema.openAPIV3Schema.properties?.spec ?? {};
	const of = (flavour: string): readonly Manifest[] => {
		const manifests = readManifests(`examples/kinds/${file}-${flavour}.yaml`);
		assert.ok(manifests.length > 0);
		for (const manifest of manifests) {
			assert.equal(manifest.kind, kind.kind);
			assert.equal(manifest.apiVersion, `${kind.group}/${kind.version}`);
		}
		return manifests;
	};

	test(`the simple example of ${kind.kind} is right`, () => {
		for (const manifest of of("simple")) {
			const parsed = parseResource(kind, created(manifest));
			assert.ok("resource" in parsed, JSON.stringify(parsed));
		}
	});

	test(`the complete example of ${kind.kind} is right, and has every field there is and no other`, () => {
		const used = of("complete").flatMap((manifest) => {
			const parsed = parseResource(kind, created(manifest));
			assert.ok("resource" in parsed, JSON.stringify(parsed));
			return pathsIn(manifest.spec, spec, ".spec");
		});
		const fields = new Set(pathsOf(spec, ".spec"));
		assert.ok(fields.size > (kind.kind === "Backup" ? 1 : 5));
		assert.deepEqual([...fields.difference(new Set(used))], []);
		assert.deepEqual([...new Set(used).difference(fields)], []);
	});
}

test("the quickstart is two registries with projects, robots and policies: what is pushed to one goes to the other", () => {
	const manifests = readManifests("examples/quickstart/*.yaml");
	const of = (kind: string) => manifests.filter((manifest) => manifest.kind === kind).map(created);
	for (const { metadata } of manifests) assert.equal(metadata.namespace, undefined);
	const resourceOf = <R>(parsed: { readonly resource: R } | { readonly invalid: string }): R =>
		"resource" in parsed ? parsed.resource : assert.fail(parsed.invalid);
	const registries = of("Registry").map((object) => resourceOf(parseRegistry(object)));
	const projects = of("Project").map((object) => resourceOf(parseProject(object)));
	const robots = of("RobotAccount").map((object) => resourceOf(parseRobotAccount(object)));

	assert.deepEqual(
		registries.map(({ metadata }) => metadata.name),
		["default", "edge"],
	);
	const [first] = registries;
	assert.ok(first !== undefined);
	assert.deepEqual(
		first.spec.auth.users.map(({ name, passwordSecretRef }) => [name, passwordSecretRef]),
		[["me", { name: "me", key: "password" }]],
	);
	assert.deepEqual(
		of("Secret").map(({ metadata, stringData }) => [metadata.name, stringData]),
		[["me", { password: "try-limani" }]],
	);
	assert.deepEqual(
		projects.map((project) => [projectNameOf(project), project.spec.visibility, project.spec.registryRef.name]),
		[
			["demo", "Public", "default"],
			["team", "Private", "default"],
			["team", "Private", "edge"],
		],
	);
	for (const { spec: wanted } of projects) assert.ok(wanted.members.every(({ name }) => name === "me"));
	const [retention] = of("RetentionPolicy").map((object) => resourceOf(parseRetentionPolicy(object)));
	assert.deepEqual(retention?.spec.projectRefs, [{ name: "team" }]);
	const [replication] = of("ReplicationPolicy").map((object) => resourceOf(parseReplicationPolicy(object)));
	assert.deepEqual(replication?.spec.destination?.registryRef, { name: "edge" });
	assert.deepEqual(replication.spec.destination.robotAccountRef, { name: "copier" });
	assert.equal(replication.spec.trigger.onEvent, true);
	assert.deepEqual(
		robots.map(({ metadata, spec: wanted }) => [metadata.name, wanted.permissions]),
		[
			[
				"ci",
				[
					{ project: "team", actions: ["pull", "push"] },
					{ project: "demo", actions: ["pull", "push"] },
				],
			],
			["copier", [{ project: "team", actions: ["pull", "push"] }]],
		],
	);
});
