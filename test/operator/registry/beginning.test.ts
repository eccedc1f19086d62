import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { backupKind } from "#/api/kinds/backup.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import type { ArchiveStanding, Control } from "#/control/control.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { systemTiming } from "#/lib/timing.ts";
import { Patience } from "#/operator/policy/patience.ts";
import type { RegistryActuator, RegistryState } from "#/operator/registry/actuator.ts";
import { createRegistryReconcile } from "#/operator/registry/index.ts";
import { UserHashes } from "#/operator/registry/users.ts";
import type { WantedRegistry } from "#/operator/registry/wanted-registry.ts";
import { PASSWORD_HASH, soon } from "../../conformance/control/bench.ts";
import { assertStatus } from "../../support/status-lint.ts";
import { openOperator } from "../operator-bench.ts";

const KEY = "system/new";
const ID = "20260131T020000Z-2xSxQzTvAhmaKnxkUG4OStAnPDY";
const SEAL = { name: "seal", key: "archive.key" };
const OLD = { backup: { archive: { filesystem: {} }, encryptionKeySecretRef: SEAL } };
const FROM_NIGHTLY = { bootstrap: { recovery: { backupRef: { name: "nightly" } } } };
const DOWN: RegistryState = {
	url: "https://registry.example.org",
	replicas: 1,
	readyReplicas: 0,
	selector: "",
	version: undefined,
	control: undefined,
	problem: { reason: "Progressing", message: "0 of 1 pods are ready", terminal: false },
};

/** The controller of the Registry `system/new`, over a data plane that is there when a test says so. */
const open = async (stack: AsyncDisposableStack) => {
	const bench = stack.use(await openOperator());
	const world: { state: RegistryState; standing: ArchiveStanding | undefined } = { state: DOWN, standing: undefined };
	const control = new Proxy<Control>(bench.plane.control, {
		get: (target, name) => {
			if (name === "archive") return async () => ({ archive: world.standing });
			const member: unknown = Reflect.get(target, name);
			return typeof member === "function" ? member.bind(target) : member;
		},
	});
	const up: RegistryState = { ...DOWN, readyReplicas: 1, version: "1.0.0", control, problem: undefined };
	const wishes: WantedRegistry[] = [];
	const actuator: RegistryActuator = {
		ensure: async (wanted) => {
			wishes.push(wanted);
			return world.state;
		},
		observe: async () => (wishes.length === 0 ? undefined : world.state),
		remove: async () => undefined,
		subscribe: () => ({ [Symbol.dispose]: () => undefined }),
	};
	const userHashes = new UserHashes(async () => PASSWORD_HASH);
	const patience = new Patience(systemTiming);
	const reconcile = createRegistryReconcile({ ...bench.deps(registryKind), actuator, userHashes, patience });
	const conditionOf = (type: string) => {
		const object = bench.get("Registry", KEY);
		return object === undefined ? undefined : findCondition(conditionsOf(object), type);
	};
	return {
		bench,
		wishes,
		conditionOf,
		put: (spec: object) => bench.put("Registry", KEY, { ...spec }),
		serve: () => {
			world.state = up;
		},
		tell: (told: ArchiveStanding) => {
			world.standing = told;
		},
		/** A Backup of a Registry, whole or not. */
		backup: (status: object, registry = "old") => {
			const metadata = { namespace: "system", name: "nightly" };
			bench.kube.edit(backupKind, {
				metadata,
				spec: { registryRef: { name: registry } },
				status: { ...status },
			});
		},
		seal: () => {
			const data = { "archive.key": Buffer.alloc(32, 7).toString("base64") };
			bench.kube.edit(SECRETS, { metadata: { namespace: "system", name: "seal" }, data });
		},
		async look() {
			bench.kube.deliver();
			const result = await reconcile(KEY, soon());
			bench.kube.deliver();
			return result;
		},
		async until(type: string, reason: string | undefined, words = /^/) {
			const signal = soon();
			for (;;) {
				bench.kube.deliver();
				await reconcile(KEY, signal);
				bench.kube.deliver();
				const condition = conditionOf(type);
				if (condition?.reason === reason && words.test(condition?.message ?? "")) break;
				await systemTiming.sleep(2, signal);
			}
			const object = bench.get("Registry", KEY) ?? assert.fail();
			const reasons = new Set(Object.keys(registryKind.reasons));
			assertStatus(object, { stage: "underway", secrets: [], reasons });
			assert.ok(registryKind.status.safeParse(object.status).success, JSON.stringify(object.status));
		},
		statusOf: () => ({ ...registryKind.status.parse(bench.get("Registry", KEY)?.status) }),
	};
};

