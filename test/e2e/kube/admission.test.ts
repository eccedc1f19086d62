import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { stringify } from "yaml";
import { fieldAt, listAt } from "#/kube-embedded/json.ts";
import { chartPath, valueArguments } from "../../support/chart/render.ts";
import { toolsFor } from "../../support/chart/tools.ts";
import { openKubePlane, skipWithoutKube } from "../../support/kube-plane.ts";
import { eventually } from "../../support/operator-world.ts";

const GROUP = "limani.dev";
const RESOURCES = [
	"backups",
	"backupschedules",
	"projects",
	"registries",
	"replicationpolicies",
	"retentionpolicies",
	"robotaccounts",
];
const WRITE = ["get", "list", "create", "update", "patch", "delete"];
const OPERATOR = "system:serviceaccount:limani-system:limani";

type Fields = Readonly<Record<string, unknown>>;

/** alice may write our kinds; bob the Secrets and service accounts beside them as well; carol read one Secret. */
const PEOPLE: readonly (readonly [name: string, more: readonly Fields[]])[] = [
	["alice", []],
	[
		"bob",
		[
			{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] },
			{ apiGroups: [""], resources: ["serviceaccounts"], verbs: ["patch"] },
		],
	],
	["carol", [{ apiGroups: [""], resources: ["secrets"], resourceNames: ["one"], verbs: ["get"] }]],
];

const rbac = (name: string, more: readonly Fields[]): readonly object[] => [
	{
		apiVersion: "rbac.authorization.k8s.io/v1",
		kind: "Role",
		metadata: { name, namespace: "team-a" },
		rules: [{ apiGroups: [GROUP], resources: RESOURCES, verbs: WRITE }, ...more],
	},
	{
		apiVersion: "rbac.authorization.k8s.io/v1",
		kind: "RoleBinding",
		metadata: { name, namespace: "team-a" },
		roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
		subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
	},
];

const ours = (kind: string, name: string, spec: object): object => ({
	apiVersion: `${GROUP}/v1alpha1`,
	kind,
	metadata: { name, namespace: "team-a" },
	spec,
});

const replication = (name: string, secret?: string): object =>
	ours("ReplicationPolicy", name, {
		registryRef: { name: "main" },
		projectRefs: [{ name: "web" }],
		destination: {
			url: "https://registry.example.org",
			...(secret === undefined ? {} : { credentialsSecretRef: { name: secret } }),
		},
		trigger: { onEvent: true },
	});

const withUsers = (name: string, ...secrets: readonly string[]): object =>
	ours("Registry", name, {
		auth: { users: secrets.map((secret) => ({ name: secret, passwordSecretRef: { name: secret, key: "password" } })) },
	});

const withPullSecret = (name: string, secret: string): object =>
	ours("Registry", name, { imagePullSecrets: [{ name: secret }] });

/** What its backups and what it begins with are sealed with, and opened. */
const withArchives = (name: string, secrets: { readonly own: string; readonly former: string }): object => {
	const place = (secret: string, prefix: string) => ({
		archive: { s3: { bucket: "backups", prefix, credentialsSecretRef: { name: secret } } },
		encryptionKeySecretRef: { name: secret, key: "password" },
	});
	const recovery = place(secrets.former, "former/");
	return ours("Registry", name, { backup: place(secrets.own, `${name}/`), bootstrap: { recovery } });
};

const robot = (name: string, ...serviceAccounts: readonly string[]): object =>
	ours("RobotAccount", name, { registryRef: { name: "main" }, secret: { attachTo: { serviceAccounts } } });

const masterKey = (namespace: string): object => ({
	apiVersion: "v1",
	kind: "Secret",
	metadata: {
		name: "app-registry-master-key",
		namespace,
		labels: { "app.kubernetes.io/component": "registry", "app.kubernetes.io/managed-by": "limani" },
	},
});

