import assert from "node:assert/strict";
import { test } from "node:test";
import { type Project, parseProject } from "#/api/kinds/project.ts";
import { parseRobotAccount, type RobotAccount } from "#/api/kinds/robot-account.ts";
import { Caches } from "#/app/operator/caches.ts";
import { collectGarbage } from "#/app/operator/lean-heap.ts";
import type { Selection, WatchEvent } from "#/kube/kube-client.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { systemTiming } from "#/lib/timing.ts";
import { credentialSecret } from "#/operator/robot-account/credential-secret.ts";
import { ledgerSecret } from "#/operator/robot-account/ledger.ts";
import { eventually } from "../../support/eventually.ts";

/** Projects, and as many RobotAccounts with their two Secrets. */
const COUNT = 2_000;
/** What one Project and one RobotAccount with its Secrets may weigh in the caches: of 10,000 that is half the budget. */
const MOST_BYTES = 7.5 * 1024;

const HEX = "0123456789abcdef";
const uidOf = (kind: number, i: number): string =>
	`${i.toString(16).padStart(8, "0")}-000${kind}-4000-8000-${HEX.slice(0, 12)}`;
const at = (i: number): string => new Date(1_800_000_000_000 + i * 1_000).toISOString().replace(".000", "");

const metadataOf = (kind: number, name: string, i: number) => ({
	name,
	namespace: `team-${i % 50}`,
	uid: uidOf(kind, i),
	resourceVersion: String(100_000 + 4 * i + kind),
	generation: 1,
	creationTimestamp: at(i),
	finalizers: ["limani.dev/cleanup"],
	managedFields: Array.from({ length: 3 }, (_, entry) => ({
		manager: `limani-${entry}`,
		operation: "Update",
		apiVersion: "limani.dev/v1alpha1",
		fieldsV1: { "f:metadata": { "f:finalizers": { ".": {}, 'v:"limani.dev/cleanup"': {} } }, "f:spec": {} },
	})),
});

const readySince = (i: number, message: string) => [
	{
		type: "Ready",
		status: "True",
		reason: "Succeeded",
		message,
		observedGeneration: 1,
		lastTransitionTime: at(i + 60),
	},
];

const registryRef = { name: "main", namespace: "registries" };

/** As the API server has it, which fills in the same defaults. */
const projectOf = (i: number): KubeObject => {
	const name = `project-${i}`;
	const metadata = metadataOf(1, name, i);
	const { spec } = resourceOf<Project>(parseProject({ metadata, spec: { registryRef } }));
	const url = `registry.example.org/${name}`;
	const status = {
		observedGeneration: 1,
		conditions: readySince(i, `images go to ${url}`),
		projectName: name,
		url,
		usage: { bytes: 1_000 * i, artifacts: i, repositories: i % 7 },
	};
	return { apiVersion: "limani.dev/v1alpha1", kind: "Project", metadata, spec: { ...spec }, status };
};

const robotOf = (i: number): KubeObject => {
	const name = `robot-${i}`;
	const metadata = metadataOf(2, name, i);
	const permissions = [{ project: `project-${i}`, actions: ["pull", "push"] }];
	const { spec } = resourceOf<RobotAccount>(parseRobotAccount({ metadata, spec: { registryRef, permissions } }));
	const status = {
		observedGeneration: 1,
		conditions: readySince(i, `its credential is in Secret ${name}`),
		fullName: `robot$${metadata.namespace}+${name}`,
		secretRef: { name },
		lastRotationTime: at(i + 30),
		copies: 0,
	};
	return { apiVersion: "limani.dev/v1alpha1", kind: "RobotAccount", metadata, spec: { ...spec }, status };
};

const secretsOf = (i: number): readonly KubeObject[] => {
	const robot = { uid: uidOf(2, i), name: `robot-${i}`, namespace: `team-${i % 50}` };
	const owner = { apiVersion: "limani.dev/v1alpha1", kind: "RobotAccount", name: robot.name, uid: robot.uid };
	const secret = String(i).padStart(43, "s");
	const settings = { type: "DockerConfigJson", labels: {}, annotations: {} } as const;
	const content = {
		robot,
		fullName: `robot$${robot.namespace}+${robot.name}`,
		secret,
		host: "registry.example.org",
		settings,
	};
	const made = [
		ledgerSecret(robot, owner, {
			current: String(i).padStart(64, "0"),
			previous: [],
			rotatedAt: 1_800_000_000_000 + i,
		}),
		credentialSecret(content, { namespace: robot.namespace, name: robot.name, owner }),
	];
	return made.map((object, n) => ({
		...object,
		metadata: { ...metadataOf(3 + n, object.metadata.name, i), finalizers: [], ...object.metadata },
	}));
};

const resourceOf = <R>(parsed: { readonly resource: R } | { readonly invalid: string }): R =>
	"resource" in parsed ? parsed.resource : assert.fail(parsed.invalid);

const numbers = Array.from({ length: COUNT }, (_, i) => i);

/** What there is, as text: each answer is objects of its own, as over a connection. */
const stored: { readonly [plural: string]: readonly string[] } = {
	projects: numbers.map((i) => JSON.stringify(projectOf(i))),
	robotaccounts: numbers.map((i) => JSON.stringify(robotOf(i))),
	secrets: numbers.flatMap((i) => secretsOf(i).map((object) => JSON.stringify(object))),
};

const parse = (text: string): KubeObject => JSON.parse(text);

const client = {
	list: async (
		{ plural }: ResourceType,
		{ limit, next = "0" }: Selection & { limit: number; next?: string | undefined },
	) => {
		const from = Number(next);
		const texts = stored[plural] ?? [];
		const items = texts.slice(from, from + limit).map(parse);
		return { items, resourceVersion: "1", next: from + limit < texts.length ? String(from + limit) : undefined };
	},
	/** Everything changes once more, in nothing but its version. */
	async *watch({ plural }: ResourceType, _selection: object, signal: AbortSignal): AsyncIterable<WatchEvent> {
		for (const text of stored[plural] ?? []) {
			const object = parse(text);
			const metadata = { ...object.metadata, resourceVersion: `9${object.metadata.resourceVersion}` };
			yield { type: "MODIFIED", object: { ...object, metadata } };
		}
		await systemTiming.sleep(600_000, signal).catch(() => undefined);
	},
};

test("a Project and a RobotAccount with its Secrets weigh little in the caches, when they are read and when they change", async (t) => {
	const caches = new Caches(
		{ client, timing: systemTiming, report: (error) => assert.fail(String(error)) },
		{ allSecrets: false },
	);
	const before = liveBytes();
	const ending = new AbortController();
	const running = caches.run(ending.signal);
	const { projects, robotAccounts, ownSecrets } = caches.stores;
	await eventually(() => {
		for (const store of [projects, robotAccounts, ownSecrets]) {
			const all = [...store.list()];
			assert.ok(all.length >= COUNT && all.every(({ metadata }) => metadata.resourceVersion?.startsWith("91")));
		}
	});
	const each = (liveBytes() - before) / COUNT;
	t.diagnostic(`${(each / 1024).toFixed(2)} KiB for one Project and one RobotAccount with its Secrets`);
	assert.equal(projects.by("registry", "registries/main").length, COUNT);
	ending.abort();
	await running;
	assert.ok(each < MOST_BYTES, `${each} bytes each`);
});

const liveBytes = (): number => {
	collectGarbage();
	return process.memoryUsage().heapUsed;
};
