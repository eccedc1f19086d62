import assert from "node:assert/strict";
import { registryKind } from "#/api/kinds/registry.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { systemTiming } from "#/lib/timing.ts";
import { Patience } from "#/operator/policy/patience.ts";
import type { RegistryActuator, RegistryState } from "#/operator/registry/actuator.ts";
import { createRegistryReconcile } from "#/operator/registry/index.ts";
import { UserHashes } from "#/operator/registry/users.ts";
import { PASSWORD_HASH, soon } from "../conformance/control/bench.ts";
import { openOperator } from "../operator/operator-bench.ts";
import type { Stage } from "./stages.ts";

const KEY = "system/it";
const REF = { namespace: "system", name: "it" };

const users = [{ name: "ann", passwordSecretRef: { name: "ann", key: "password" }, admin: true }];

/** Leads a Registry through its life under its controller, over one data plane that is there or not. */
export const registryStages = async (): Promise<readonly Stage[]> => {
	await using bench = await openOperator();
	const down = { url: undefined, replicas: 0, readyReplicas: 0, selector: "", version: undefined, control: undefined };
	const up = {
		url: "https://registry.example.org",
		replicas: 1,
		readyReplicas: 1,
		selector: "app=it",
		version: "1.0.0",
		control: bench.plane.control,
	};
	let state: RegistryState = { ...down, problem: undefined };
	const actuator: RegistryActuator = {
		ensure: async () => state,
		observe: async () => state,
		remove: async () => undefined,
		subscribe: () => ({ [Symbol.dispose]: () => undefined }),
	};
	const userHashes = new UserHashes(async () => PASSWORD_HASH);
	const patience = new Patience(systemTiming);
	const reconcile = createRegistryReconcile({ ...bench.deps(registryKind), actuator, userHashes, patience });
	const stages: Stage[] = [];
	const keepStage = (stage: Stage["stage"]) =>
		stages.push({ stage, object: structuredClone(bench.get("Registry", KEY) ?? assert.fail(stage)) });
	const until = (reason: string) =>
		bench.until(async () => {
			await reconcile(KEY, soon());
			bench.kube.deliver();
			const object = bench.get("Registry", KEY) ?? assert.fail(reason);
			const ready = findCondition(conditionsOf(object), "Ready");
			return ready?.reason === reason && ready.observedGeneration === object.metadata.generation;
		});
	const put = (spec: { readonly [field: string]: unknown }) => bench.put("Registry", KEY, { auth: { users }, ...spec });
	bench.kube.edit(registryKind, { metadata: REF, spec: { auth: { users } }, status: { observedGeneration: -1 } });
	keepStage("created");
	await until("DependencyNotReady");
	keepStage("dependency missing");
	const data = { password: Buffer.from("correct horse").toString("base64") };
	bench.kube.edit(SECRETS, { metadata: { namespace: "system", name: "ann" }, data });
	await until("Progressing");
	keepStage("starting");
	state = { ...up, problem: undefined };
	await until("Succeeded");
	keepStage("ready");
	put({ egress: {}, replicas: 0 });
	keepStage("changed");
	state = { ...down, problem: undefined };
	await until("ScaledToZero");
	keepStage("scaled to zero");
	put({ replicas: -1 });
	await until("InvalidSpec");
	keepStage("invalid");
	put({});
	keepStage("invalid and changed");
	state = { ...up, problem: { reason: "NotServing", message: "the bucket refuses the key", terminal: false } };
	await until("NotServing");
	keepStage("failing");
	put({ suspend: true });
	await until("Suspended");
	keepStage("suspended");
	put({});
	state = { ...up, problem: undefined };
	await until("Succeeded");
	bench.put("Project", "system/web", { registryRef: { name: "it" } });
	await bench.remove("Registry", KEY);
	await until("InUse");
	keepStage("deleting");
	return stages;
};