suite("A Registry that begins with a Backup", () => {
	test("waits for all that it takes, makes nothing before, and begins then", async () => {
		await using stack = new AsyncDisposableStack();
		const { put, bench, wishes, until, backup, seal } = await open(stack);
		put(FROM_NIGHTLY);
		await until("Ready", "DependencyNotReady", /there is no Backup nightly/);
		backup({});
		await until("Ready", "DependencyNotReady", /nightly has not succeeded/);
		backup({ backupId: ID });
		await until("Ready", "DependencyNotReady", /the Registry old .* does not say/);
		bench.put("Registry", "system/old", OLD);
		await until("Ready", "DependencyNotReady", /there is no Secret seal/);
		assert.equal(wishes.length, 0);
		seal();
		await until("Ready", "Restoring", /the Backup nightly of the Registry old: 0 of 1 pods are ready/);
		const { recovery, secrets } = wishes.at(-1) ?? assert.fail();
		const archive = { filesystem: { claimName: "old-backup" } };
		assert.deepEqual(recovery, { archive, encryptionKeySecretRef: SEAL, backup: ID });
		assert.equal(secrets.get("seal")?.["archive.key"]?.byteLength, 32);
	});

	test("begins anew without it once it has it, and needs nothing of it any more", async () => {
		await using stack = new AsyncDisposableStack();
		const { put, bench, wishes, until, backup, seal, serve, look, statusOf } = await open(stack);
		bench.put("Registry", "system/old", OLD);
		seal();
		backup({ backupId: ID });
		put(FROM_NIGHTLY);
		await until("Ready", "Restoring");
		assert.equal(statusOf().restoredTime, undefined);
		serve();
		await until("Ready", "Succeeded");
		assert.equal(statusOf().restoredTime, "2026-01-01T00:00:00Z");
		assert.equal(wishes.at(-1)?.recovery, undefined);
		await bench.remove("Backup", "system/nightly");
		await bench.remove("Registry", "system/old");
		await bench.kube.delete(SECRETS, { namespace: "system", name: "seal" });
		const writes = bench.kube.writes.length;
		await look();
		await until("Ready", "Succeeded");
		assert.equal(bench.kube.writes.length, writes);
	});

	test("is known to have begun by what it says, should its status be lost and its Backup be gone", async () => {
		await using stack = new AsyncDisposableStack();
		const { put, bench, wishes, until, backup, seal, serve, statusOf } = await open(stack);
		bench.put("Registry", "system/old", OLD);
		seal();
		backup({ backupId: ID });
		put(FROM_NIGHTLY);
		serve();
		await until("Ready", "Succeeded");
		await bench.remove("Backup", "system/nightly");
		bench.kube.edit(registryKind, {
			metadata: { namespace: "system", name: "new" },
			spec: FROM_NIGHTLY,
			status: { conditions: [] },
		});
		await until("Ready", "Succeeded");
		assert.ok(statusOf().restoredTime !== undefined);
		assert.equal(wishes.at(-1)?.recovery, undefined);
	});

	test("of its own name is refused for good, and nothing is made", async () => {
		await using stack = new AsyncDisposableStack();
		const { put, wishes, until, conditionOf, backup } = await open(stack);
		backup({ backupId: ID }, "new");
		put({ ...FROM_NIGHTLY, backup: { archive: { filesystem: {} } } });
		await until("Ready", "InvalidSpec");
		assert.equal(conditionOf("Stalled")?.status, "True");
		assert.equal(wishes.length, 0);
	});
});

test("Whether a Registry's backups can be relied upon is told beside whether it serves", async () => {
	await using stack = new AsyncDisposableStack();
	const { put, bench, until, serve, tell, statusOf, conditionOf, look } = await open(stack);
	const now = bench.clock.now;
	put({ backup: { archive: { filesystem: {} } } });
	serve();
	tell({});
	await until("Ready", "Succeeded");
	await until("BackupReady", "BackupMissing");
	const lastSuccessfulBackup = { id: ID, at: now - 1_000, finishedAt: now };
	tell({ firstRecoverabilityPoint: now - 1_000, lastSuccessfulBackup, shippedUntil: now });
	await until("BackupReady", "Succeeded");
	assert.equal(statusOf().firstRecoverabilityPoint, "2025-12-31T23:59:59.000Z");
	assert.equal(statusOf().lastSuccessfulBackup, "2026-01-01T00:00:00.000Z");
	assert.ok(((await look()).againMs ?? 0) <= 60_000);
	tell({ lastSuccessfulBackup, away: "the bucket is gone" });
	await until("BackupReady", "ArchiveUnavailable");
	assert.equal(conditionOf("Ready")?.reason, "Succeeded");
	put({});
	await until("BackupReady", undefined);
	assert.equal(statusOf().lastSuccessfulBackup, undefined);
});
