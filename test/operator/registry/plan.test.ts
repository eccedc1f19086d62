import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import type { RegistryState } from "#/operator/registry/actuator.ts";
import { judgeAvailability, judgeRegistry, type RegistryObservation } from "#/operator/registry/plan.ts";

const registryOf = (spec: object): Registry => {
	const parsed = parseRegistry({ metadata: { name: "r", namespace: "n", uid: "u", generation: 1 }, spec });
	if ("invalid" in parsed) throw new Error(parsed.invalid);
	return parsed.resource;
};

const RUNS: RegistryState = {
	url: "http://127.0.0.1:5080",
	replicas: 1,
	readyReplicas: 1,
	selector: "",
	version: "1",
	control: undefined,
	problem: undefined,
};
const STOPPED: RegistryState = { ...RUNS, url: undefined, replicas: 0, readyReplicas: 0, version: undefined };
const BEGINNING = { reason: "Progressing", message: "its pods are being made", terminal: false } as const;
const WELL: RegistryObservation = {
	registry: registryOf({}),
	state: RUNS,
	missing: [],
	restoring: undefined,
	wrong: undefined,
	users: { pending: 0, refused: [] },
	trouble: undefined,
};

const CASES: readonly (readonly [
	name: string,
	observed: Partial<RegistryObservation>,
	reason: string,
	available: string,
	is: string,
])[] = [
	["runs as wanted", {}, "Succeeded", "Serving", "Ready"],
	[
		"is to have no process",
		{ registry: registryOf({ replicas: 0 }), state: STOPPED, users: undefined },
		"ScaledToZero",
		"ScaledToZero",
		"Ready",
	],
	["lacks a Secret and runs on", { missing: ["no Secret"] }, "DependencyNotReady", "Serving", "Working"],
	["lacks a Secret", { missing: ["no Secret"], state: undefined }, "DependencyNotReady", "NotServing", "Working"],
	[
		"cannot run so",
		{ state: { ...STOPPED, problem: { reason: "InvalidSpec", message: "no", terminal: true } }, users: undefined },
		"InvalidSpec",
		"NotServing",
		"Stalled",
	],
	[
		"failed to start",
		{ state: { ...STOPPED, problem: { reason: "Failed", message: "no", terminal: false } }, users: undefined },
		"Failed",
		"NotServing",
		"Working",
	],
	["has no link yet", { users: undefined }, "Progressing", "Serving", "Working"],
	["does not answer", { trouble: "refused" }, "NotServing", "Serving", "Working"],
	["has users on their way", { users: { pending: 1, refused: [] } }, "Progressing", "Serving", "Working"],
	["has a user that is refused", { users: { pending: 0, refused: ["taken"] } }, "InvalidSpec", "Serving", "Stalled"],
	[
		"is made again from a backup",
		{ restoring: "the backup x", state: { ...STOPPED, problem: BEGINNING }, users: undefined },
		"Restoring",
		"NotServing",
		"Working",
	],
	["has all of a backup and begins anew", { restoring: "the backup x" }, "Restoring", "Serving", "Working"],
	[
		"cannot be made again",
		{ restoring: "x", state: { ...STOPPED, problem: { reason: "Failed", message: "no", terminal: false } } },
		"Failed",
		"NotServing",
		"Working",
	],
	[
		"is to be made again once somebody is to be served",
		{ restoring: "x", registry: registryOf({ replicas: 0 }), state: STOPPED, users: undefined },
		"ScaledToZero",
		"ScaledToZero",
		"Ready",
	],
	["begins with what cannot be", { wrong: "no", state: undefined }, "InvalidSpec", "NotServing", "Stalled"],
	["is suspended", { registry: registryOf({ suspend: true }) }, "Suspended", "Serving", "Resting"],
];

for (const [name, observed, reason, available, is] of CASES) {
	test(`a Registry that ${name} is ${reason}`, () => {
		const whole = { ...WELL, ...observed };
		const verdict = judgeRegistry(whole);
		assert.equal(verdict.reason, reason);
		assert.equal(verdict.is, is);
		const { reason: serving, status } = judgeAvailability(whole);
		assert.equal(serving, available);
		// Nothing is Ready that is not available.
		if (verdict.is === "Ready") assert.equal(status, "True");
	});
}
