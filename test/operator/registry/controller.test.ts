import assert from "node:assert/strict";
import { test } from "node:test";
import { backupKind } from "#/api/kinds/backup.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import type { ObjectKey } from "#/kube/kube-object.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { systemTiming } from "#/lib/timing.ts";
import { Patience } from "#/operator/policy/patience.ts";
import { registryController } from "#/operator/registry/controller.ts";
import { UserHashes } from "#/operator/registry/users.ts";
import { PASSWORD_HASH } from "../../conformance/control/bench.ts";
import { openOperator } from "../operator-bench.ts";

const WHOLE = { backupId: "b", stoppedAt: "2026-01-31T02:00:00Z" };
const SEAL = { name: "seal", key: "archive.key" };
const OLD = { backup: { archive: { filesystem: {} }, encryptionKeySecretRef: SEAL } };
const FROM_NIGHTLY = { bootstrap: { recovery: { backupRef: { name: "nightly" } } } };

test("What a Registry begins with wakes it until it has begun, and what backs it up does always", async () => {
	await using bench = await openOperator();
	const nobody = {
		ensure: () => assert.fail(),
		observe: () => assert.fail(),
		remove: () => assert.fail(),
		subscribe: () => ({ [Symbol.dispose]: () => undefined }),
	};
	const { sources = [] } = registryController({
		...bench.deps(registryKind),
		actuator: nobody,
		userHashes: new UserHashes(async () => PASSWORD_HASH),
		patience: new Patience(systemTiming),
	});
	let woken: ObjectKey[] = [];
	for (const source of sources) source.subscribe((key) => void woken.push(key));
	const at = (name: string, namespace = "system") => ({ namespace, name });
	/** Who is woken by what a test does. */
	const wokenBy = (change: () => unknown): readonly ObjectKey[] => {
		change();
		woken = [];
		bench.kube.deliver();
		return [...new Set(woken)].toSorted();
	};
	const backup = (status: object, namespace = "system") =>
		bench.kube.edit(backupKind, {
			metadata: at("nightly", namespace),
			spec: { registryRef: { name: "old" } },
			status: { ...status },
		});
	const seal = (text: string) =>
		bench.kube.edit(SECRETS, {
			metadata: { ...at("seal"), labels: { "app.kubernetes.io/managed-by": "limani" } },
			data: { "archive.key": Buffer.from(text).toString("base64") },
		});

	bench.put("Registry", "system/new", FROM_NIGHTLY);
	bench.put("Registry", "elsewhere/new", FROM_NIGHTLY);
	bench.put("Registry", "system/old", { backup: { archive: { filesystem: {} } } });
	bench.kube.deliver();
	assert.deepEqual(
		wokenBy(() => backup({})),
		["system/new", "system/old"],
	);
	assert.deepEqual(
		wokenBy(() => backup({ startedAt: "2026-01-31T01:00:00Z" })),
		[],
	);
	assert.deepEqual(
		wokenBy(() => backup(WHOLE)),
		["system/new", "system/old"],
	);
	assert.deepEqual(
		wokenBy(() => bench.put("Registry", "system/old", OLD)),
		["system/new"],
	);
	assert.deepEqual(
		wokenBy(() => seal("key")),
		["system/new", "system/old"],
	);
	bench.kube.edit(registryKind, {
		metadata: at("new"),
		spec: FROM_NIGHTLY,
		status: { restoredTime: "2026-01-31T03:00:00Z" },
	});
	bench.kube.deliver();
	assert.deepEqual(
		wokenBy(() => seal("another")),
		["system/old"],
	);
	assert.deepEqual(
		wokenBy(() => bench.put("Registry", "system/old", {})),
		[],
	);
	assert.deepEqual(
		wokenBy(() => backup({ ...WHOLE, backupId: "c" })),
		["system/old"],
	);
});
