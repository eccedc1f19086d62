import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { parse } from "yaml";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { readOperatorOptions } from "#/app/operator/operator-options.ts";
import { fieldAt, listAt, textAt } from "#/kube-embedded/json.ts";
import {
	chartPath,
	environmentOf,
	type Rendered,
	type RenderOpts,
	renderChart,
	runHelm,
	valueArguments,
} from "../../support/chart/render.ts";
import { grantsOf, rulesOf } from "../../support/chart/rules.ts";
import { chartValues } from "../../support/chart/values.ts";

const PROFILES: readonly RenderOpts[] = [
	{},
	{ profile: "minimal" },
	{ profile: "production" },
	{ profile: "air-gapped" },
	{ values: { watchNamespaces: ["team-a", "team-b"] } },
	{ profile: "production", values: { watchNamespaces: ["team-a"], "secrets.clusterWide": true } },
];

const ACCOUNT = { name: "limani", namespace: "limani-system" };
/** Volumes that the restricted profile of Pod Security allows. */
const VOLUMES = [
	"configMap",
	"csi",
	"downwardAPI",
	"emptyDir",
	"ephemeral",
	"persistentVolumeClaim",
	"projected",
	"secret",
];

const nameOf = ({ profile = "defaults", values = {} }: RenderOpts): string =>
	Object.keys(values).length === 0 ? profile : `${profile} with ${JSON.stringify(values)}`;

const find = (objects: readonly Rendered[], kind: string, name?: string): Rendered =>
	objects.find((object) => object.kind === kind && (name === undefined || object.metadata.name === name)) ??
	assert.fail(`there is no ${kind} ${name ?? ""}`);

/** The specs of all pods that a release makes. */
const podsOf = (objects: readonly Rendered[]): readonly unknown[] =>
	objects.flatMap((object) =>
		object.kind === "Pod"
			? [object.spec]
			: object.kind === "Deployment"
				? [fieldAt(object.spec, ["template", "spec"])]
				: [],
	);

const assertRestricted = (pod: unknown): void => {
	assert.equal(fieldAt(pod, ["securityContext", "runAsNonRoot"]), true);
	assert.equal(textAt(pod, "securityContext", "seccompProfile", "type"), "RuntimeDefault");
	for (const field of ["hostNetwork", "hostPID", "hostIPC"]) assert.equal(fieldAt(pod, [field]), undefined);
	assert.equal(fieldAt(pod, ["enableServiceLinks"]), false);
	for (const volume of listAt(pod, "volumes")) {
		const [kind] = Object.keys(Object(volume)).filter((key) => key !== "name");
		assert.ok(VOLUMES.includes(kind ?? ""), `volume of kind ${kind}`);
	}
	const containers = listAt(pod, "containers");
	assert.ok(containers.length > 0);
	for (const container of containers) {
		const context = fieldAt(container, ["securityContext"]);
		assert.deepEqual(context, {
			allowPrivilegeEscalation: false,
			readOnlyRootFilesystem: true,
			capabilities: { drop: ["ALL"] },
		});
		const image = textAt(container, "image") ?? "";
		assert.match(image, /(:[0-9][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})$/);
		assert.ok(fieldAt(container, ["resources", "requests", "memory"]) !== undefined);
		assert.ok(fieldAt(container, ["resources", "limits", "memory"]) !== undefined);
	}
};

const assertModest = (role: Rendered): void => {
	for (const { apiGroups, resources, verbs, resourceNames } of rulesOf(role)) {
		const words = [...apiGroups, ...resources, ...verbs, ...(resourceNames ?? [])];
		assert.ok(!words.some((word) => word.includes("*")), `${role.metadata.name} has a wildcard`);
		for (const verb of ["escalate", "bind", "impersonate"]) assert.ok(!verbs.includes(verb));
		assert.ok(!apiGroups.includes("rbac.authorization.k8s.io"));
		assert.ok(!resources.some((resource) => /^(pods|serviceaccounts)\/(exec|attach|token)$|^nodes/.test(resource)));
	}
};

