import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { apiVersionOf, NAMESPACES, type ResourceType } from "#/kube/resource-type.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { systemTiming } from "#/lib/timing.ts";
import { eventually } from "../../test/support/eventually.ts";
import { openKubePlane } from "../../test/support/kube-plane.ts";
import { unservedKinds } from "../../test/support/unserved-kinds.ts";
import { cpuSeconds, peakMiB, resetPeak, residentMiB } from "../servers/usage.ts";
import { type OperatorProcess, startOperator } from "./operator-process.ts";
import { playPod } from "./played-pod.ts";
import { ReadyCount } from "./ready-count.ts";
import { WriteCount } from "./write-count.ts";

/** What to measure. */
export interface OperatorBenchOpts {
	/** Projects, and as many RobotAccounts. */
	readonly count: number;
	readonly idleSeconds: number;
	/** An operator is calm when nothing was written for as long, seconds. @defaultValue 15 */
	readonly calmSeconds?: number;
	/** For logs; empty. */
	readonly folder: string;
	/** Hears how far it has come; absent: nobody does. */
	readonly tell?: (line: string) => void;
}

/** What the operator took. Times in seconds but for those of reconciles, which are milliseconds; memory in MiB. */
export interface OperatorResult {
	readonly count: number;
	/** From the start of its process, with everything new, until all are Ready. */
	readonly start: {
		readonly seconds: number;
		readonly requests: number;
		readonly cpuSeconds: number;
		readonly p50: number;
		readonly p99: number;
		readonly connections: number;
	};
	/** What one user changes while everything else waits: how long until it is Ready, and how much was looked at meanwhile. */
	readonly edit: { readonly readyBefore: number; readonly seconds: number; readonly reconciles: number };
	/** A process that finds everything as it should be. */
	readonly again: { readonly seconds: number; readonly requests: number; readonly writes: number };
	readonly idle: { readonly seconds: number; readonly requests: number; readonly writes: number };
	readonly memory: { readonly empty: number; readonly peak: number; readonly settled: number };
}

const NAMESPACE = "apps";
/** The share of all that is Ready when one is edited. */
const EDITED_AT = 0.05;
/** Longer than it takes until the usage of a new Project is asked for once more. */
const CALM_SECONDS = 15;
/** Windows of that length in which it may become so. */
const MOST_WINDOWS = 20;

/** Runs a real operator on a real API server, with a real data plane in place of its pod. */
export const measureOperator = async (opts: OperatorBenchOpts): Promise<OperatorResult> => {
	await using stack = new AsyncDisposableStack();
	const plane = stack.use(await openKubePlane({ controllers: false }));
	const connection = await kubeconfigConnection({ path: plane.kubeconfig });
	const client = stack.use(new RestClient({ connection, timing: systemTiming }));
	await applyDefinitions(client, AbortSignal.timeout(60_000));
	await eventually(async () => {
		const missing = await unservedKinds(client);
		if (missing.length > 0) throw new Error(`not served yet: ${missing}`);
	});
	const services = loopbackAddress();
	const apiPort = Number(new URL(connection.url).port);
	const start = () => startOperator({ folder: opts.folder, kubeconfig: plane.kubeconfig, apiPort, services });
	const calmMs = (opts.calmSeconds ?? CALM_SECONDS) * 1000;
	const empty = await measureEmpty(client, { start, calmMs, services }, stack);
	await createAll(client, opts.count);
	await using ready = new ReadyCount(client, [projectKind, robotAccountKind]);
	const first = await start();
	const cold = await measureStart(client, first, ready, opts.count);
	opts.tell?.(`all Ready after ${cold.start.seconds.toFixed(1)} s; the edit after ${cold.edit.seconds.toFixed(2)} s`);
	await becomeCalm(client, calmMs);
	const idle = await measureIdle(first, client, opts.idleSeconds);
	const memory = { empty, peak: peakMiB(first.pid), settled: residentMiB(first.pid) };
	await first.stop();
	const again = await measureAgain(await start(), client, opts.count);
	return { count: opts.count, ...cold, idle, memory, again };
};

interface Cluster {
	readonly start: () => Promise<OperatorProcess>;
	readonly calmMs: number;
	/** The address of loopback where its Services are. */
	readonly services: string;
}

/** One that hardly anybody else has, for the control port is the same in all clusters. */
const loopbackAddress = (): string => ["127", randomInt(1, 255), randomInt(256), randomInt(1, 255)].join(".");

/** The memory of an operator that has one Registry and nothing else; makes that Registry, whose pod goes on. */
const measureEmpty = async (
	client: KubeClient,
	{ start, calmMs, services }: Cluster,
	stack: AsyncDisposableStack,
): Promise<number> => {
	await create(client, NAMESPACES, undefined, NAMESPACE, {});
	await using operator = await start();
	await create(client, registryKind, NAMESPACE, "main", { spec: {} });
	stack.use(await playPod(client, { namespace: NAMESPACE, name: "main" }, services));
	await using ready = new ReadyCount(client, [registryKind]);
	await eventually(() => {
		if (ready.count < 1) throw new Error("the Registry is not Ready");
	});
	await sleep(calmMs);
	return residentMiB(operator.pid);
};

