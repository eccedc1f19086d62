// What operator-sdk's scorecard and bundle validation look at, and what OLM does with it.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import type { CustomResourceDefinition } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { parseResource } from "#/api/kinds/parse-resource.ts";
import { readOperatorOptions } from "#/app/operator/operator-options.ts";
import { readVersion } from "#/app/read-version.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const text = z.string().min(1);
const rules = z.array(z.record(z.string(), z.array(z.string())));
const descriptors = z.array(
	z.strictObject({ path: text, displayName: text, description: text, "x-descriptors": z.array(z.string()) }),
);
const owned = z.strictObject({
	name: text,
	version: text,
	kind: text,
	displayName: text,
	description: text,
	resources: z.array(z.strictObject({ kind: text, version: text, name: z.literal("") })).min(1),
	specDescriptors: descriptors.min(1),
	statusDescriptors: descriptors.min(1),
});
const variable = z.strictObject({
	name: text,
	value: z.string().exactOptional(),
	valueFrom: z.strictObject({ fieldRef: z.strictObject({ fieldPath: text }) }).exactOptional(),
});
const container = z.looseObject({
	image: text,
	args: z.array(z.string()),
	env: z.array(variable),
	resources: z.object(),
});
const serviceVersionSchema = z.strictObject({
	apiVersion: z.literal("operators.coreos.com/v1alpha1"),
	kind: z.literal("ClusterServiceVersion"),
	metadata: z.strictObject({
		name: z.string().regex(/^limani\.v\d+\.\d+\.\d+$/),
		namespace: text,
		annotations: z.record(z.string(), z.string()),
		labels: z.record(z.string(), z.string()),
	}),
	spec: z.strictObject({
		displayName: text,
		description: text,
		version: text,
		maturity: z.enum(["planning", "pre-alpha", "alpha", "beta", "stable", "mature"]),
		minKubeVersion: z.string().regex(/^\d+\.\d+\.\d+$/),
		keywords: z.array(text).min(1),
		provider: z.strictObject({ name: text }),
		icon: z.tuple([z.strictObject({ base64data: z.base64(), mediatype: z.literal("image/svg+xml") })]),
		installModes: z.array(z.strictObject({ type: text, supported: z.boolean() })),
		install: z.strictObject({
			strategy: z.literal("deployment"),
			spec: z.strictObject({
				clusterPermissions: z.tuple([z.strictObject({ serviceAccountName: text, rules })]),
				permissions: z.tuple([z.strictObject({ serviceAccountName: text, rules })]),
				deployments: z.tuple([
					z.strictObject({
						name: text,
						spec: z.looseObject({
							template: z.looseObject({
								spec: z.looseObject({ serviceAccountName: text, containers: z.tuple([container]) }),
							}),
						}),
					}),
				]),
			}),
		}),
		customresourcedefinitions: z.strictObject({ owned: z.array(owned) }),
		relatedImages: z.array(z.strictObject({ name: text, image: text })),
	}),
});

const { metadata, spec } = serviceVersionSchema.parse(
	parse(read("charts/olm/manifests/limani.clusterserviceversion.yaml")),
);
const chart = Object(parse(read("charts/limani/Chart.yaml")));
const installed = spec.install.spec;
const [{ spec: deployment }] = installed.deployments;
const [operator] = deployment.template.spec.containers;
const definitions = globSync("crds/*.yaml", { cwd: root }).map((path): CustomResourceDefinition => parse(read(path)));
const schemaOf = (wanted: string) => {
	const crd = definitions.find(({ metadata: { name } }) => name === wanted);
	return crd?.spec.versions[0]?.schema.openAPIV3Schema.properties ?? assert.fail(wanted);
};

test("the service version is of this release, and of the chart's", () => {
	assert.equal(metadata.name, `limani.v${readVersion()}`);
	assert.equal(spec.version, readVersion());
	assert.ok(chart.kubeVersion.startsWith(`>=${spec.minKubeVersion}`));
	assert.deepEqual(spec.relatedImages, [{ name: "operator", image: operator.image }]);
	assert.equal(metadata.annotations.containerImage, operator.image);
});

test("it owns the definitions that the bundle carries, no others", () => {
	assert.deepEqual(
		spec.customresourcedefinitions.owned.map(({ name, kind, version }) => `${name} ${kind} ${version}`).toSorted(),
		ALL_KINDS.map(({ plural, group, kind, version }) => `${plural}.${group} ${kind} ${version}`).toSorted(),
	);
	assert.match(read("charts/olm/bundle.Dockerfile"), /^COPY crds\/\*\.yaml charts\/olm\/manifests\/ \/manifests\/$/m);
});

