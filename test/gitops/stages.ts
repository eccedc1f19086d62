import assert from "node:assert/strict";
import { backupKind } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { openOperator } from "../operator/operator-bench.ts";

type Fields = { readonly [field: string]: unknown };

/** What a controller made of an object, and what that was about. */
export interface Stage {
	readonly stage:
		| "created"
		| "dependency missing"
		| "ready"
		| "changed"
		| "invalid"
		| "invalid and changed"
		| "not allowed"
		| "suspended"
		| "starting"
		| "failing"
		| "failed"
		| "scaled to zero"
		| "run failed"
		| "deleting";
	readonly object: KubeObject;
}

/** How a kind goes through its stages. */
interface Course {
	readonly type:
		| typeof projectKind
		| typeof robotAccountKind
		| typeof retentionPolicyKind
		| typeof backupScheduleKind
		| typeof replicationPolicyKind;
	readonly spec: Fields;
	/** What is wrong in it, though its schema lets it pass or an older one did. */
	readonly invalid: Fields;
	/** Another good one. */
	readonly other: Fields;
	/** The action that it has beside suspend and resume. */
	readonly own: "refresh" | "rotate" | "run-now";
}

const policy = { projectRefs: [{ name: "web" }] };
const keep = (count: number) => ({ rules: [{ name: "newest", keep: { latestPushed: count } }] });
const source = (host: string) => ({ source: { url: `https://${host}` } });
const permissions = (action: string) => ({ permissions: [{ project: "web", actions: [action] }] });

/** The courses of the kinds that belong to a Registry. */
export const COURSES: readonly Course[] = [
	{
		type: projectKind,
		own: "refresh",
		spec: {},
		invalid: { visibility: "Nobody" },
		other: { visibility: "Public" },
	},
	{
		type: robotAccountKind,
		own: "rotate",
		spec: permissions("pull"),
		invalid: permissions("fly"),
		other: permissions("push"),
	},
	{
		type: retentionPolicyKind,
		own: "run-now",
		spec: { ...policy, ...keep(10) },
		invalid: { ...policy, ...keep(-1) },
		other: { ...policy, ...keep(5) },
	},
	{
		type: replicationPolicyKind,
		own: "run-now",
		spec: { ...policy, ...source("far.example.org") },
		invalid: { ...policy, source: { url: "no address" } },
		other: { ...policy, ...source("near.example.org") },
	},
	{
		type: backupScheduleKind,
		own: "run-now",
		spec: { schedule: "0 3 * * *" },
		invalid: { schedule: "61 3 * * *" },
		other: { schedule: "0 4 * * *" },
	},
];

const WITH_ARCHIVE: Fields = { backup: { archive: { filesystem: {} } } };
const HELD: Fields = { finalizers: ["example.org/held"] };

type Bench = Awaited<ReturnType<typeof openOperator>>;

/** Leads an object of a kind through its life under the controllers, and keeps it as it is at each stage. */
export const stagesOf = async ({ type, spec, invalid, other }: Course): Promise<readonly Stage[]> => {
	await using bench = await openOperator();
	const ref = { namespace: "system", name: "it" };
	const key = "system/it";
	const stages: Stage[] = [];
	const keepStage = (stage: Stage["stage"]) =>
		stages.push({ stage, object: structuredClone(bench.kube.peek(type, ref) ?? assert.fail(stage)) });
	const put = (more: Fields, registry: Fields = { name: "main" }) =>
		bench.put(type.kind, key, { registryRef: registry, ...more });
	// The API server gives a new object the status that the definition has as default.
	const status = { observedGeneration: -1 };
	bench.kube.edit(type, { metadata: ref, spec: { registryRef: { name: "main" }, ...spec }, status });
	keepStage("created");
	await bench.until(() => readyOf(bench, type, "DependencyNotReady"));
	keepStage("dependency missing");
	bench.serve(WITH_ARCHIVE);
	if (type !== projectKind) bench.put("Project", "system/web", { registryRef: { name: "main" } });
	await bench.settle();
	keepStage("ready");
	put(other);
	keepStage("changed");
	await bench.settle();
	put(invalid);
	await bench.until(() => readyOf(bench, type, "InvalidSpec"));
	keepStage("invalid");
	put(spec);
	keepStage("invalid and changed");
	await bench.settle();
	put({ ...spec, suspend: true });
	await bench.until(() => readyOf(bench, type, "Suspended"));
	keepStage("suspended");
	put(spec);
	await bench.settle();
	if (type === retentionPolicyKind || type === replicationPolicyKind) {
		await bench.report(type.kind, key, failedRun);
		await bench.until(() => conditionsOf(bench.get(type.kind, key) ?? assert.fail()).some(isFailedRun));
		keepStage("run failed");
	}
	// A schedule names no Registry of another namespace.
	if (type !== backupScheduleKind) {
		put(spec, { name: "main", namespace: "elsewhere" });
		await bench.until(() => readyOf(bench, type, "NotAllowed"));
		keepStage("not allowed");
	}
	put(spec);
	await bench.settle();
	// Nothing of a schedule has to be undone elsewhere: somebody else holds it.
	if (type === backupScheduleKind) bench.put(type.kind, key, { registryRef: { name: "main" }, ...spec }, HELD);
	await bench.remove(type.kind, key);
	keepStage("deleting");
	return stages;
};

