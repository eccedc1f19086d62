import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { ControlError } from "#/control/control-error.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { keyOf } from "#/kube/kube-object.ts";
import { NAMESPACES, SECRETS } from "#/kube/resource-type.ts";
import { pick, type Random, seededRandom } from "../support/seeded-random.ts";
import { openOperator } from "./operator-bench.ts";

type PolicyName = "RetentionPolicy" | "ReplicationPolicy";
type Bench = Awaited<ReturnType<typeof openOperator>>;

const REGISTRY = { name: "main", namespace: "system" };
const TENANTS = ["team-a", "team-b"];
const OPERATIONS = 60;
const POLICIES = [retentionPolicyKind, replicationPolicyKind] as const;

/** One thing that an owner, an administrator or bad luck does. */
const operate = async (bench: Bench, random: Random): Promise<void> => {
	const tenant = pick(random, ["team-a", "team-b"]);
	const name = pick(random, ["one", "two"]);
	switch (
		pick(random, [
			"project",
			"project",
			"robot",
			"robot",
			"retention",
			"replication",
			"unproject",
			"unrobot",
			"unpolicy",
			"accept",
			"allow",
			"steal",
			"restart",
		])
	) {
		case "project":
			bench.put("Project", `${tenant}/${name}`, {
				registryRef: REGISTRY,
				projectName: `${tenant}-${name}`,
				visibility: pick(random, ["Private", "Public"]),
				delegateTo: { namespaces: pick(random, [[], TENANTS]) },
				deletionPolicy: pick(random, ["Orphan", "Delete"]),
			});
			return;
		case "robot":
			bench.put("RobotAccount", `${tenant}/${name}`, {
				registryRef: REGISTRY,
				permissions: [{ project: pick(random, ["*", "team-a-*", "*-two"]), actions: ["pull"] }],
				secret: {
					type: pick(random, ["DockerConfigJson", "Basic"]),
					...pick(random, [{}, { copyTo: { namespaceSelector: {} } }]),
				},
			});
			return;
		case "retention":
			bench.put("RetentionPolicy", `${tenant}/${name}`, {
				registryRef: REGISTRY,
				projectRefs: pick(random, [
					[{ name: "one" }],
					[{ name: "one" }, { name: "two" }],
					[{ name: "two", namespace: "team-a" }],
				]),
				rules: [{ name: "newest", keep: { latestPushed: 5 } }],
				suspend: random() < 0.2,
			});
			return;
		case "replication":
			bench.put("ReplicationPolicy", `${tenant}/${name}`, {
				registryRef: REGISTRY,
				projectRefs: [{ name }],
				destination: { registryRef: REGISTRY, robotAccountRef: { name: "one" } },
				mode: pick(random, ["Copy", "Mirror"]),
			});
			return;
		case "unpolicy":
			return await bench.remove(
				pick<PolicyName>(random, ["RetentionPolicy", "ReplicationPolicy"]),
				`${tenant}/${name}`,
			);
		case "unproject":
			return await bench.remove("Project", `${tenant}/${name}`);
		case "unrobot":
			return await bench.remove("RobotAccount", `${tenant}/${name}`);
		case "accept":
			return bench.namespace("apps", { "limani.dev/accept-from": tenant });
		case "allow":
			return bench.serve({ allowedNamespaces: { names: pick(random, [TENANTS, TENANTS, [tenant]]) } });
		case "steal": {
			const [secret] = bench.kube.all(SECRETS).filter(() => random() < 0.3);
			return secret && (await bench.kube.delete(SECRETS, { ...secret.metadata }));
		}
		case "restart":
			return await bench.restart();
	}
};

const setFaults = (bench: Bench, random: Random | undefined): void => {
	const mayFail = (share: number, error: () => Error) => () => {
		if (random !== undefined && random() < share) throw error();
	};
	bench.kube.before = mayFail(0.1, () => new KubeError("UNAVAILABLE", "no answer"));
	bench.kube.afterWrite = mayFail(0.1, () => new KubeError("UNAVAILABLE", "the answer was lost"));
	bench.hooks.afterApply = mayFail(0.2, () => new ControlError("UNAVAILABLE", "the answer was lost"));
};

/** Does something while nothing fails but what fails by the operation itself. */
const undisturbed = async (bench: Bench, random: Random): Promise<void> => {
	setFaults(bench, undefined);
	await operate(bench, random);
	setFaults(bench, random);
};