describe("The policies of the chart, on a real API server", { skip: skipWithoutKube() }, () => {
	let stack: AsyncDisposableStack;
	let tools: ReturnType<typeof toolsFor>;
	let home: string;
	before(async () => {
		stack = new AsyncDisposableStack();
		home = mkdtempSync(join(tmpdir(), "limani-admission-"));
		stack.defer(() => rmSync(home, { recursive: true, force: true }));
		tools = toolsFor(stack.use(await openKubePlane({ controllers: true })).kubeconfig, home);
		const place = ["--namespace", "limani-system", "--create-namespace"];
		await tools.helm("install", "limani", chartPath("limani"), ...place, ...valueArguments({}));
		for (const namespace of ["team-a", "team-b"]) await tools.kubectl("create", "namespace", namespace);
		for (const [name, more] of PEOPLE) for (const object of rbac(name, more)) await apply(object);
		for (const name of ["one", "two"]) {
			await tools.kubectl("create", "secret", "generic", name, "-n", "team-a", "--from-literal=password=a-word");
		}
		// A policy is in force a moment after it was made.
		await apply(masterKey("team-b"));
		await eventually(async () => {
			const refused = await attempt("delete", "secret", "app-registry-master-key", "-n", "team-b", "--dry-run=server");
			return refused === undefined ? ["the policies are not in force yet"] : [];
		});
	});
	after(() => stack.disposeAsync());

	/** What was complained of; undefined: it was done. */
	const attempt = async (...args: readonly string[]): Promise<string | undefined> => {
		const { code, stderr } = await tools.attemptKubectl(...args);
		return code === 0 ? undefined : stderr;
	};

	let files = 0;
	const apply = async (object: object, who?: string): Promise<string | undefined> => {
		files++;
		const file = join(home, `${files}.yaml`);
		writeFileSync(file, stringify(object));
		const said = await attempt("apply", "-f", file, ...(who === undefined ? [] : ["--as", who]));
		if (who === undefined && said !== undefined) throw new Error(said);
		return said;
	};

	it("are understood by the API server, without a warning", async () => {
		await eventually(async () => {
			const list: unknown = JSON.parse(await tools.kubectl("get", "validatingadmissionpolicies", "-o", "json"));
			return listAt(list, "items").flatMap((policy) => {
				const isSeen =
					fieldAt(policy, ["status", "observedGeneration"]) === fieldAt(policy, ["metadata", "generation"]);
				const warnings = listAt(policy, "status", "typeChecking", "expressionWarnings");
				assert.deepEqual(warnings, []);
				return isSeen ? [] : [`${String(fieldAt(policy, ["metadata", "name"]))} is not checked yet`];
			});
		});
	});

	it("let nobody name a Secret that he may not read", async () => {
		const message = /you may not read the Secrets that it names, and so may not have them used: one/;
		assert.match((await apply(replication("a", "one"), "alice")) ?? "", message);
		assert.equal(await apply(replication("a"), "alice"), undefined);
		assert.match((await apply(replication("a", "one"), "alice")) ?? "", message);
		assert.equal(await apply(replication("a", "one"), "carol"), undefined);
		assert.match((await apply(replication("a", "two"), "carol")) ?? "", /: two/);
		assert.equal(await apply(replication("a", "two"), "bob"), undefined);
		// What stands there already is no news.
		assert.equal(
			await attempt("label", "replicationpolicy", "a", "-n", "team-a", "seen=yes", "--as", "alice"),
			undefined,
		);
		assert.match((await apply(withUsers("users", "one", "two"), "carol")) ?? "", /: one, two/);
		assert.equal(await apply(withUsers("users", "one", "two"), "bob"), undefined);
		assert.match((await apply(withPullSecret("pulled", "one"), "alice")) ?? "", message);
		assert.equal(await apply(withPullSecret("pulled", "one"), "carol"), undefined);
		assert.match((await apply(withArchives("again", { own: "one", former: "one" }), "alice")) ?? "", /: one, one/);
		assert.match((await apply(withArchives("again", { own: "one", former: "two" }), "carol")) ?? "", /: one, one, two/);
		assert.equal(await apply(withArchives("again", { own: "one", former: "two" }), "bob"), undefined);
	});

	it("let nobody attach a credential to a service account that he may not change", async () => {
		const message = /you may not change the ServiceAccounts that it is to be attached to/;
		assert.match((await apply(robot("ci", "default"), "alice")) ?? "", message);
		assert.equal(await apply(robot("ci"), "alice"), undefined);
		assert.equal(await apply(robot("ci", "default"), "bob"), undefined);
	});

	it("let the operator change finalizers, and nothing else of a resource", async () => {
		const patch = (type: string, body: unknown) =>
			attempt(
				"patch",
				"robotaccount",
				"ci",
				"-n",
				"team-a",
				"--type",
				type,
				"-p",
				JSON.stringify(body),
				"--as",
				OPERATOR,
			);
		assert.match((await patch("merge", { spec: { suspend: true } })) ?? "", /the operator never writes the spec/);
		assert.match(
			(await patch("merge", { metadata: { labels: { a: "b" } } })) ?? "",
			/nothing of a resource but its finalizers/,
		);
		assert.equal(
			await patch("json", [{ op: "add", path: "/metadata/finalizers", value: ["limani.dev/finalizer"] }]),
			undefined,
		);
		assert.equal(await patch("json", [{ op: "remove", path: "/metadata/finalizers" }]), undefined);
	});

	it("let nobody delete a master key who does not say that it is meant", async () => {
		await apply(masterKey("team-a"));
		const remove = () => attempt("delete", "secret", "app-registry-master-key", "-n", "team-a");
		assert.match((await remove()) ?? "", /could never be opened again: if that is meant, annotate it/);
		await tools.kubectl(
			"annotate",
			"secret",
			"app-registry-master-key",
			"-n",
			"team-a",
			"limani.dev/allow-deletion=true",
		);
		assert.equal(await remove(), undefined);
		assert.equal(await attempt("delete", "secret", "two", "-n", "team-a"), undefined);
	});

	it("do not keep a namespace from going", async () => {
		await tools.kubectl("delete", "namespace", "team-b", "--timeout=60s");
		assert.match((await attempt("get", "namespace", "team-b")) ?? "", /NotFound/);
	});
});
