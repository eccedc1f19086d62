import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it, test } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { apiVersionOf } from "#/kube/resource-type.ts";
import { readArgoConfig } from "../support/argo-config.ts";
import { argoConfigMap } from "../support/argo-customizations.ts";
import { computeKstatus, type Kstatus } from "../support/kstatus.ts";
import { registryStages } from "./registry-stages.ts";
import { backupStages, COURSES, type Stage, stagesOf } from "./stages.ts";

const path = join(import.meta.dirname, "..", "..", "examples", "gitops", "argocd", "argocd-cm.yaml");
const config = readArgoConfig(parse(readFileSync(path, "utf8")));

/** What each of the two says at a stage. Argo CD alone has a word for what is suspended, and none for what is going. */
const EXPECTED: { readonly [stage in Stage["stage"]]: readonly [kstatus: Kstatus, argo: string] } = {
	created: ["InProgress", "Progressing"],
	"dependency missing": ["InProgress", "Progressing"],
	starting: ["InProgress", "Progressing"],
	ready: ["Current", "Healthy"],
	"scaled to zero": ["Current", "Healthy"],
	changed: ["InProgress", "Progressing"],
	invalid: ["Failed", "Degraded"],
	"invalid and changed": ["InProgress", "Progressing"],
	"not allowed": ["Failed", "Degraded"],
	failing: ["InProgress", "Progressing"],
	failed: ["Failed", "Degraded"],
	suspended: ["InProgress", "Suspended"],
	"run failed": ["Current", "Healthy"],
	deleting: ["Terminating", "Progressing"],
};

/** The kinds, with their own action. */
const LIVES = [
	{ kind: "Registry", own: "refresh", live: registryStages },
	...COURSES.map((course) => ({
		kind: course.type.kind,
		own: course.own,
		live: () => stagesOf(course),
	})),
];

test("the configuration for Argo CD is what npm run generate makes of its scripts", () => {
	assert.equal(readFileSync(path, "utf8"), argoConfigMap());
	assert.deepEqual(
		[...LIVES.map(({ kind }) => kind), "Backup"].toSorted(),
		ALL_KINDS.map(({ kind }) => kind).toSorted(),
	);
});

/** Of kstatus's words, those of Argo CD that say the same. */
const SAME: { readonly [status in Kstatus]: readonly string[] } = {
	InProgress: ["Progressing", "Suspended"],
	Current: ["Healthy"],
	Failed: ["Degraded"],
	Terminating: ["Progressing"],
};

test("the two agree on any status that an operator may write, not only on those that were seen", () => {
	const condition = (type: string, ...reasons: readonly string[]) =>
		fc.record({
			type: fc.constant(type),
			status: fc.constantFrom("True", "False", "Unknown"),
			reason: fc.constantFrom("Failed", ...reasons),
			message: fc.constant("why"),
			observedGeneration: fc.integer({ min: 1, max: 3 }),
			lastTransitionTime: fc.constant("2026-01-01T00:00:00Z"),
		});
	const conditions = fc
		.tuple(
			fc.option(condition("Ready", "Suspended")),
			fc.option(fc.oneof(condition("Reconciling"), condition("Stalled"))),
			fc.option(condition("Healthy")),
		)
		.map((several) => several.filter((one) => one !== null))
		.filter((several) => several.length !== 1 || several[0]?.type === "Ready")
		.filter((several) =>
			several.every(({ type, status }) => type === "Ready" || type === "Healthy" || status === "True"),
		);
	const status = fc.record({ observedGeneration: fc.integer({ min: -1, max: 3 }), conditions });
	const deletionTimestamp = fc.option(fc.constant("2026-01-01T00:00:00Z"), { nil: undefined, freq: 8 });
	const objects = fc.record({ status, deletionTimestamp }).filter(
		({ status: { observedGeneration, conditions: all } }) =>
			// Whoever has seen a version has said whether it is ready.
			observedGeneration === -1 || all.some(({ type }) => type === "Ready"),
	);
	fc.assert(
		fc.property(objects, fc.constantFrom(...ALL_KINDS), (some, kind) => {
			const going = some.deletionTimestamp === undefined ? {} : { deletionTimestamp: some.deletionTimestamp };
			const metadata = { name: "it", generation: 2, ...going };
			const object = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata, status: some.status };
			const { status: health } = config.healthOf(object);
			assert.ok(SAME[computeKstatus(object)].includes(health), `${computeKstatus(object)}, but ${health}`);
		}),
		{ numRuns: 300 },
	);
});