/** What there is to be seen from outside of every resource, but for what was drawn by lot. */
const outcome = async (bench: Bench): Promise<unknown> => {
	const registry = Object(bench.get("Registry", "system/main")?.spec);
	const isAllowed = (namespace = "") => registry.allowedNamespaces.names.includes(namespace);
	const projects = bench.kube.all(projectKind).map(async ({ metadata, spec }) => {
		const found = await bench.plane.metadata.projects.find(Object(spec).projectName);
		// What one of that name left open on purpose (Orphan) before this came, unallowed, is not this one's to shut.
		const isShut = found?.uid !== metadata.uid || found?.visibility === "Private";
		return [keyOf(metadata), isAllowed(metadata.namespace) ? found?.visibility : isShut];
	});
	const robots = bench.kube.all(robotAccountKind).map(async ({ metadata }) => {
		const key = keyOf(metadata);
		const secret = bench.secretOf(key);
		const grants = (await bench.grantsOf(key)).toSorted();
		const works = await bench.accepts(key, secret);
		if (!isAllowed(metadata.namespace)) return [key, grants, works];
		const held = bench.kube
			.all(SECRETS)
			.filter((one) => one.metadata.labels?.["limani.dev/owner-uid"] === metadata.uid);
		const places = held.map((one) => `${one.metadata.namespace} ${one.type}`);
		return [key, grants, works, places.toSorted(), metadata.finalizers];
	});
	const projectOf = new Map(bench.kube.all(projectKind).map(({ metadata }) => [metadata.uid, keyOf(metadata)]));
	const policies = POLICIES.flatMap((kind) => bench.kube.all(kind)).map(async (object) => {
		const key = keyOf(object.metadata);
		const kind = object.kind === "RetentionPolicy" ? object.kind : "ReplicationPolicy";
		const spec = Object((await bench.policyAt(kind, key))?.spec);
		const isAtWork = spec.suspend === false;
		const about = isAtWork ? spec.projects.uids.map((uid: string) => projectOf.get(uid)).toSorted() : [];
		return [`${kind} ${key}`, bench.ready(kind, key), isAtWork, about, isAtWork && spec.mode];
	});
	return (await Promise.all([...projects, ...robots, ...policies])).toSorted((a, b) =>
		String(a) < String(b) ? -1 : 1,
	);
};

/** The outcome of the same specs, applied at once where nothing ever failed. */
const outcomeAfresh = async (of: Bench): Promise<unknown> => {
	await using bench = await openOperator();
	for (const { metadata } of of.kube.all(NAMESPACES)) bench.namespace(metadata.name, metadata.labels);
	bench.serve(Object(of.get("Registry", "system/main")?.spec));
	for (const { metadata, spec } of of.kube.all(projectKind)) bench.put("Project", keyOf(metadata), Object(spec));
	for (const { metadata, spec } of of.kube.all(robotAccountKind))
		bench.put("RobotAccount", keyOf(metadata), Object(spec));
	for (const kind of POLICIES) {
		for (const { metadata, spec } of of.kube.all(kind)) bench.put(kind.kind, keyOf(metadata), Object(spec));
	}
	await bench.settle();
	return await outcome(bench);
};

for (const seed of [1, 2, 3, 4, 5, 6]) {
	test(`whatever was done and failed, what remains follows from the specs alone (seed ${seed})`, async () => {
		const random = seededRandom(seed);
		await using bench = await openOperator();
		for (const name of [...TENANTS, "apps"]) bench.namespace(name);
		bench.serve({ allowedNamespaces: { names: TENANTS } });
		for (let i = 0; i < OPERATIONS; i++) {
			await undisturbed(bench, random);
			let looks = Math.floor(random() * 4);
			await bench.until(() => looks-- <= 0);
		}
		setFaults(bench, undefined);
		await bench.settle();
		const expected = await outcomeAfresh(bench);
		// That a policy is held at the registry too is seen by no status.
		const late = AbortSignal.timeout(20_000);
		await bench.until(async () => late.aborted || isDeepStrictEqual(await outcome(bench), expected));
		assert.deepEqual(await outcome(bench), expected);
		// What projects hold is read once in a while, and then written down.
		await bench.restart();
		await bench.settle();
		const writes = bench.kube.writes.length;
		await bench.restart();
		await bench.settle();
		assert.deepEqual(bench.kube.writes.slice(writes), [], "idle, it writes nothing");
		const specs = bench.kube.writes.filter(({ kind, verb, subresource }) => {
			const isOurs = [registryKind, projectKind, robotAccountKind, ...POLICIES].some((one) => one.kind === kind);
			return isOurs && subresource !== "status" && verb !== "patch" && verb !== "delete";
		});
		assert.deepEqual(specs, [], "no spec is ever written");
	});
}
