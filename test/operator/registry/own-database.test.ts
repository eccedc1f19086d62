import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { registryKind } from "#/api/kinds/registry.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { systemTiming } from "#/lib/timing.ts";
import { Patience } from "#/operator/policy/patience.ts";
import type { RegistryActuator, RegistryProblem, RegistryState } from "#/operator/registry/actuator.ts";
import { createRegistryReconcile } from "#/operator/registry/index.ts";
import type { OwnDatabases } from "#/operator/registry/own-database.ts";
import { UserHashes } from "#/operator/registry/users.ts";
import type { WantedRegistry } from "#/operator/registry/wanted-registry.ts";
import { PASSWORD_HASH, soon } from "../../conformance/control/bench.ts";
import { openOperator } from "../operator-bench.ts";

const KEY = "system/new";
const SPEC = { storage: { s3: { bucket: "images" } }, database: { cloudNativePG: {} } };
const AWAY: RegistryProblem = { reason: "DatabaseNotReady", message: "2 of 3 instances are", terminal: false };
const MISSING: RegistryProblem = { reason: "CloudNativePGMissing", message: "install it", terminal: false };
const TAKEN: RegistryProblem = { reason: "NotOurs", message: "somebody else's", terminal: true };

/** The controller of the Registry `system/new`, over a data plane that serves once it was begun. */
const open = async (stack: AsyncDisposableStack, { hasPods = true } = {}) => {
	const bench = stack.use(await openOperator());
	const world: { problem: RegistryProblem | undefined } = { problem: AWAY };
	const up: RegistryState = {
		url: "https://registry.example.org",
		replicas: 1,
		readyReplicas: 1,
		selector: "",
		version: "1.0.0",
		control: bench.plane.control,
		problem: undefined,
	};
	const wishes: WantedRegistry[] = [];
	const acts: string[] = [];
	const databases: OwnDatabases = {
		ensure: async () => {
			acts.push("ensure database");
			return world.problem;
		},
		remove: async ({ name }) => void acts.push(`remove database of ${name}`),
	};
	const actuator: RegistryActuator = {
		databases: hasPods ? databases : undefined,
		ensure: async (wanted) => {
			wishes.push(wanted);
			return up;
		},
		observe: async () => (wishes.length === 0 ? undefined : up),
		remove: async (_registry, data) => void acts.push(`remove ${data}`),
		subscribe: () => ({ [Symbol.dispose]: () => undefined }),
	};
	const userHashes = new UserHashes(async () => PASSWORD_HASH);
	const patience = new Patience(systemTiming);
	const reconcile = createRegistryReconcile({ ...bench.deps(registryKind), actuator, userHashes, patience });
	const look = async () => {
		bench.kube.deliver();
		const result = await reconcile(KEY, soon());
		bench.kube.deliver();
		return result;
	};
	const conditionOf = (type: string) => {
		const object = bench.get("Registry", KEY);
		return object === undefined ? undefined : findCondition(conditionsOf(object), type);
	};
	return {
		bench,
		world,
		wishes,
		acts,
		look,
		conditionOf,
		put: (spec: object) => bench.put("Registry", KEY, { ...SPEC, ...spec }),
		secret: (name: string, key: string) => {
			const value = key === "uri" ? `postgresql://limani:a-word@${name}/limani` : "a word";
			const data = { [key]: Buffer.from(value).toString("base64") };
			bench.kube.edit(SECRETS, { metadata: { namespace: "system", name }, data });
		},
		async until(type: string, reason: string | undefined, words = /^/) {
			const signal = soon();
			for (;;) {
				await look();
				const condition = conditionOf(type);
				if (condition?.reason === reason && words.test(condition?.message ?? "")) return;
				await systemTiming.sleep(2, signal);
			}
		},
	};
};

type Bench = Awaited<ReturnType<typeof open>>;

/** Runs over its database. */
const begin = async ({ put, world, secret, until }: Bench): Promise<void> => {
	world.problem = undefined;
	secret("new-database-app", "uri");
	secret("new-database-ca", "ca.crt");
	put({});
	await until("Ready", "Succeeded");
};

