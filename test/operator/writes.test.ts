import assert from "node:assert/strict";
import { test } from "node:test";
import type { WriteOpts } from "#/kube/kube-client.ts";
import { type ResourceType, SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import { openOperator } from "./operator-bench.ts";
import { type Bench, make, TENDED } from "./tended.ts";

/** Everything there is, made, changed, looked at and deleted. */
const live = async (bench: Bench, looked: () => void = () => undefined): Promise<void> => {
	bench.serve();
	bench.namespace("apps", { "limani.dev/accept-from": "system" });
	for (const namespace of ["system", "apps"]) {
		bench.kube.edit(SERVICE_ACCOUNTS, { metadata: { namespace, name: "default" } });
	}
	const secret = { copyTo: { namespaceSelector: {} }, attachTo: { serviceAccounts: ["default"] } };
	const settled = async () => {
		await bench.until(() => {
			looked();
			return bench.settled();
		});
	};
	const more = (kind: string) => (kind === "RobotAccount" ? { secret } : {});
	const keys = TENDED.map((tended) => {
		const key = `system/a-${tended.kind.toLowerCase()}`;
		make(bench, tended);
		bench.put(tended.kind, key, { ...tended.spec, ...more(tended.kind), ...nameOf(tended.kind) });
		return { tended, key };
	});
	await settled();
	for (const { tended, key } of keys) {
		bench.put(tended.kind, key, { ...tended.spec, ...more(tended.kind), ...nameOf(tended.kind), ...tended.edit });
	}
	await settled();
	for (const { tended, key } of keys.toReversed()) await bench.remove(tended.kind, key);
	await bench.until(() => {
		looked();
		return keys.every(({ tended, key }) => bench.get(tended.kind, key) === undefined);
	});
};

const nameOf = (kind: string) => (kind === "Project" ? { projectName: "another" } : {});

test("a look writes a status once at most, and nothing is replaced but Secrets that it made", async () => {
	await using bench = await openOperator();
	let seen = 0;
	let most = 0;
	await live(bench, () => {
		const statuses = bench.kube.writes.slice(seen).filter(({ subresource }) => subresource === "status");
		seen = bench.kube.writes.length;
		const counts = Map.groupBy(statuses, ({ kind, key }) => `${kind} ${key}`);
		most = Math.max(most, ...Array.from(counts.values(), ({ length }) => length));
	});
	assert.equal(most, 1);
	const replaced = new Set(bench.kube.writes.filter(({ verb }) => verb === "replace").map(({ kind }) => kind));
	assert.deepEqual([...replaced.difference(new Set(["Secret"]))], []);
	const kinds = new Set<string>(TENDED.map(({ kind }) => kind));
	const verbs = bench.kube.writes.filter(({ kind }) => kinds.has(kind)).map(({ verb }) => verb);
	// The deletions are this test's own.
	assert.deepEqual(new Set(verbs), new Set(["patch", "delete"]));
});

test("each controller writes under one name, its own", async () => {
	await using bench = await openOperator();
	const names = new Map<string, Set<string>>();
	const note = (type: ResourceType, { fieldManager = "none" }: WriteOpts) => {
		const known = names.get(type.kind) ?? new Set();
		names.set(type.kind, known.add(fieldManager));
	};
	const { kube } = bench;
	const create = kube.create.bind(kube);
	const replace = kube.replace.bind(kube);
	const patch = kube.patch.bind(kube);
	const apply = kube.apply.bind(kube);
	kube.create = (type, object, opts) => {
		note(type, opts);
		return create(type, object, opts);
	};
	kube.replace = (type, object, opts) => {
		note(type, opts);
		return replace(type, object, opts);
	};
	kube.patch = (type, ref, body, opts) => {
		note(type, opts);
		return patch(type, ref, body, opts);
	};
	kube.apply = (type, object, opts) => {
		note(type, opts);
		return apply(type, object, opts);
	};
	await live(bench);
	const said = Object.fromEntries(names.entries().map(([kind, known]) => [kind, [...known]]));
	assert.deepEqual(said, {
		Project: ["limani-project"],
		RobotAccount: ["limani-robotaccount"],
		Secret: ["limani-robotaccount"],
		ServiceAccount: ["limani-robotaccount"],
		RetentionPolicy: ["limani-retentionpolicy"],
		ReplicationPolicy: ["limani-replicationpolicy"],
	});
});

for (const tended of TENDED) {
	test(`a ${tended.kind} has its finalizer before the registry hears of it`, async () => {
		await using bench = await openOperator();
		bench.serve();
		const key = make(bench, tended);
		const uid = bench.get(tended.kind, key)?.metadata.uid ?? assert.fail();
		const { apply } = bench.plane.control;
		let heard = 0;
		bench.plane.control.apply = (change, signal) => {
			if (change.upserts.some((one) => one.uid === uid)) {
				heard++;
				assert.deepEqual(bench.get(tended.kind, key)?.metadata.finalizers, ["limani.dev/cleanup"]);
			}
			return apply.call(bench.plane.control, change, signal);
		};
		await bench.settle();
		assert.ok(heard > 0);
	});
}