const createAll = async (client: KubeClient, count: number): Promise<void> => {
	const numbers = Array.from({ length: count }, (_, i) => i).values();
	const work = async () => {
		for (const i of numbers) {
			await create(client, projectKind, NAMESPACE, `project-${i}`, { spec: { registryRef: { name: "main" } } });
			await create(client, robotAccountKind, NAMESPACE, `robot-${i}`, { spec: robotSpec(i, "pull") });
		}
	};
	await Promise.all(Array.from({ length: 16 }, work));
};

const robotSpec = (i: number, ...actions: readonly string[]) => ({
	registryRef: { name: "main" },
	permissions: [{ project: `project-${i}`, actions }],
});

const create = async (
	client: KubeClient,
	type: ResourceType,
	namespace: string | undefined,
	name: string,
	fields: object,
): Promise<void> => {
	const metadata = namespace === undefined ? { name } : { namespace, name };
	const object = { apiVersion: apiVersionOf(type), kind: type.kind, metadata, ...fields };
	await client.create(type, object, { fieldManager: "owners" }, AbortSignal.timeout(60_000));
};

const measureStart = async (
	client: KubeClient,
	operator: OperatorProcess,
	ready: ReadyCount,
	count: number,
): Promise<Pick<OperatorResult, "start" | "edit">> => {
	const began = performance.now();
	resetPeak(operator.pid);
	await until(() => ready.count >= 2 * count * EDITED_AT);
	const before = operator.reconciles();
	const edit = await editOne(client, ready);
	const meanwhile = operator.reconciles();
	await until(() => ready.count >= 2 * count);
	const seconds = (performance.now() - began) / 1000;
	const took = [...before, ...meanwhile, ...operator.reconciles()].toSorted((a, b) => a - b);
	const percentile = (share: number) => took[Math.floor((took.length - 1) * share)] ?? 0;
	return {
		edit: { ...edit, reconciles: meanwhile.length },
		start: {
			seconds,
			requests: sum(await operator.requests()),
			cpuSeconds: cpuSeconds(operator.pid),
			p50: percentile(0.5),
			p99: percentile(0.99),
			connections: operator.connections(),
		},
	};
};

const editOne = async (client: KubeClient, ready: ReadyCount): Promise<Omit<OperatorResult["edit"], "reconciles">> => {
	const readyBefore = ready.count;
	const name = ready.waiting(robotAccountKind.plural)?.metadata.name ?? "robot-0";
	const began = performance.now();
	const spec = robotSpec(Number(name.split("-")[1]), "pull", "push");
	const patch = { kind: "merge", body: { spec } } as const;
	await client.patch(robotAccountKind, { namespace: NAMESPACE, name }, patch, {}, AbortSignal.timeout(60_000));
	await until(() => ready.has(robotAccountKind.plural, `${NAMESPACE}/${name}`, 2));
	return { readyBefore, seconds: (performance.now() - began) / 1000 };
};

/** Returns as well when there is no end of what is written: what is measured then says so. */
const becomeCalm = async (client: KubeClient, calmMs: number): Promise<void> => {
	for (let windows = 0; windows < MOST_WINDOWS; windows++) {
		const writes = await WriteCount.of(client);
		await sleep(calmMs);
		if ((await writes.since()) === 0) return;
	}
};

const measureIdle = async (
	operator: OperatorProcess,
	client: KubeClient,
	seconds: number,
): Promise<OperatorResult["idle"]> => {
	const before = sum(await operator.requests());
	const writes = await WriteCount.of(client);
	await sleep(seconds * 1000);
	return { seconds, requests: sum(await operator.requests()) - before, writes: await writes.since() };
};

const measureAgain = async (
	operator: OperatorProcess,
	client: KubeClient,
	count: number,
): Promise<OperatorResult["again"]> => {
	const began = performance.now();
	const writes = await WriteCount.of(client);
	let looked = 0;
	await until(() => {
		looked += operator.reconciles().length;
		return looked >= 2 * count;
	});
	const seconds = (performance.now() - began) / 1000;
	const requests = sum(await operator.requests());
	await operator.stop();
	return { seconds, requests, writes: await writes.since() };
};

const sum = (counts: ReadonlyMap<string, number>): number => counts.values().reduce((total, each) => total + each, 0);

const MOST_MS = 120 * 60_000;

const until = async (condition: () => boolean): Promise<void> => {
	for (const end = performance.now() + MOST_MS; !condition(); await sleep(20)) {
		if (performance.now() > end) throw new Error("the operator did not get so far in two hours");
	}
};
