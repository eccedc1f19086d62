import assert from "node:assert/strict";
import { backupKind } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { findVerifier, robotVerifier } from "#/auth/robots.ts";
import type { Control } from "#/control/control.ts";
import type { EventNote } from "#/kube/events/event-note.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { Reconcile } from "#/kube/reconciler.ts";
import { NAMESPACES, type ResourceType, SECRETS, SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { VolatileStatus } from "#/kube/status/volatile-status.ts";
import { systemTiming } from "#/lib/timing.ts";
import { createBackupReconcile } from "#/operator/backup/index.ts";
import { createBackupScheduleReconcile } from "#/operator/backup-schedule/index.ts";
import {
	BACKUP_INDEXES,
	BACKUP_SCHEDULE_INDEXES,
	BY_UID,
	NAMESPACE_INDEXES,
	PROJECT_INDEXES,
	REPLICATION_POLICY_INDEXES,
	RETENTION_POLICY_INDEXES,
	ROBOT_ACCOUNT_INDEXES,
	SECRET_INDEXES,
	SERVICE_ACCOUNT_INDEXES,
} from "#/operator/indexes.ts";
import { censusOf } from "#/operator/plane/find-orphans.ts";
import { Planes } from "#/operator/plane/planes.ts";
import { Patience } from "#/operator/policy/patience.ts";
import { createProjectReconcile } from "#/operator/project/index.ts";
import { createReplicationPolicyReconcile } from "#/operator/replication-policy/index.ts";
import { createRetentionPolicyReconcile } from "#/operator/retention-policy/index.ts";
import { readCredential } from "#/operator/robot-account/credential-secret.ts";
import { createRobotAccountReconcile } from "#/operator/robot-account/index.ts";
import { soon } from "../conformance/control/bench.ts";
import { openControlPlane, openQuickState } from "../support/control-planes.ts";
import { MemoryKube } from "../support/memory-kube.ts";
import { assertStatus } from "../support/status-lint.ts";

type Fields = { readonly [field: string]: unknown };

/** Who looks again as soon as this is in the middle of something, milliseconds. */
const HURRY_MS = 5_000;

/** An event, without its words. */
interface Told {
	/** `Project team-a/web` */
	readonly about: string;
	readonly type: EventNote["type"];
	readonly reason: string;
}

/** A crash at a point that a test chose. */
export class Crash extends Error {}

const KINDS = {
	Registry: registryKind,
	Project: projectKind,
	RobotAccount: robotAccountKind,
	RetentionPolicy: retentionPolicyKind,
	ReplicationPolicy: replicationPolicyKind,
	Backup: backupKind,
	BackupSchedule: backupScheduleKind,
} as const;

/** What the data plane carries out. */
type PolicyName = "RetentionPolicy" | "ReplicationPolicy" | "Backup";

/** Those that the controllers here look after. */
const TENDED: readonly KindDefinition[] = [
	projectKind,
	robotAccountKind,
	retentionPolicyKind,
	replicationPolicyKind,
	backupKind,
	backupScheduleKind,
];

/** A Kubernetes API, one real data plane, and the controllers of all kinds but Registries between them. */
export async function openOperator() {
	const stack = new AsyncDisposableStack();
	const plane = stack.use(await openControlPlane(await openQuickState()));
	const kube = new MemoryKube();
	const isOurs = ({ metadata }: KubeObject) => metadata.labels?.["app.kubernetes.io/managed-by"] === "limani";
	const stores = {
		registries: kube.serve(registryKind),
		projects: kube.serve(projectKind, PROJECT_INDEXES),
		robotAccounts: kube.serve(robotAccountKind, ROBOT_ACCOUNT_INDEXES),
		retentionPolicies: kube.serve(retentionPolicyKind, RETENTION_POLICY_INDEXES),
		replicationPolicies: kube.serve(replicationPolicyKind, REPLICATION_POLICY_INDEXES),
		backups: kube.serve(backupKind, BACKUP_INDEXES),
		schedules: kube.serve(backupScheduleKind, BACKUP_SCHEDULE_INDEXES),
		namespaces: kube.serve(NAMESPACES, NAMESPACE_INDEXES),
		secrets: kube.serve(SECRETS, SECRET_INDEXES, isOurs),
		serviceAccounts: kube.serve(SERVICE_ACCOUNTS, SERVICE_ACCOUNT_INDEXES),
	};
	const events: string[] = [];
	const told: Told[] = [];
	const clock = { now: Date.UTC(2026, 0, 1) };
	kube.now = () => clock.now;
	const minted: string[] = [];
	const hooks: { afterApply: () => void } = { afterApply: () => undefined };
	const control: Control = {
		begin: (...call) => plane.control.begin(...call),
		apply: async (...call) => {
			const applied = await plane.control.apply(...call);
			hooks.afterApply();
			return applied;
		},
		resync: (...call) => plane.control.resync(...call),
		observe: (...call) => plane.control.observe(...call),
		usage: (...call) => plane.control.usage(...call),
		totals: (...call) => plane.control.totals(...call),
		archive: (...call) => plane.control.archive(...call),
		explain: (...call) => plane.control.explain(...call),
		history: (...call) => plane.control.history(...call),
		restore: (...call) => plane.control.restore(...call),
		run: (...call) => plane.control.run(...call),
	};
	const start = () => {
		const planes = new Planes(
			{
				holder: "test",
				timing: systemTiming,
				leads: () => true,
				censuses: {
					Project: censusOf(stores.projects, BY_UID),
					RobotAccount: censusOf(stores.robotAccounts, BY_UID),
					RetentionPolicy: censusOf(stores.retentionPolicies, BY_UID),
					ReplicationPolicy: censusOf(stores.replicationPolicies, BY_UID),
					Backup: censusOf(stores.backups, BY_UID),
				},
				report: () => undefined,
			},
			{ minPollMs: 3, maxPollMs: 6, backOff: { minMs: 2, maxMs: 20 } },
		);
		const deps = {
			...stores,
			client: kube,
			planes,
			now: () => clock.now,
			events: {
				record: ({ regarding, type, reason, note }: EventNote) => {
					events.push(`${reason}: ${note}`);
					told.push({ about: `${regarding.kind} ${keyOf(regarding.metadata)}`, type, reason });
				},
			},
			volatileStatus: new VolatileStatus({ timing: systemTiming }),
			verifierOf: robotVerifier,
			ledgerVersions: new Map<string, string | undefined>(),
			newSecret: () => {
				const secret = Buffer.alloc(32, `secret ${minted.length}`).toString("base64url");
				minted.push(secret);
				return secret;
			},
		};
		const policies = (type: ResourceType, store: ObjectStore) => ({
			...deps,
			type,
			policies: store,
			volatileStatus: new VolatileStatus({ timing: systemTiming }),
			patience: new Patience(systemTiming),
		});
		return {
			planes,
			deps,
			reconciles: [
				createProjectReconcile({ ...deps, type: projectKind }),
				createRobotAccountReconcile({ ...deps, type: robotAccountKind }),
				createRetentionPolicyReconcile(policies(retentionPolicyKind, stores.retentionPolicies)),
				createReplicationPolicyReconcile(policies(replicationPolicyKind, stores.replicationPolicies)),
				createBackupReconcile({ ...deps, type: backupKind }),
				createBackupScheduleReconcile({ ...deps, type: backupScheduleKind }),
			],
		};
	};
	let running = start();
	stack.defer(() => running.planes[Symbol.asyncDispose]());
	const attach = () => {
		for (const { metadata, status } of kube.all(registryKind)) {
			if (status === undefined) continue;
			running.planes.attach({ uid: metadata.uid ?? "", key: keyOf(metadata), control });
		}
	};
	/** Whether a controller wants to look again soon, for what it has just asked for. */
	let isHurried = false;
	const reconcileAll = async (retry: (error: unknown) => boolean) => {
		const attempt = async (reconcile: Reconcile, objects: readonly KubeObject[]) => {
			for (const { metadata } of objects) {
				kube.deliver();
				const result = await reconcile(keyOf(metadata), soon()).catch((error: unknown) => {
					if (!retry(error)) throw error;
				});
				isHurried ||= (result?.againMs ?? Number.POSITIVE_INFINITY) < HURRY_MS;
			}
		};
		isHurried = false;
		for (const [i, reconcile] of running.reconciles.entries()) {
			const kind = TENDED[i];
			if (kind !== undefined) await attempt(reconcile, kube.all(kind));
		}
		kube.deliver();
	};
	const tended = () => TENDED.flatMap((kind) => kube.all(kind).map((object) => ({ kind, object })));
	const bench = {
		kube,
		plane,
		stores,
		events,
		/** What the events are about, in order. */
		told,
		clock,
		minted,
		hooks,
		get planes() {
			return running.planes;
		},
		/** What the controllers of a kind are made with. */
		deps: (type: ResourceType) => ({ ...running.deps, type }),
		/** Kills the operator and starts another one, which knows nothing but what is kept. */
		async restart(): Promise<void> {
			await running.planes[Symbol.asyncDispose]();
			running = start();
			kube.deliver();
			attach();
		},
		/** Makes or changes a resource as its owner would. */
		put(kind: keyof typeof KINDS, key: string, spec: Fields, metadata: Fields = {}): KubeObject {
			const [namespace = "", name = ""] = key.split("/");
			return kube.edit(KINDS[kind], { spec, metadata: { namespace, name, ...metadata } });
		},
		/** Makes a Registry that serves, in the namespace `system`. */
		serve(spec: Fields = {}, url = "https://registry.example.org:5000"): void {
			const [namespace, name] = ["system", "main"];
			kube.edit(registryKind, { spec, metadata: { namespace, name }, status: { url } });
			kube.deliver();
			attach();
		},
		/** Makes or labels a namespace. */
		namespace(name: string, labels: { readonly [key: string]: string } = {}): void {
			kube.edit(NAMESPACES, { metadata: { name, labels } });
		},
		get(kind: keyof typeof KINDS, key: string): KubeObject | undefined {
			const [namespace = "", name = ""] = key.split("/");
			return kube.peek(KINDS[kind], { namespace, name });
		},
		async remove(kind: keyof typeof KINDS, key: string): Promise<void> {
			const [namespace = "", name = ""] = key.split("/");
			await kube.delete(KINDS[kind], { namespace, name });
		},
		/** The reason of the Ready condition, with its message. */
		ready(kind: keyof typeof KINDS, key: string): string {
			const object = bench.get(kind, key);
			const condition = object === undefined ? undefined : findCondition(conditionsOf(object), "Ready");
			return condition === undefined ? "" : `${condition.reason}: ${condition.message}`;
		},
		/** What a Secret holds. */
		secretOf(key: string): string | undefined {
			const [namespace = "", name = ""] = key.split("/");
			return readCredential(kube.peek(SECRETS, { namespace, name }));
		},
		/** Whether the data plane lets the robot of a resource in with a secret now. */
		async accepts(key: string, secret: string | undefined): Promise<boolean> {
			const robot = await bench.robotAt(key);
			if (robot === undefined || secret === undefined || robot.disabled) return false;
			if (robot.expiresAt !== undefined && robot.expiresAt <= clock.now) return false;
			return findVerifier(robot, secret, clock.now) !== undefined;
		},
		/** A policy as the data plane carries it out; absent when it is not in force. */
		policyAt: (kind: PolicyName, key: string) => plane.metadata.policies.find(bench.get(kind, key)?.metadata.uid ?? ""),
		/** The feature that carries a policy out says what came of it. */
		async report(kind: PolicyName, key: string, report: Fields): Promise<void> {
			const uid = bench.get(kind, key)?.metadata.uid ?? "";
			const fence = (await plane.metadata.outbox.lease(`policy:${uid}`, "feature", 30_000)) ?? assert.fail();
			assert.ok(await plane.metadata.policies.save(uid, { fence, report }));
		},
		robotAt: (key: string) => plane.metadata.identities.findRobot(`robot$${key.replace("/", "+")}`),
		/** The projects that a robot may pull from, at the data plane. */
		async grantsOf(key: string): Promise<readonly string[]> {
			return (await bench.robotAt(key))?.permissions.map(({ project }) => project) ?? [];
		},
		/** Lets the controllers work until it holds. @param retry which errors are tried again; conflicts always are */
		async until(
			done: () => boolean | Promise<boolean>,
			retry: (error: unknown) => boolean = () => false,
		): Promise<void> {
			const signal = soon();
			attach();
			for (;;) {
				await reconcileAll((error) => error instanceof KubeError || retry(error));
				if (await done()) break;
				if (signal.aborted) throw new Error(`it does not come to be: ${bench.describe()}`);
				await systemTiming.sleep(2, signal);
			}
			bench.lint();
		},
		/** Whether all is as it should be: every resource is Ready, and another look changes nothing. */
		async settle(retry?: (error: unknown) => boolean): Promise<void> {
			let writes = -1;
			await bench.until(() => {
				const isQuiet = writes === kube.writes.length;
				writes = kube.writes.length;
				return isQuiet && bench.settled();
			}, retry);
		},
		settled: (): boolean =>
			!isHurried &&
			tended().every(({ object }) => {
				const reconciling = findCondition(conditionsOf(object), "Reconciling");
				// A policy waits for what it names for as long as that is missing.
				const isWaiting = object.kind.endsWith("Policy") && reconciling?.reason === "DependencyNotReady";
				const isUnderWay = reconciling !== undefined && !isWaiting;
				const isLooked =
					findCondition(conditionsOf(object), "Ready")?.observedGeneration === object.metadata.generation;
				return isLooked && !isUnderWay && object.metadata.deletionTimestamp === undefined;
			}),
		describe: (): string =>
			tended()
				.map(({ object }) => `${keyOf(object.metadata)} ${JSON.stringify(conditionsOf(object))}`)
				.join("\n"),
		/** Every status keeps the rules, and no secret stands anywhere but in Secrets. */
		lint(): void {
			for (const { kind, object } of tended()) {
				if (object.status === undefined) continue;
				assertStatus(object, { stage: "underway", secrets: minted, reasons: new Set(Object.keys(kind.reasons)) });
				assert.ok(kind.status.safeParse(object.status).success, JSON.stringify(object.status));
			}
			const said = JSON.stringify([tended(), events]);
			for (const secret of minted) {
				assert.ok(!said.includes(secret));
				assert.ok(!said.includes(Buffer.from(secret).toString("base64")));
			}
		},
		[Symbol.asyncDispose]: () => stack.disposeAsync(),
	};
	bench.namespace("system");
	return bench;
}
