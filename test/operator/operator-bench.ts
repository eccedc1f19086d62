import assert from "node:assert/strict";
import { parseProject, projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { parseRobotAccount, robotAccountKind } from "#/api/kinds/robot-account.ts";
import { findVerifier, robotVerifier } from "#/auth/robots.ts";
import type { Control } from "#/control/control.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { Reconcile } from "#/kube/reconciler.ts";
import { NAMESPACES, type ResourceType, SECRETS, SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { VolatileStatus } from "#/kube/status/volatile-status.ts";
import { systemTiming } from "#/kube/timing.ts";
import {
	BY_UID,
	NAMESPACE_INDEXES,
	PROJECT_INDEXES,
	ROBOT_ACCOUNT_INDEXES,
	SECRET_INDEXES,
	SERVICE_ACCOUNT_INDEXES,
} from "#/operator/indexes.ts";
import { censusOf } from "#/operator/plane/find-orphans.ts";
import { Planes } from "#/operator/plane/planes.ts";
import { createProjectReconcile } from "#/operator/project/index.ts";
import { readCredential } from "#/operator/robot-account/credential-secret.ts";
import { createRobotAccountReconcile } from "#/operator/robot-account/index.ts";
import { soon } from "../conformance/control/bench.ts";
import { openControlPlane, openQuickState } from "../support/control-planes.ts";
import { MemoryKube } from "../support/memory-kube.ts";
import { assertStatus } from "../support/status-lint.ts";

type Fields = { readonly [field: string]: unknown };

/** A crash at a point that a test chose. */
export class Crash extends Error {}

const KINDS = { Registry: registryKind, Project: projectKind, RobotAccount: robotAccountKind } as const;

/** A Kubernetes API, one real data plane, and the controllers of Projects and RobotAccounts between them. */
export async function openOperator() {
	const stack = new AsyncDisposableStack();
	const plane = stack.use(await openControlPlane(await openQuickState()));
	const kube = new MemoryKube();
	const isOurs = ({ metadata }: KubeObject) => metadata.labels?.["app.kubernetes.io/managed-by"] === "limani";
	const stores = {
		registries: kube.serve(registryKind),
		projects: kube.serve(projectKind, PROJECT_INDEXES),
		robotAccounts: kube.serve(robotAccountKind, ROBOT_ACCOUNT_INDEXES),
		namespaces: kube.serve(NAMESPACES, NAMESPACE_INDEXES),
		secrets: kube.serve(SECRETS, SECRET_INDEXES, isOurs),
		serviceAccounts: kube.serve(SERVICE_ACCOUNTS, SERVICE_ACCOUNT_INDEXES),
	};
	const events: string[] = [];
	const clock = { now: Date.UTC(2026, 0, 1) };
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
				},
				report: () => undefined,
			},
			{ minPollMs: 3, maxPollMs: 6 },
		);
		const deps = {
			...stores,
			client: kube,
			planes,
			now: () => clock.now,
			events: {
				record: ({ reason, note }: { reason: string; note: string }) => void events.push(`${reason}: ${note}`),
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
		return {
			planes,
			deps,
			project: createProjectReconcile({ ...deps, type: projectKind }),
			robot: createRobotAccountReconcile({ ...deps, type: robotAccountKind }),
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
	const reconcileAll = async (retry: (error: unknown) => boolean) => {
		const attempt = async (reconcile: Reconcile, objects: readonly KubeObject[]) => {
			for (const { metadata } of objects) {
				kube.deliver();
				await reconcile(keyOf(metadata), soon()).catch((error: unknown) => {
					if (!retry(error)) throw error;
				});
			}
		};
		await attempt(running.project, kube.all(projectKind));
		await attempt(running.robot, kube.all(robotAccountKind));
		kube.deliver();
	};
	const bench = {
		kube,
		plane,
		stores,
		events,
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
			[...kube.all(projectKind), ...kube.all(robotAccountKind)].every((object) => {
				const isUnderWay = findCondition(conditionsOf(object), "Reconciling") !== undefined;
				return !isUnderWay && object.metadata.deletionTimestamp === undefined;
			}),
		describe: (): string =>
			[...kube.all(projectKind), ...kube.all(robotAccountKind)]
				.map((object) => `${keyOf(object.metadata)} ${JSON.stringify(conditionsOf(object))}`)
				.join("\n"),
		/** Every status keeps the rules, and no secret stands anywhere but in Secrets. */
		lint(): void {
			const reasons = {
				Project: new Set(Object.keys(projectKind.reasons)),
				RobotAccount: new Set(Object.keys(robotAccountKind.reasons)),
			};
			for (const object of [...kube.all(projectKind), ...kube.all(robotAccountKind)]) {
				if (object.status === undefined) continue;
				const known = object.kind === "Project" ? reasons.Project : reasons.RobotAccount;
				assertStatus(object, { stage: "underway", secrets: minted, reasons: known });
				const parsed = object.kind === "Project" ? parseProject(object) : parseRobotAccount(object);
				assert.ok("resource" in parsed);
			}
			const said = JSON.stringify([kube.all(projectKind), kube.all(robotAccountKind), events]);
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