test("a console is told of every field at the top of a spec and of a status, and of none that there is not", () => {
	for (const { name, specDescriptors, statusDescriptors } of spec.customresourcedefinitions.owned) {
		const { spec: wanted, status } = schemaOf(name);
		for (const [schema, told] of [[wanted, specDescriptors] as const, [status, statusDescriptors] as const]) {
			const paths = told.map(({ path }) => path);
			for (const field of Object.keys(schema?.properties ?? {})) assert.ok(paths.includes(field), `${name}: ${field}`);
			for (const path of paths) {
				const found = path.split(".").reduce((at, step) => at?.properties?.[step], schema);
				assert.ok(found !== undefined, `${name}: ${path}`);
			}
			assert.equal(new Set(paths).size, paths.length);
		}
	}
});

test("each kind has an example with a spec, which is right as it stands", () => {
	const examples = z
		.array(z.looseObject({ apiVersion: text, kind: text, metadata: z.object({ name: text }), spec: z.looseObject({}) }))
		.parse(JSON.parse(metadata.annotations["alm-examples"] ?? ""));
	assert.deepEqual(examples.map(({ kind }) => kind).toSorted(), ALL_KINDS.map(({ kind }) => kind).toSorted());
	for (const example of examples) {
		const kind = ALL_KINDS.find((one) => one.kind === example.kind) ?? assert.fail(example.kind);
		const object = { ...example, metadata: { namespace: "default", uid: "u", generation: 1, ...example.metadata } };
		const parsed = parseResource(kind, object);
		assert.ok("resource" in parsed, JSON.stringify(parsed));
		const known = Object.keys(schemaOf(`${kind.plural}.${kind.group}`).spec?.properties ?? {});
		for (const field of Object.keys(example.spec)) assert.ok(known.includes(field), field);
	}
});

test("it asks for the rights of the chart, to the letter", () => {
	const chartRights = z.record(z.string(), rules).parse(parse(read("charts/limani/files/permissions.yaml")));
	const wordsOf = (some: z.output<typeof rules>) =>
		some.map(({ resourceNames: _, ...rule }) => JSON.stringify(Object.entries(rule).toSorted())).toSorted();
	const { cluster = [], ...inNamespaces } = chartRights;
	assert.deepEqual(wordsOf(installed.clusterPermissions[0].rules), wordsOf(cluster));
	assert.deepEqual(wordsOf(installed.permissions[0].rules), wordsOf(Object.values(inNamespaces).flat()));
	for (const { serviceAccountName } of [...installed.clusterPermissions, ...installed.permissions]) {
		assert.equal(deployment.template.spec.serviceAccountName, serviceAccountName);
	}
});

test("the operator looks after the namespaces of its OperatorGroup, whatever the mode", () => {
	assert.deepEqual(spec.installModes.map(({ type }) => type).toSorted(), [
		"AllNamespaces",
		"MultiNamespace",
		"OwnNamespace",
		"SingleNamespace",
	]);
	const fields: { readonly [path: string]: string } = {
		"metadata.annotations['olm.targetNamespaces']": "team-a,team-b",
		"metadata.namespace": "operators",
		"metadata.name": "limani-0",
	};
	const environment = new Map<string, string>();
	for (const { name, value, valueFrom } of operator.env) {
		const given = valueFrom === undefined ? (value ?? "") : (fields[valueFrom.fieldRef.fieldPath] ?? assert.fail(name));
		// A pod's variables may name those before them.
		environment.set(
			name,
			given.replaceAll(/\$\((\w+)\)/g, (_, before: string) => environment.get(before) ?? assert.fail()),
		);
	}
	const options = readOperatorOptions(operator.args.slice(1), Object.fromEntries(environment)) ?? assert.fail();
	assert.deepEqual(options.namespaces, ["team-a", "team-b"]);
	assert.deepEqual(options.secretNamespaces, [], "those of its namespaces");
	assert.deepEqual(options.lease, { namespace: "operators", name: "limani" });
});

test("the labels of the bundle's image are its annotations", () => {
	const { annotations } = Object(parse(read("charts/olm/metadata/annotations.yaml")));
	const labels = Array.from(
		read("charts/olm/bundle.Dockerfile").matchAll(/^LABEL (\S+?)=(\S+)$/gm),
		([, name = "", value = ""]) => [name, value] as const,
	);
	assert.deepEqual(Object.fromEntries(labels), annotations);
	assert.equal(labels.length, 6);
});

test("the level of capability is the one that the chart claims, and the page on GitOps gives its evidence", () => {
	const level = metadata.annotations.capabilities ?? "";
	assert.equal(level, chart.annotations["artifacthub.io/operatorCapabilities"]);
	const page = read("docs/gitops.md");
	assert.ok(page.includes(`**${level}**`));
	const [, section = ""] = page.split("\n## Capability level\n");
	const tests = Array.from(section.matchAll(/`(test\/[^`]+)`/g), ([, path = ""]) => path);
	assert.ok(tests.length >= 5);
	for (const path of tests) assert.ok(globSync(path, { cwd: root }).length > 0, path);
});
