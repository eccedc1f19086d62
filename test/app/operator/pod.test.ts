import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import winston from "winston";
import { parseConfig } from "#/app/config/load.ts";
import { runAlone } from "#/app/run-alone.ts";
import { CONTRACT } from "#/control/contract.ts";
import { textAt } from "#/kube-embedded/json.ts";
import { ClusterActuator } from "#/operator/registry/cluster/cluster-actuator.ts";
import { FakeCluster } from "../../operator/registry/cluster/fake-cluster.ts";
import { wantedOf } from "../../operator/registry/cluster/wanted.ts";
import { freePort } from "../../support/free-ports.ts";
import { mountVolumes, settingsHere } from "../../support/pod-files.ts";

const { signal } = new AbortController();

const makeObjects = async (): Promise<FakeCluster> => {
	const cluster = new FakeCluster();
	using actuator = new ClusterActuator({
		client: cluster,
		image: "limani:1",
		version: "1",
		operator: { namespace: "limani", labels: { app: "limani-operator" } },
		made: [],
		now: Date.now,
		randomBytes,
	});
	await actuator.ensure(wantedOf(), signal);
	return cluster;
};

test("A data plane runs by what its pod is given, and lets the operator in by name, authority and token alone", async () => {
	await using stack = new AsyncDisposableStack();
	const cluster = await makeObjects();
	const root = mkdtempSync(join(tmpdir(), "limani-pod-"));
	stack.defer(() => rmSync(root, { recursive: true, force: true }));
	await mountVolumes(cluster, cluster.at("StatefulSet", "app-registry") ?? assert.fail(), root);
	const control = await freePort();
	const ports = { clients: await freePort(), control, operations: await freePort() };
	const document = settingsHere(cluster.at("ConfigMap", "app-registry"), { root, ports });
	assert.doesNotMatch(document, /0\.0\.0\.0|stopDelay: [^0]/);
	const logger = winston.createLogger({ silent: true });
	stack.use(await runAlone(parseConfig(document, "the pod's", {}), logger));
	const entry = (name: string) =>
		Buffer.from(textAt(cluster.at("Secret", "app-registry-control"), "data", name) ?? "", "base64").toString();
	const ask = async (token: string): Promise<{ readonly status: number; readonly body: string }> => {
		const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
		const host = "app-registry-control.team-a.svc";
		const options = {
			host: "127.0.0.1",
			port: control,
			path: CONTRACT.begin.path,
			method: "POST",
			servername: host,
			ca: entry("ca.crt"),
			headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
			agent: false,
		} as const;
		request(options, (response) => {
			text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
		})
			.on("error", reject)
			.end(JSON.stringify({ holder: "the operator" }));
		return promise;
	};
	const { status, body } = await ask(entry("token"));
	assert.equal(status, 200, body);
	assert.ok(Number(JSON.parse(body).epoch) > 0);
	assert.equal((await ask("another token of some length, at least so")).status, 401);
});
