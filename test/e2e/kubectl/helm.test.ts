import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEFINITIONS, WIDGET_CRD } from "../../support/embedded-api.ts";
import { type KubectlBench, openKubectlBench } from "../../support/kubectl-bench.ts";

const TEMPLATE = `
apiVersion: example.com/v1
kind: Widget
metadata:
  name: {{ .Release.Name }}-widget
spec:
  color: red
  replicas: {{ .Values.replicas }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-secret
stringData:
  replicas: "{{ .Values.replicas }}"
`;

describe("helm on the embedded API", () => {
	let bench: KubectlBench;
	before(async () => {
		bench = await openKubectlBench();
		await bench.api.call("POST", DEFINITIONS, WIDGET_CRD);
		bench.write("chart/Chart.yaml", "apiVersion: v2\nname: toys\nversion: 0.1.0\n");
		bench.write("chart/values.yaml", "replicas: 1\n");
		bench.write("chart/templates/toys.yaml", TEMPLATE);
	});
	after(() => bench[Symbol.asyncDispose]());

	const replicas = (): Promise<string> =>
		bench.kubectl("get", "wd", "toy-widget", "-n", "play", "-o", "jsonpath={.spec.replicas}");

	it("installs, upgrades, rolls back and uninstalls a release", async () => {
		const inside = ["-n", "play"];
		assert.match(
			await bench.helm("install", "toy", "chart", ...inside, "--create-namespace", "--wait"),
			/STATUS: deployed/,
		);
		assert.equal(await replicas(), "1");
		await bench.helm("upgrade", "toy", "chart", ...inside, "--set", "replicas=2");
		assert.equal(await replicas(), "2");
		const history: unknown = JSON.parse(await bench.helm("history", "toy", ...inside, "-o", "json"));
		assert.ok(Array.isArray(history) && history.length === 2);
		await bench.helm("rollback", "toy", "1", ...inside);
		assert.equal(await replicas(), "1");
		assert.match(await bench.helm("list", ...inside), /^toy\s+play\s+3\s/m);
		assert.match(
			await bench.kubectl("get", "secret", ...inside),
			/sh\.helm\.release\.v1\.toy\.v3\s+helm\.sh\/release\.v1/,
		);
		await bench.helm("uninstall", "toy", ...inside, "--wait");
		assert.equal(await bench.kubectl("get", "wd,secret", ...inside, "-o", "name"), "");
	});

	it("leaves a release as it was when a rule refuses its upgrade", async () => {
		await bench.helm("install", "bad", "chart");
		await assert.rejects(
			bench.helm("upgrade", "bad", "chart", "--set", "replicas=-1"),
			/should be greater than or equal to 0/,
		);
		assert.equal(await bench.kubectl("get", "wd", "bad-widget", "-o", "jsonpath={.spec.replicas}"), "1");
		await bench.helm("uninstall", "bad");
	});
});
