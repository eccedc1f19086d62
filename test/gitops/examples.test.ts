import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Environment } from "@marcbachmann/cel-js";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf } from "#/kube/resource-type.ts";
import { computeKstatus } from "../support/kstatus.ts";
import { registryStages } from "./registry-stages.ts";
import { backupStages, COURSES, stagesOf } from "./stages.ts";

const root = join(import.meta.dirname, "..", "..");

const checks = z.strictObject({
	apiVersion: z.string(),
	kind: z.string(),
	inProgress: z.string(),
	failed: z.string(),
	current: z.string(),
});

type Checks = z.output<typeof checks>;

const read = (path: string) =>
	parseAllDocuments(readFileSync(join(root, "examples", "gitops", path), "utf8")).map((document) =>
		Object(document.toJS()),
	);

const chart = Object(parse(readFileSync(join(root, "charts", "limani", "Chart.yaml"), "utf8")));

const find = (
	objects: readonly { readonly kind: string; readonly metadata: { readonly name: string } }[],
	key: string,
) => Object(objects.find(({ kind, metadata: { name } }) => `${kind} ${name}` === key) ?? assert.fail(key));

const environment = new Environment({ unlistedVariablesAreDyn: true });

/** What Flux takes a resource for: the first of these that is true counts. */
const judge = ({ inProgress, failed, current }: Checks, { metadata, status }: KubeObject): string => {
	const holds = (expression: string) => environment.evaluate(expression, { metadata, status }) === true;
	if (holds(inProgress)) return "InProgress";
	if (holds(failed)) return "Failed";
	return holds(current) ? "Current" : "none of them";
};

describe("the example for Flux", () => {
	const tenants = find(read("flux/cluster.yaml"), "Kustomization limani-tenants");
	const expressions: readonly Checks[] = z.array(checks).parse(tenants.spec.healthCheckExprs);

	it("takes a resource of each kind for what kstatus does at each stage, and what is suspended for done", async () => {
		assert.deepEqual(
			expressions.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`).toSorted(),
			ALL_KINDS.map((kind) => `${apiVersionOf(kind)} ${kind.kind}`).toSorted(),
		);
		const lives = await Promise.all([registryStages(), backupStages(), ...COURSES.map(stagesOf)]);
		for (const { stage, object } of lives.flat()) {
			if (object.metadata.deletionTimestamp !== undefined) continue;
			const one = expressions.find(({ kind }) => kind === object.kind) ?? assert.fail(object.kind);
			const expected = stage === "suspended" ? "Current" : computeKstatus(object);
			assert.equal(judge(one, object), expected, `${object.kind} ${stage}`);
		}
	});

	it("waits for the operator, and then for what the teams want", () => {
		const operator = find(read("flux/cluster.yaml"), "Kustomization limani-operator");
		const release = find(read("flux/operator.yaml"), "HelmRelease limani");
		const { apiVersion, kind, metadata } = release;
		assert.deepEqual(operator.spec.healthChecks, [{ apiVersion, kind, ...metadata }]);
		assert.deepEqual(tenants.spec.dependsOn, [{ name: operator.metadata.name }]);
		assert.equal(tenants.spec.wait, true);
	});
});

describe("the examples of both", () => {
	it("ask for the chart by its name and its release, with values that it knows", () => {
		const release = find(read("flux/operator.yaml"), "HelmRelease limani");
		const source = find(read("flux/operator.yaml"), "OCIRepository limani");
		const application = find(read("argocd/applications.yaml"), "Application limani-operator");
		const [major, minor] = chart.version.split(".");
		const range = `${major}.${minor}.x`;
		assert.ok(source.spec.url.endsWith(`/${chart.name}`));
		assert.deepEqual([source.spec.ref.semver, application.spec.source.targetRevision], [range, range]);
		assert.equal(application.spec.source.chart, chart.name);
		const values = Object(parse(readFileSync(join(root, "charts", "limani", "values.yaml"), "utf8")));
		for (const given of [release.spec.values, application.spec.source.helm.valuesObject]) {
			for (const [name, fields] of Object.entries(given)) {
				for (const field of Object.keys(Object(fields))) assert.ok(field in values[name], `${name}.${field}`);
			}
		}
	});
});
