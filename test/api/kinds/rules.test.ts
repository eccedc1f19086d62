import assert from "node:assert/strict";
import { test } from "node:test";
import { type StructuralSchema, withDefaults } from "#/api/crd/structural-schema.ts";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { parseResource } from "#/api/kinds/parse-resource.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { judgeRules, rulesOf } from "../../support/cel-rules.ts";

/** A spec, perhaps what it was before, and what the rules say of it. */
interface Case {
	readonly kind: KindDefinition;
	readonly spec: object;
	readonly before?: object;
	readonly name?: string;
	/** How the messages of the broken rules begin; none: all hold. */
	readonly broken?: readonly string[];
}

const robot = { registryRef: { name: "default" } };
const project = { registryRef: { name: "default" } };
const key = { name: "s", key: "k" };
const s3 = { s3: { bucket: "b" } };
const postgres = { postgres: { urlSecretRef: key } };
const gcs = { gcs: { bucket: "b" } };
const azure = { azure: { container: "c", accountName: "a", accountKeySecretRef: key } };
const byString = { azure: { container: "c", connectionStringSecretRef: key } };
const selecting = (requirement: object) => ({ allowedNamespaces: { selector: { matchExpressions: [requirement] } } });

const MORE =
	"more than one replica needs database.postgres and object storage (s3, gcs or azure): a second process must not open the embedded database";
const VALUES = "expected values with In and NotIn";
const STORAGE = "expected exactly one of filesystem, s3, gcs, azure";

const registries: readonly Omit<Case, "kind">[] = [
	{ spec: {} },
	{ spec: {}, name: "a" },
	{ spec: {}, name: `a${"-".repeat(38)}b` },
	{ spec: {}, name: `a${"-".repeat(39)}b`, broken: ["the name must be"] },
	{ spec: {}, name: "1a", broken: ["the name must be"] },
	{ spec: {}, name: "a.b", broken: ["the name must be"] },
	{ spec: { replicas: 0 } },
	{ spec: { replicas: 2 }, broken: [MORE] },
	{ spec: { replicas: 2, storage: s3 }, broken: [MORE] },
	{ spec: { replicas: 2, database: postgres }, broken: [MORE] },
	{ spec: { replicas: 2, storage: s3, database: postgres } },
	{ spec: { replicas: 2, storage: gcs, database: postgres } },
	{ spec: { replicas: 2, storage: azure, database: postgres } },
	{ spec: { storage: {} }, broken: [STORAGE] },
	{ spec: { storage: { ...s3, ...gcs } }, broken: [STORAGE] },
	{ spec: { database: {} }, broken: ["expected exactly one of embedded, postgres"] },
	{ spec: { database: { embedded: {}, ...postgres } }, broken: ["expected exactly one of embedded, postgres"] },
	{ spec: { storage: byString } },
	{ spec: { storage: { azure: { container: "c" } } }, broken: ["expected accountName and accountKeySecretRef"] },
	{
		spec: { storage: { azure: { container: "c", accountName: "a" } } },
		broken: ["expected accountName and accountKeySecretRef"],
	},
	{
		spec: { storage: { azure: { ...byString.azure, endpoint: "https://a.example" } } },
		broken: ["expected accountName and accountKeySecretRef"],
	},
	{ spec: { auth: { tokenLifetime: "1m", refreshTokenLifetime: "60s" } } },
	{ spec: { auth: { tokenLifetime: "59s", refreshTokenLifetime: "0d" } }, broken: ["expected 1m", "expected 1m"] },
	{ spec: selecting({ key: "a", operator: "In", values: ["b"] }) },
	{ spec: selecting({ key: "a", operator: "NotIn", values: [] }), broken: [VALUES] },
	{ spec: selecting({ key: "a", operator: "Exists" }) },
	{ spec: selecting({ key: "a", operator: "DoesNotExist", values: ["b"] }), broken: [VALUES] },
	// Changes.
	{ before: {}, spec: { replicas: 0, storage: { filesystem: { size: "20Gi" } } } },
	{ before: {}, spec: { storage: s3 }, broken: ["the kind of storage cannot"] },
	{ before: {}, spec: { database: postgres }, broken: ["the kind of database cannot"] },
	{ before: { database: postgres }, spec: { database: { postgres: { urlSecretRef: { ...key, name: "t" } } } } },
	{ before: {}, spec: { storage: { filesystem: { storageClassName: "x" } } }, broken: ["storageClassName cannot"] },
	{
		before: { storage: { filesystem: { storageClassName: "x" } } },
		spec: { storage: { filesystem: { storageClassName: "x" } } },
	},
	{ before: { storage: s3 }, spec: { storage: { s3: { ...s3.s3, pathStyle: true, redirect: true } } } },
	{ before: { storage: s3 }, spec: { storage: { s3: { bucket: "c" } } }, broken: ["bucket cannot"] },
	{ before: { storage: s3 }, spec: { storage: { s3: { ...s3.s3, region: "x" } } }, broken: ["region cannot"] },
	{ before: { storage: s3 }, spec: { storage: { s3: { ...s3.s3, prefix: "x/" } } }, broken: ["prefix cannot"] },
	{
		before: { storage: s3 },
		spec: { storage: { s3: { ...s3.s3, endpoint: "https://a.example" } } },
		broken: ["endpoint cannot"],
	},
	{
		before: { storage: { s3: { ...s3.s3, endpoint: "https://a.example" } } },
		spec: { storage: s3 },
		broken: ["endpoint cannot"],
	},
	{ before: { storage: gcs }, spec: { storage: { gcs: { bucket: "c" } } }, broken: ["bucket cannot"] },
	{
		before: { storage: gcs },
		spec: { storage: { gcs: { ...gcs.gcs, apiEndpoint: "https://a.example" } } },
		broken: ["apiEndpoint cannot"],
	},
	{ before: { storage: gcs }, spec: { storage: { gcs: { ...gcs.gcs, credentialsSecretRef: key } } } },
	{
		before: { storage: azure },
		spec: { storage: { azure: { ...azure.azure, container: "d" } } },
		broken: ["container cannot"],
	},
	{
		before: { storage: azure },
		spec: { storage: { azure: { ...azure.azure, accountName: "b" } } },
		broken: ["accountName cannot"],
	},
	{ before: { storage: azure }, spec: { storage: { azure: { ...azure.azure, redirect: true } } } },
];