/** The fields of a schema that name a Secret. */
function* secretFieldsIn(schema: unknown, path: string): Generator<string> {
	for (const [name, child] of Object.entries(Object(fieldAt(schema, ["properties"])))) {
		const here = `${path}.${name}`;
		if (name.endsWith("ecretRef")) yield `${here}.name`;
		else if (name.endsWith("ecretName")) yield here;
		else if (name.endsWith("ecrets")) yield `${here}[].name`;
		else yield* secretFieldsIn(child, here);
	}
	const items = fieldAt(schema, ["items"]);
	if (items !== undefined) yield* secretFieldsIn(items, `${path}[]`);
}

suite("The chart limani, as helm renders it", () => {
	test("lints without complaint", async () => {
		for (const opts of PROFILES) {
			const output = await runHelm("lint", "--strict", chartPath("limani"), ...valueArguments(opts));
			assert.match(output, /1 chart\(s\) linted, 0 chart\(s\) failed/);
		}
		assert.match(await runHelm("lint", "--strict", chartPath("limani-crds")), /0 chart\(s\) failed/);
	});

	for (const opts of PROFILES) {
		test(`is modest: ${nameOf(opts)}`, async () => {
			const objects = await renderChart(opts);
			const pods = podsOf(objects);
			assert.ok(pods.length >= 2);
			pods.forEach(assertRestricted);
			const roles = objects.filter(({ kind }) => kind === "Role" || kind === "ClusterRole");
			assert.ok(roles.length >= 3);
			roles.forEach(assertModest);
			const clusterWide = Object(opts.values)["secrets.clusterWide"] === true;
			const secrets = grantsOf(objects, ACCOUNT).filter(({ rule }) => rule.resources.includes("secrets"));
			assert.equal(
				secrets.some(({ namespace }) => namespace === undefined),
				clusterWide,
			);
			assert.ok(objects.some(({ kind }) => kind === "NetworkPolicy"));
			const text = JSON.stringify(objects);
			assert.doesNotMatch(text, /hostPath|:latest"/);
			for (const { kind, metadata } of objects) {
				assert.equal(metadata.labels["app.kubernetes.io/instance"], "limani", `${kind} ${metadata.name}`);
			}
			const keys = objects.map(({ kind, metadata: { namespace, name } }) => `${kind} ${namespace}/${name}`);
			assert.equal(new Set(keys).size, keys.length);
		});

		test(`says to the operator what the operator understands: ${nameOf(opts)}`, async () => {
			const objects = await renderChart(opts);
			const environment = environmentOf(objects);
			const read = readOperatorOptions([], environment) ?? assert.fail();
			const known = Object.keys(environment).filter((name) => name.startsWith("LIMANI_OPERATOR_"));
			assert.equal(known.length, 7);
			assert.equal(read.listen, "0.0.0.0:9090");
			assert.deepEqual(read.lease, { namespace: "limani-system", name: "limani" });
			const { matchLabels } = Object(Object(find(objects, "Deployment").spec).selector);
			assert.deepEqual(read.podLabels, matchLabels);
			const { watchNamespaces = [], "secrets.clusterWide": clusterWide = false } = Object(opts.values);
			assert.deepEqual(read.namespaces, watchNamespaces);
			const own = watchNamespaces.length === 0 ? ["limani-system"] : watchNamespaces;
			assert.deepEqual(read.secretNamespaces, clusterWide ? [] : own);
			assert.equal(read.image, environmentOf(objects).LIMANI_OPERATOR_IMAGE);
		});
	}

	test("gives the rights to the namespaces that are listed, and to all alone what reads namespaces and classes of volumes", async () => {
		const objects = await renderChart({ values: { watchNamespaces: ["team-a"], "secrets.namespaces": ["copies"] } });
		const byNamespace = Map.groupBy(grantsOf(objects, ACCOUNT), ({ namespace }) => namespace);
		const resources = (namespace: string | undefined) =>
			(byNamespace.get(namespace) ?? []).flatMap(({ rule }) => rule.resources).toSorted();
		assert.deepEqual(resources(undefined), ["namespaces", "storageclasses"]);
		const verbs = (byNamespace.get(undefined) ?? []).flatMap(({ rule }) => rule.verbs);
		assert.deepEqual(new Set(verbs), new Set(["get", "list", "watch"]));
		assert.deepEqual(resources("copies"), ["secrets"]);
		assert.deepEqual(resources("limani-system"), ["leases", "leases"]);
		assert.ok(resources("team-a").includes("secrets") && resources("team-a").includes("statefulsets"));
		assert.deepEqual([...byNamespace.keys()].toSorted(), ["copies", "limani-system", "team-a", undefined]);
	});

	test("lets the Lease be written by its name alone", async () => {
		const rules = rulesOf(find(await renderChart(), "Role", "limani-system-limani-lease"));
		assert.deepEqual(
			rules.map(({ verbs, resourceNames }) => ({ verbs, resourceNames })),
			[
				{ verbs: ["get", "update"], resourceNames: ["limani"] },
				{ verbs: ["create"], resourceNames: undefined },
			],
		);
	});

	test("names images by digest where one is given, and another for registries where one is named", async () => {
		const digest = `sha256:${"a".repeat(64)}`;
		const objects = await renderChart({
			values: {
				"image.digest": digest,
				"registryImage.repository": "registry.example/other",
				"registryImage.tag": "2",
			},
		});
		const environment = environmentOf(objects);
		assert.equal(environment.LIMANI_OPERATOR_IMAGE, "registry.example/other:2");
		for (const pod of podsOf(objects)) {
			assert.equal(textAt(listAt(pod, "containers")[0], "image"), `registry.example/limani@${digest}`);
		}
	});

	test("keeps the definitions when the release goes, unless the values say otherwise", async () => {
		const policies = async (opts: RenderOpts) =>
			(await renderChart(opts))
				.filter(({ kind }) => kind === "CustomResourceDefinition")
				.map(({ metadata }) => metadata.annotations["helm.sh/resource-policy"]);
		assert.deepEqual(
			await policies({}),
			ALL_KINDS.map(() => "keep"),
		);
		assert.deepEqual(new Set(await policies({ values: { "crds.keep": false } })), new Set([undefined]));
		assert.deepEqual(await policies({ values: { "crds.enabled": false } }), []);
		assert.equal((await policies({ chart: "limani-crds" }))[0], "keep");
		assert.equal((await policies({ chart: "limani-crds", values: { keep: false } }))[0], undefined);
	});

	test("brings the definitions just as they are in crds/", async () => {
		for (const chart of ["limani", "limani-crds"] as const) {
			for (const object of (await renderChart({ chart })).filter(({ kind }) => kind === "CustomResourceDefinition")) {
				const { plural } = Object(Object(object.spec).names);
				const file = join(import.meta.dirname, "..", "..", "..", "crds", `${plural}.yaml`);
				assert.deepEqual(object.spec, parse(readFileSync(file, "utf8")).spec);
			}
		}
	});

	test("has policies that look at every field that names a Secret", async () => {
		const policy = find(await renderChart(), "ValidatingAdmissionPolicy", "limani-system-limani-secrets");
		const [named] = listAt(policy.spec, "variables");
		const expression = (textAt(named, "expression") ?? "").replaceAll("?", "");
		const fields = ["registries", "replicationpolicies"].flatMap((plural) => {
			const file = join(import.meta.dirname, "..", "..", "..", "crds", `${plural}.yaml`);
			const [version] = listAt(parse(readFileSync(file, "utf8")), "spec", "versions");
			return [...secretFieldsIn(fieldAt(version, ["schema", "openAPIV3Schema", "properties", "spec"]), "object.spec")];
		});
		assert.ok(fields.length >= 30);
		for (const field of fields) {
			const inList = field
				.replace("object.spec.auth.users[]", "user")
				.replace("object.spec.auth.issuers[]", "issuer")
				.replace("object.spec.imagePullSecrets[]", "secret")
				.replace("object.spec.storageClasses[]", "place");
			assert.ok(expression.includes(inList), field);
		}
	});

	test("brings alerts that read the figures of the values", async () => {
		const values = { "monitoring.rules.backupAgeSeconds": 600_000, "monitoring.rules.replicationLagSeconds": 7_200 };
		const { spec } = find(await renderChart({ profile: "production", values }), "PrometheusRule");
		const rules = listAt(spec, "groups").flatMap((group) => listAt(group, "rules"));
		const exprOf = (alert: string) =>
			textAt(
				rules.find((rule) => textAt(rule, "alert") === alert),
				"expr",
			) ?? assert.fail(alert);
		assert.match(exprOf("LimaniReplicationLagging"), / > 7200$/);
		assert.match(exprOf("LimaniBackupMissing"), /\[600000s\].* < 600000$/);
		assert.match(exprOf("LimaniNoLeader"), /name="limani-system\/limani"|name="limani"/);
		for (const rule of rules) assert.doesNotMatch(textAt(rule, "expr") ?? "NAME", /\b(NAME|LAG|AGEs?)\b/);
	});

	test("gives the usual roles of Kubernetes rights over each kind, and none where that is not wanted", async () => {
		const aggregate = "rbac.authorization.k8s.io/aggregate-to-";
		const rolesOf = async (opts: RenderOpts, role: string) =>
			(await renderChart(opts)).filter(
				({ kind, metadata }) => kind === "ClusterRole" && metadata.labels[`${aggregate}${role}`] === "true",
			);
		const verbs = {
			view: ["get", "list", "watch"],
			edit: ["create", "update", "patch", "delete"],
			admin: ["deletecollection"],
		};
		for (const [role, wanted] of Object.entries(verbs)) {
			const rules = (await rolesOf({}, role)).flatMap(rulesOf);
			for (const { plural, group } of ALL_KINDS) {
				const given = rules.filter(
					({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(plural),
				);
				assert.deepEqual(
					given.map((rule) => rule.verbs),
					[wanted],
					`${role} of ${plural}`,
				);
			}
			assert.deepEqual(await rolesOf({ values: { "rbac.aggregate": false } }, role), []);
		}
	});

	test("refuses a value that it does not know, and one of the wrong kind, and says which", async () => {
		const cases: readonly (readonly [values: Readonly<Record<string, unknown>>, message: RegExp])[] = [
			[{ "imge.tag": "1" }, /at '': additional properties 'imge' not allowed/],
			[{ "resources.request.cpu": "1" }, /at '\/resources': additional properties 'request' not allowed/],
			[{ "networkPolicy.enabld": true }, /at '\/networkPolicy': additional properties 'enabld' not allowed/],
			[{ replicas: "two" }, /at '\/replicas': got string, want integer/],
			[{ logLevel: "loud" }, /at '\/logLevel': value must be one of 'error', 'warn', 'info', 'debug'/],
			[{ watchNamespaces: ["Team_A"] }, /at '\/watchNamespaces\/0': .*does not match pattern/],
			[{ "image.digest": "sha256:abc" }, /at '\/image\/digest'/],
			[{ "image.repository": "" }, /image\.repository: got nothing: expected where the image of limani is/],
			[{ "registryImage.tag": "2" }, /registryImage\.repository: got nothing/],
		];
		for (const [values, message] of cases) await assert.rejects(renderChart({ values }), message);
	});

	test("has more objects where they are asked for, which may be templates", async () => {
		const more = {
			apiVersion: "v1",
			kind: "ConfigMap",
			metadata: { name: "{{ .Release.Name }}-more", labels: { "app.kubernetes.io/instance": "limani" } },
		};
		assert.ok(find(await renderChart({ values: { extraObjects: [more] } }), "ConfigMap", "limani-more"));
	});

	test("tests a release where the operator may have Secrets", async () => {
		const place = async (values: Readonly<Record<string, unknown>>) =>
			find(await renderChart({ values }), "Registry").metadata.namespace;
		assert.equal(await place({}), "limani-system");
		assert.equal(await place({ watchNamespaces: ["team-a"] }), "team-a");
		assert.equal(await place({ watchNamespaces: ["team-a", "limani-system"] }), "limani-system");
		assert.equal(await place({ "secrets.namespaces": ["team-b"] }), "team-b");
		assert.equal(await place({ "secrets.clusterWide": true, "secrets.namespaces": ["team-b"] }), "limani-system");
	});
});

test("the profiles fit the schema of values", () => {
	for (const profile of ["minimal", "production", "air-gapped"]) {
		const file = join(chartPath("limani"), "profiles", `${profile}.yaml`);
		assert.ok(chartValues.parse(parse(readFileSync(file, "utf8"))));
	}
});