test("Argo CD says of a Backup at each stage what kstatus says, and has nothing to do with it", async () => {
	for (const { stage, object } of await backupStages()) {
		const { status, message } = config.healthOf(object);
		assert.deepEqual([computeKstatus(object), status], EXPECTED[stage], stage);
		assert.notEqual(message ?? "", "", stage);
	}
	assert.throws(() => config.definedFor({ apiVersion: "limani.dev/v1alpha1", kind: "Backup" }), /no actions/);
});

for (const { kind, own, live } of LIVES) {
	describe(`Argo CD on a ${kind}`, () => {
		let stages: readonly Stage[] = [];
		before(async () => {
			stages = await live();
		});
		const at = (wanted: Stage["stage"]) => stages.find(({ stage }) => stage === wanted)?.object ?? assert.fail(wanted);

		it("says of it at each stage what kstatus says, and why", () => {
			for (const { stage, object } of stages) {
				const { status, message } = config.healthOf(object);
				assert.deepEqual([computeKstatus(object), status], EXPECTED[stage], stage);
				assert.notEqual(message ?? "", "", stage);
			}
		});

		it("says why it is not as it should be in the words of the Ready condition", () => {
			for (const stage of ["dependency missing", "invalid", "suspended"] as const) {
				const object = at(stage);
				const ready = Object(object.status).conditions.find(({ type }: { readonly type: string }) => type === "Ready");
				assert.equal(config.healthOf(object).message, ready.message);
			}
		});

		it("offers what makes sense now, and has a script for each", () => {
			const defined = config.definedFor({ apiVersion: apiVersionOf(ALL_KINDS[0] ?? assert.fail()), kind });
			assert.deepEqual(defined.toSorted(), ["resume", "suspend", own].toSorted());
			assert.deepEqual(config.actionsOf(at("ready")), { enabled: [own, "suspend"].toSorted(), disabled: ["resume"] });
			const { enabled, disabled } = config.actionsOf(at("suspended"));
			assert.deepEqual(enabled, own === "refresh" ? ["refresh", "resume"] : ["resume"]);
			assert.deepEqual(disabled, own === "refresh" ? ["suspend"] : [own, "suspend"].toSorted());
			assert.deepEqual(config.actionsOf(at("deleting")).enabled, []);
		});

		it("suspends it and resumes it, and leaves all else as it is", () => {
			const ready = at("ready");
			const suspended = { ...ready, spec: { ...Object(ready.spec), suspend: true } };
			assert.deepEqual(config.act(ready, "suspend"), suspended);
			const resumed = { ...ready, spec: { ...Object(ready.spec), suspend: false } };
			assert.deepEqual(config.act(suspended, "resume"), resumed);
		});

		it(`asks for ${own} by annotations alone`, () => {
			const ready = at("ready");
			const asked = Object(config.act(ready, own));
			const { "limani.dev/requestedAt": requestedAt, ...rest } = asked.metadata.annotations;
			assert.match(requestedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
			assert.ok(Math.abs(Date.parse(requestedAt) - Date.now()) < 60_000);
			assert.deepEqual(rest, own === "rotate" ? { "limani.dev/forceAt": requestedAt } : {});
			const { annotations: _, ...metadata } = asked.metadata;
			assert.deepEqual({ ...asked, metadata }, ready);
		});
	});
}