const projects: readonly Omit<Case, "kind">[] = [
	{ spec: project },
	{ before: project, spec: { ...project, visibility: "Public" } },
	{ before: project, spec: { registryRef: { name: "other" } }, broken: ["registryRef cannot"] },
	{ before: project, spec: { registryRef: { name: "default", namespace: "b" } }, broken: ["registryRef cannot"] },
	{ before: project, spec: { ...project, projectName: "some" } },
	{ before: { ...project, projectName: "some" }, spec: project },
	{ before: project, spec: { ...project, projectName: "another" }, broken: ["projectName cannot"] },
	{ before: { ...project, projectName: "x" }, spec: project, broken: ["projectName cannot"] },
	{ before: { ...project, projectName: "x" }, spec: { ...project, projectName: "x", suspend: true } },
];

const GRACE = "gracePeriod must not be longer";

const robots: readonly Omit<Case, "kind">[] = [
	{ spec: robot },
	{ spec: robot, name: "x".repeat(63) },
	{ spec: robot, name: "x".repeat(64), broken: ["the name must be at most 63"] },
	{ before: robot, spec: { ...robot, suspend: true } },
	{ before: robot, spec: { registryRef: { name: "other" } }, broken: ["registryRef cannot"] },
	{ spec: { ...robot, rotation: { interval: "1h" } } },
	{ spec: { ...robot, rotation: { interval: "59m59s" } }, broken: [GRACE] },
	{ spec: { ...robot, rotation: { interval: "30m", gracePeriod: "30m" } } },
	{ spec: { ...robot, rotation: { interval: "1d", gracePeriod: "24h" } } },
	{ spec: { ...robot, rotation: { interval: "1d", gracePeriod: "24h1s" } }, broken: [GRACE] },
	{ spec: { ...robot, rotation: { interval: "9999d999999h999999m999999s", gracePeriod: "9999d" } } },
	{ spec: { ...robot, rotation: { interval: "59s", gracePeriod: "0s" } }, broken: ["expected 1m"] },
	{ spec: { ...robot, rotation: { gracePeriod: "9999d" } } },
	{ spec: { ...robot, secret: { labels: { team: "a" }, annotations: { "a/b": "c" } } } },
	{ spec: { ...robot, secret: { labels: { "limani.dev/owner-uid": "a" } } }, broken: ["app.kubernetes.io/managed-by"] },
	{
		spec: { ...robot, secret: { annotations: { "app.kubernetes.io/managed-by": "a" } } },
		broken: ["app.kubernetes.io/managed-by"],
	},
	{ spec: { ...robot, secret: { attachTo: { serviceAccounts: ["a"] } } } },
	{ spec: { ...robot, secret: { type: "Basic" } } },
	{
		spec: { ...robot, secret: { type: "Basic", attachTo: { serviceAccounts: ["a"] } } },
		broken: ["only a Secret of type"],
	},
	{
		spec: { ...robot, secret: { copyTo: { namespaceSelector: { matchExpressions: [{ key: "a", operator: "In" }] } } } },
		broken: [VALUES],
	},
	{
		spec: {
			...robot,
			secret: { copyTo: { namespaceSelector: { matchExpressions: [{ key: "a", operator: "DoesNotExist" }] } } },
		},
	},
];

