// The whole program over one directory, killed at once with all of its parts: API server, operator and data plane.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { Reflector } from "#/kube/reflector.ts";
import { apiVersionOf, type ResourceType, SECRETS } from "#/kube/resource-type.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { systemTiming } from "#/lib/timing.ts";
import { readCredential } from "#/operator/robot-account/credential-secret.ts";
import { eventually } from "../../support/eventually.ts";
import { type StandaloneProcess, startStandalone } from "../../support/standalone-process.ts";

/** How many RobotAccounts; the goal is 10,000. */
const SCALE = Number(process.env.SCALE ?? 500);
const MINUTES = 20;
/** Of so many robots is tried whether the data plane takes their credentials. */
const SAMPLE = 50;

const MANIFESTS = `
apiVersion: v1
kind: Namespace
metadata: { name: apps }
---
apiVersion: limani.dev/v1alpha1
kind: Registry
metadata: { name: main, namespace: apps }
spec: {}
---
apiVersion: limani.dev/v1alpha1
kind: Project
metadata: { name: web, namespace: apps }
spec: { registryRef: { name: main } }
`;

/** What a test looks through. */
interface Bench {
	readonly standalone: StandaloneProcess;
	readonly client: RestClient;
}

const soon = (): AbortSignal => AbortSignal.timeout(120_000);

test(`${SCALE} robots that are killed with everything, while they come to be and later, stay what they are`, {
	timeout: 2 * MINUTES * 60_000,
}, async (t) => {
	await using standalone = await startStandalone({
		manifests: { "registry.yaml": MANIFESTS },
		args: ["--log", "error"],
	});
	const connection = await kubeconfigConnection({ path: join(standalone.directory, "kubeconfig") });
	await using client = new RestClient({ connection, timing: systemTiming }, { userAgent: "owners" });
	const bench = { standalone, client };
	await createRobots(bench);
	await untilReady(bench, SCALE / 3);
	await standalone.stop("SIGKILL");
	await timed(t, "started again in the midst of it, and all Ready", async () => {
		await standalone.start();
		await untilReady(bench, SCALE);
	});
	t.diagnostic(`the process has ${residentMiB(standalone).toFixed(0)} MiB`);
	const before = await everything(bench);
	assertOneCredentialEach(before);
	await assertAccepted(bench, before.secrets);
	await standalone.stop("SIGKILL");
	await timed(t, "started again, and all looked at", async () => {
		await standalone.start();
		await eventually(async () => assert.ok((await looks(bench)) >= SCALE), MINUTES * 60_000);
	});
	t.diagnostic(`the process has ${residentMiB(standalone).toFixed(0)} MiB`);
	// Their versions are among what is compared: nothing was written, whatever it was.
	assert.deepEqual(await everything(bench), before);
	await assertAccepted(bench, before.secrets);
});

const createRobots = async ({ client }: Bench): Promise<void> => {
	const names = Array.from({ length: SCALE }, (_, i) => `robot-${i}`);
	const spec = { registryRef: { name: "main" }, permissions: [{ project: "web", actions: ["pull"] }] };
	const worker = async () => {
		for (let name = names.pop(); name !== undefined; name = names.pop()) {
			const metadata = { namespace: "apps", name };
			const robot = { apiVersion: apiVersionOf(robotAccountKind), kind: "RobotAccount", metadata, spec };
			await client.create(robotAccountKind, robot, {}, soon());
		}
	};
	await Promise.all(Array.from({ length: 16 }, worker));
};

const timed = async (t: TestContext, what: string, act: () => Promise<void>): Promise<void> => {
	const began = performance.now();
	await act();
	t.diagnostic(`${SCALE} robots: ${what} after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
};

const listAll = async ({ client }: Bench, type: ResourceType): Promise<readonly KubeObject[]> => {
	const found: KubeObject[] = [];
	for (let next: string | undefined; ; ) {
		const page = await client.list(type, { namespace: "apps", limit: 500, next }, soon());
		found.push(...page.items);
		next = page.next;
		if (next === undefined) return found;
	}
};

const isReady = (object: KubeObject): boolean => findCondition(conditionsOf(object), "Ready")?.status === "True";

/** Follows them by a watch: to list thousands again and again would be most of what the API server does. */
const untilReady = async ({ client }: Bench, count: number): Promise<void> => {
	const ready = new Set<string>();
	const reflector = new Reflector(
		{ client, timing: systemTiming, report: () => undefined },
		{ type: robotAccountKind },
	);
	using _ = reflector.store.subscribe(({ key, after }) => {
		if (after !== undefined && isReady(after)) ready.add(key);
		else ready.delete(key);
	});
	const ending = new AbortController();
	const running = reflector.run(ending.signal);
	await eventually(() => assert.ok(ready.size >= count, `${ready.size} of ${count} are ready`), MINUTES * 60_000);
	ending.abort();
	await running;
};

const everything = async (bench: Bench) => ({
	robots: await listAll(bench, robotAccountKind),
	secrets: await listAll(bench, SECRETS),
});

/** Each robot has its Secret and its ledger, no two the same secret, and nobody's spec was written. */
const assertOneCredentialEach = ({ robots, secrets }: Awaited<ReturnType<typeof everything>>): void => {
	const credentials = secrets.filter(({ type }) => type === "kubernetes.io/dockerconfigjson");
	assert.deepEqual(credentials.map(nameOf).toSorted(), robots.map(nameOf).toSorted());
	assert.equal(new Set(credentials.map(readCredential)).size, SCALE, "no secret is another robot's");
	assert.equal(secrets.filter(({ type }) => type === "limani.dev/credential-ledger").length, SCALE);
	assert.deepEqual(new Set(robots.map(({ metadata }) => metadata.generation)), new Set([1]));
};

const nameOf = ({ metadata }: KubeObject): string => metadata.name;

const assertAccepted = async ({ standalone }: Bench, secrets: readonly KubeObject[]): Promise<void> => {
	const credentials = secrets.filter(({ type }) => type === "kubernetes.io/dockerconfigjson");
	const step = Math.ceil(credentials.length / SAMPLE);
	for (const secret of credentials.filter((_, i) => i % step === 0)) {
		const basic = Buffer.from(`robot$apps+${nameOf(secret)}:${readCredential(secret)}`).toString("base64");
		const headers = { authorization: `Basic ${basic}` };
		const { status } = await fetch(`http://${standalone.address}/v2/`, { headers });
		assert.equal(status, 200, `${nameOf(secret)} is let in`);
	}
};

/** How often the operator that runs has looked at a robot. */
const looks = async ({ standalone }: Bench): Promise<number> => {
	const metrics = await (await fetch(`http://${standalone.address}/metrics`)).text();
	const lines = metrics.matchAll(/^controller_runtime_reconcile_total\{[^}]*controller="robotaccount"[^}]*\} (\d+)$/gm);
	return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
};

const residentMiB = ({ pid }: StandaloneProcess): number => {
	const [, kib = "0"] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
	return Number(kib) / 1024;
};