suite("A Registry that is to have a database of its own", () => {
	test("is not begun before that is ready and its Secrets are there, and says what is waited for", async () => {
		await using stack = new AsyncDisposableStack();
		const bench = await open(stack);
		const { put, world, wishes, secret, until } = bench;
		put({});
		await until("Ready", "DatabaseNotReady", /2 of 3/);
		await until("DatabaseReady", "DatabaseNotReady", /2 of 3/);
		world.problem = undefined;
		await until("Ready", "DependencyNotReady", /spec\.database\.cloudNativePG: there is no Secret new-database-app/);
		secret("new-database-app", "uri");
		await until("Ready", "DependencyNotReady", /new-database-ca/);
		assert.equal(wishes.length, 0);
		secret("new-database-ca", "ca.crt");
		await until("Ready", "Succeeded");
		await until("DatabaseReady", "Succeeded");
		assert.equal(wishes.at(-1)?.spec.database.postgres?.urlSecretRef.name, "new-database-app");
	});

	test("goes on while that is not whole, and does not while it cannot be had at all", async () => {
		await using stack = new AsyncDisposableStack();
		const bench = await open(stack);
		const { put, world, wishes, until } = bench;
		await begin(bench);
		world.problem = AWAY;
		await until("DatabaseReady", "DatabaseNotReady");
		await until("Ready", "Succeeded");
		put({ nodeSelector: { disk: "fast" } });
		await until("Ready", "Succeeded");
		assert.deepEqual(wishes.at(-1)?.spec.nodeSelector, { disk: "fast" });
		const count = wishes.length;
		world.problem = MISSING;
		await until("Ready", "CloudNativePGMissing", /install it/);
		await until("Available", "Serving");
		world.problem = TAKEN;
		await until("Stalled", "NotOurs");
		assert.equal(wishes.length, count);
		world.problem = undefined;
		await until("Ready", "Succeeded");
	});

	test("is looked at each minute, and its pods are told of a new password by the version of its Secret", async () => {
		await using stack = new AsyncDisposableStack();
		const bench = await open(stack);
		await begin(bench);
		const { againMs } = await bench.look();
		assert.ok(againMs !== undefined && againMs <= 60_000);
		const before = bench.wishes.at(-1)?.secretVersions.get("new-database-app");
		bench.secret("new-database-app", "uri");
		await bench.look();
		assert.notEqual(bench.wishes.at(-1)?.secretVersions.get("new-database-app"), before);
	});

	test("leaves it alone while it is suspended, and needs none of it to serve nobody", async () => {
		await using stack = new AsyncDisposableStack();
		const bench = await open(stack);
		const { put, acts, until, wishes } = bench;
		put({ suspend: true });
		await until("Ready", "Suspended");
		assert.deepEqual(acts, []);
		bench.secret("new-database-app", "uri");
		bench.secret("new-database-ca", "ca.crt");
		put({ replicas: 0 });
		await until("DatabaseReady", "DatabaseNotReady");
		assert.equal(wishes.at(-1)?.spec.replicas, 0);
	});

	for (const [deletionPolicy, expected] of [
		["Retain", ["remove Retain"]],
		["Delete", ["remove Delete", "remove database of new"]],
	] as const) {
		test(`does with it as it says when it goes: ${deletionPolicy}`, async () => {
			await using stack = new AsyncDisposableStack();
			const bench = await open(stack);
			await begin(bench);
			bench.put({ deletionPolicy });
			await bench.look();
			bench.acts.length = 0;
			await bench.bench.remove("Registry", KEY);
			const signal = soon();
			while (bench.bench.get("Registry", KEY) !== undefined) {
				await bench.look();
				await systemTiming.sleep(2, signal);
			}
			assert.deepEqual(bench.acts, expected);
		});
	}

	test("of another kind is not asked about, whatever becomes of it", async () => {
		await using stack = new AsyncDisposableStack();
		const bench = await open(stack);
		bench.bench.put("Registry", KEY, { deletionPolicy: "Delete" });
		await bench.until("Ready", "Succeeded");
		assert.equal(bench.conditionOf("DatabaseReady"), undefined);
		await bench.bench.remove("Registry", KEY);
		await bench.look();
		assert.deepEqual(bench.acts, ["remove Delete"]);
	});

	test("is refused where there are no pods", async () => {
		await using stack = new AsyncDisposableStack();
		const { put, until, wishes } = await open(stack, { hasPods: false });
		put({});
		await until("Stalled", "InvalidSpec", /standalone mode has no pods/);
		await until("DatabaseReady", "InvalidSpec");
		assert.equal(wishes.length, 0);
	});
});