const cases: readonly Case[] = [
	...registries.map((each) => ({ ...each, kind: registryKind })),
	...projects.map((each) => ({ ...each, kind: projectKind })),
	...robots.map((each) => ({ ...each, kind: robotAccountKind })),
];

const schemaOf = (kind: KindDefinition): StructuralSchema =>
	toCrd(kind).spec.versions[0]?.schema.openAPIV3Schema ?? assert.fail();

/** Rules that were seen to hold, and to be broken, as `kind expression`. */
const seen = { held: new Set<string>(), broken: new Set<string>() };

for (const { kind, spec, before, name = "some", broken = [] } of cases) {
	const change = before === undefined ? "" : `${JSON.stringify(before)} → `;
	const verdict = broken.length === 0 ? "may be" : "may not be";
	test(`a ${kind.kind} ${name.length > 20 ? `of ${name.length} letters` : name} ${verdict} ${change}${JSON.stringify(spec)}`, () => {
		const schema = schemaOf(kind);
		const whole = (given: object): unknown => withDefaults(schema, { metadata: { name }, spec: given });
		const judged = [...judgeRules(schema, whole(spec), before === undefined ? undefined : whole(before))];
		for (const { rule, holds } of judged) (holds ? seen.held : seen.broken).add(`${kind.kind} ${rule.rule}`);
		const messages = judged.filter(({ holds }) => !holds).map(({ rule }) => rule.message);
		assert.equal(messages.length, broken.length, messages.join("; "));
		for (const [i, start] of broken.entries()) assert.equal(messages[i]?.slice(0, start.length), start);
	});

	if (before === undefined && !broken[0]?.startsWith("the name")) {
		test(`and what is parsed says the same of a ${kind.kind} ${JSON.stringify(spec)}`, () => {
			const metadata = { name: "some", namespace: "team", uid: "u", generation: 1 };
			const parsed = parseResource(kind, { metadata, spec });
			if (broken.length === 0) assert.ok("resource" in parsed, JSON.stringify(parsed));
			else
				assert.ok(
					"invalid" in parsed && broken.every((start) => parsed.invalid.includes(start)),
					JSON.stringify(parsed),
				);
		});
	}
}

test("every rule was seen to hold and to be broken", () => {
	const expressionsIn = (schema: StructuralSchema): readonly string[] => [
		...rulesOf(schema).map(({ rule }) => rule),
		...Object.values(schema.properties ?? {}).flatMap(expressionsIn),
		...(schema.items === undefined ? [] : expressionsIn(schema.items)),
		...(schema.additionalProperties === undefined ? [] : expressionsIn(schema.additionalProperties)),
	];
	const all = new Set(ALL_KINDS.flatMap((kind) => expressionsIn(schemaOf(kind)).map((rule) => `${kind.kind} ${rule}`)));
	assert.ok(all.size > 15);
	assert.deepEqual([...all.difference(seen.held)], []);
	assert.deepEqual([...all.difference(seen.broken)], []);
});