/** The same for a Backup, which is made once, and one that cannot be. */
export const backupStages = async (): Promise<readonly Stage[]> => {
	await using bench = await openOperator();
	const metadata = { namespace: "system", name: "it" };
	const key = "system/it";
	const stages: Stage[] = [];
	const keepStage = (stage: Stage["stage"]) =>
		stages.push({ stage, object: structuredClone(bench.kube.peek(backupKind, metadata) ?? assert.fail(stage)) });
	const spec = { registryRef: { name: "main" } };
	const make = () => bench.kube.edit(backupKind, { metadata, spec, status: { observedGeneration: -1 } });
	make();
	keepStage("created");
	await bench.until(() => readyOf(bench, backupKind, "DependencyNotReady"));
	keepStage("dependency missing");
	bench.serve(WITH_ARCHIVE);
	await bench.until(async () => (await bench.policyAt("Backup", key)) !== undefined);
	await bench.report("Backup", key, { runs: [backupRun] });
	await bench.until(() => Object(bench.get("Backup", key)?.status).startedAt !== undefined);
	keepStage("starting");
	await bench.report("Backup", key, { runs: [{ ...backupRun, outcome: "Succeeded", backup: "a", at: NOON }] });
	await bench.until(() => readyOf(bench, backupKind, "Succeeded"));
	keepStage("ready");
	await bench.remove("Backup", key);
	await bench.until(() => bench.get("Backup", key) === undefined);
	make();
	await bench.until(async () => (await bench.policyAt("Backup", key)) !== undefined);
	await bench.report("Backup", key, { runs: [{ ...backupRun, outcome: "Failed", message: "the archive is full" }] });
	await bench.until(() => readyOf(bench, backupKind, "Failed"));
	keepStage("failed");
	bench.kube.edit(backupKind, { metadata: { ...metadata, ...HELD }, spec });
	await bench.remove("Backup", key);
	keepStage("deleting");
	return stages;
};

const backupRun: Fields = {
	id: "run-1",
	startedAt: Date.UTC(2026, 0, 1, 12),
	outcome: "Running",
	message: "",
	instance: "one",
	...{ blobs: 0, bytes: 0, verified: 0 },
};

const readyOf = (bench: Bench, { kind }: { readonly kind: Parameters<Bench["get"]>[0] }, reason: string): boolean => {
	const object = bench.get(kind, "system/it") ?? assert.fail();
	const ready = findCondition(conditionsOf(object), "Ready");
	return ready?.reason === reason && ready.observedGeneration === object.metadata.generation;
};

const isFailedRun = ({ type, status }: { readonly type: string; readonly status: string }): boolean =>
	type === "Healthy" && status === "False";

const NOON = Date.UTC(2026, 0, 1, 12);

const none = { looked: 0, kept: 0, removed: 0, bytes: 0, byRule: [], copied: 0, skipped: 0, failed: 0 };

/** Of either kind of policy. */
const failedRun: Fields = {
	runs: [
		{
			id: "run-1",
			trigger: "Schedule",
			dryRun: false,
			startedAt: NOON,
			finishedAt: NOON + 5_000,
			outcome: "Failed",
			message: "the network is down",
			...none,
		},
	],
	explain: [],
	...{ inSync: 0, behind: 0, diverged: 0, lagSeconds: 0 },
};
