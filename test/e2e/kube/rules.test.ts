import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import { CUSTOM_RESOURCE_DEFINITIONS } from "#/kube/resource-type.ts";
import { fieldAt } from "#/kube-embedded/json.ts";
import { RULE_CASES, type RuleCase } from "../../api/kinds/rule-cases.ts";
import { type KubeBench, openKubeBench, type RawAnswer } from "../../support/kube-bench.ts";
import { skipWithoutKube } from "../../support/kube-plane.ts";
import { eventually } from "../../support/operator-world.ts";
import { unservedKinds } from "../../support/unserved-kinds.ts";

describe("a real API server and the rules of our kinds", { skip: skipWithoutKube() }, () => {
	let bench: KubeBench;
	before(async () => {
		bench = await openKubeBench();
	});
	after(() => bench[Symbol.asyncDispose]());

	it("takes every definition without a warning, and serves its kind", async () => {
		const { group, version, plural } = CUSTOM_RESOURCE_DEFINITIONS;
		for (const kind of ALL_KINDS) {
			const made = await bench.call("POST", `/apis/${group}/${version}/${plural}?fieldValidation=Strict`, toCrd(kind));
			assert.equal(made.status, 201, JSON.stringify(made.body));
			assert.deepEqual(made.warnings, []);
		}
		await applyDefinitions(bench.client, AbortSignal.timeout(60_000));
		await eventually(() => unservedKinds(bench.client));
		for (const kind of ALL_KINDS) {
			const name = `${kind.plural}.${kind.group}`;
			const served = await bench.call("GET", `/apis/${group}/${version}/${plural}/${name}`);
			const conditions: unknown = served.at("status", "conditions");
			assert.ok(Array.isArray(conditions));
			const said = Object.fromEntries(conditions.map((one) => [fieldAt(one, ["type"]), fieldAt(one, ["status"])]));
			assert.deepEqual(said, { NamesAccepted: "True", Established: "True" });
		}
	});

	for (const each of RULE_CASES) {
		const { kind, spec, before: old, broken = [], name = "some" } = each;
		const verdict = broken.length === 0 ? "accepts" : "refuses";
		const change = old === undefined ? "" : `${JSON.stringify(old)} → `;
		it(`${verdict} a ${kind.kind} ${name.slice(0, 20)} ${change}${JSON.stringify(spec)}`, async () => {
			const answer = await submit(bench, each);
			if (broken.length === 0) assert.ok(answer.status < 300, JSON.stringify(answer.body));
			else assert.deepEqual(complaintsOf(answer), { status: 422, messages: messagesOf(kind, broken) });
			assert.deepEqual(answer.warnings, []);
		});
	}
});

/** Creates it, or changes it from what it was before; nothing of it stays. */
const submit = async (
	bench: KubeBench,
	{ kind, spec, before: old, status, name = "some" }: RuleCase,
): Promise<RawAnswer> => {
	const path = `/apis/${kind.group}/${kind.version}/namespaces/default/${kind.plural}`;
	const object = (given: object) => ({
		apiVersion: `${kind.group}/${kind.version}`,
		kind: kind.kind,
		metadata: { name, namespace: "default" },
		spec: given,
	});
	const strictly = "fieldValidation=Strict&dryRun=All";
	if (old === undefined) return await bench.call("POST", `${path}?${strictly}`, object(spec));
	const made = await bench.call("POST", `${path}?fieldValidation=Strict`, object(old));
	assert.equal(made.status, 201, JSON.stringify(made.body));
	const standing =
		status === undefined
			? made
			: await bench.call("PUT", `${path}/${name}/status`, { ...object(old), metadata: made.at("metadata"), status });
	assert.ok(standing.status < 300, JSON.stringify(standing.body));
	const resourceVersion = standing.at("metadata", "resourceVersion");
	const next = object(spec);
	const changed = { ...next, metadata: { ...next.metadata, resourceVersion } };
	const answer = await bench.call("PUT", `${path}/${name}?${strictly}`, changed);
	const gone = await bench.call("DELETE", `${path}/${name}`);
	assert.equal(gone.status, 200, JSON.stringify(gone.body));
	return answer;
};

/** The kind of mistake, and the value where it is a plain one. */
const SAID_BEFORE = /^(Invalid value|Forbidden): ("[^"]*": )?/;

/** What the answer says of rules, without the place and the value. */
const complaintsOf = (answer: RawAnswer): { readonly status: number; readonly messages: readonly string[] } => {
	const causes: unknown = answer.at("details", "causes");
	const messages = (Array.isArray(causes) ? causes : []).map((cause) => String(fieldAt(cause, ["message"])));
	return { status: answer.status, messages: messages.map((text) => text.replace(SAID_BEFORE, "")).toSorted() };
};

/** The whole messages of the rules that begin so. */
const messagesOf = (kind: KindDefinition, starts: readonly string[]): readonly string[] => {
	const all = allMessages(toCrd(kind).spec.versions[0]?.schema.openAPIV3Schema);
	return starts.map((start) => all.find((message) => message.startsWith(start)) ?? start).toSorted();
};

/** Messages of all rules in a schema, in the order of its text. */
const allMessages = (schema: unknown): readonly string[] => {
	if (typeof schema !== "object" || schema === null) return [];
	const rules = fieldAt(schema, ["x-kubernetes-validations"]);
	const own = (Array.isArray(rules) ? rules : []).map((rule) => String(fieldAt(rule, ["message"])));
	return [...own, ...Object.values(schema).flatMap(allMessages)];
};
