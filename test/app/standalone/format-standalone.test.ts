import assert from "node:assert/strict";
import { test } from "node:test";
import { formatStandalone } from "#/app/standalone/format-standalone.ts";
import type { KubeObject } from "#/kube/kube-object.ts";

const objectOf = (kind: string, name: string, spec: object, status: object, namespace = "default"): KubeObject => ({
	apiVersion: "limani.dev/v1alpha1",
	kind,
	metadata: { namespace, name, uid: `uid-${name}`, resourceVersion: "1", generation: 1 },
	spec,
	status,
});

const projectOf = (name: string, registry: string, visibility = "Public", namespace = "default"): KubeObject =>
	objectOf(
		"Project",
		name,
		{ registryRef: { name: registry, namespace: "default" }, visibility },
		{ url: `${registry}.example/${name}` },
		namespace,
	);

const robotOf = (name: string, registry: string, more: object = {}, namespace = "default"): KubeObject =>
	objectOf(
		"RobotAccount",
		name,
		{
			registryRef: { name: registry, namespace: "default" },
			permissions: [{ project: "*", actions: ["pull", "push"] }],
			...more,
		},
		{ secretRef: { name: `secret-of-${name}` } },
		namespace,
	);

const summaryOf = (projects: readonly KubeObject[], robotAccounts: readonly KubeObject[]): string =>
	formatStandalone({
		registries: [],
		projects,
		robotAccounts,
		retentionPolicies: [],
		replicationPolicies: [],
		backupSchedules: [],
		kubeUrl: "https://127.0.0.1:6550",
		kubeconfig: "/home/me/limani/.limani/kubeconfig",
		workingDirectory: "/home/me/limani",
	});

/** Whose Secret is read, and where is pushed with it. */
const triedBy = (summary: string): readonly (string | undefined)[] => [
	/get secret (\S+) -n (\S+)/.exec(summary)?.slice(1).join(" "),
	/docker:\/\/docker\.io\S+ docker:\/\/(\S+)/.exec(summary)?.[1],
];

test("the commands to try push with the Secret of a robot that may push there", () => {
	const projects = [projectOf("closed", "main", "Private"), projectOf("edge-demo", "edge"), projectOf("demo", "main")];
	const cases: readonly (readonly [what: string, robots: readonly KubeObject[], tried: readonly unknown[]])[] = [
		[
			"of another Registry",
			[robotOf("a", "other"), robotOf("b", "main")],
			["secret-of-b default", "main.example/demo/hello:1"],
		],
		[
			"of the project's Registry",
			[robotOf("b", "edge"), robotOf("c", "main")],
			["secret-of-b default", "edge.example/edge-demo/hello:1"],
		],
		[
			"that may only pull",
			[robotOf("a", "main", { permissions: [{ project: "demo", actions: ["pull"] }] }), robotOf("b", "main")],
			["secret-of-b default", "main.example/demo/hello:1"],
		],
		[
			"that may push to another project",
			[robotOf("a", "main", { permissions: [{ project: "closed", actions: ["push"] }] }), robotOf("b", "main")],
			["secret-of-b default", "main.example/demo/hello:1"],
		],
		[
			"that may push another repository",
			[
				robotOf("a", "main", { permissions: [{ project: "demo", repositories: ["web/**"], actions: ["push"] }] }),
				robotOf("b", "main"),
			],
			["secret-of-b default", "main.example/demo/hello:1"],
		],
		[
			"whose Secret is of another type",
			[robotOf("a", "main", { secret: { type: "Basic" } }), robotOf("b", "main")],
			["secret-of-b default", "main.example/demo/hello:1"],
		],
		[
			"of another namespace",
			[robotOf("a", "main", {}, "apps"), robotOf("b", "main")],
			["secret-of-b default", "main.example/demo/hello:1"],
		],
	];
	for (const [what, robots, tried] of cases) assert.deepEqual(triedBy(summaryOf(projects, robots)), tried, what);
});

test("where no robot may push to a public project, nothing is said that would not work", () => {
	const summary = summaryOf([projectOf("demo", "main")], [robotOf("a", "edge")]);
	assert.deepEqual(triedBy(summary), [undefined, undefined]);
	assert.match(summary, /^ {2}export KUBECONFIG=\$PWD\/\.limani\/kubeconfig\n {2}kubectl get registries/m);
});

test("what runs is told in the order that kubectl has, whichever came first", () => {
	const summary = summaryOf(
		[projectOf("b", "main"), projectOf("a", "main"), projectOf("c", "main", "Public", "apps")],
		[],
	);
	assert.deepEqual(summary.match(/^ {2}Project +\S+/gm), [
		"  Project     apps/c",
		"  Project     default/a",
		"  Project     default/b",
	]);
});
