import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { KubeError } from "#/kube/kube-error.ts";
import { NAMESPACES } from "#/kube/resource-type.ts";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { inClusterConnection } from "#/kube/rest/in-cluster-connection.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { systemTiming } from "#/lib/timing.ts";
import { KubeServer } from "../../support/kube-server.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const signal = new AbortController().signal;

const openServer = async (test: TestContext): Promise<KubeServer> => {
	const server = await KubeServer.open(({ headers }, answer) =>
		answer.json(200, { apiVersion: "v1", kind: "Namespace", metadata: { name: String(headers.authorization) } }),
	);
	test.after(() => server[Symbol.asyncDispose]());
	return server;
};

/** With which Authorization header a call arrives. */
const askOver = async (connection: KubeConnection): Promise<string | undefined> => {
	await using client = new RestClient({ connection, timing: systemTiming }, { tries: 1 });
	return (await client.find(NAMESPACES, { name: "a" }, signal))?.metadata.name;
};

const writeAccount = (directory: string, server: KubeServer, token: string): void => {
	writeFileSync(join(directory, "token"), `${token}\n`);
	writeFileSync(join(directory, "ca.crt"), server.ca);
	writeFileSync(join(directory, "namespace"), "team-a\n");
};

const addressOf = ({ url }: KubeServer): { readonly host: string; readonly port: string } => ({
	host: new URL(url).hostname,
	port: new URL(url).port,
});

test("a pod speaks with its service account's token, and with the next one within a minute", async (t) => {
	const server = await openServer(t);
	const directory = temporaryDirectory(t);
	writeAccount(directory, server, "first");
	let now = 0;
	const timing = { monotonic: () => now };
	const connection = await inClusterConnection({ timing }, { ...addressOf(server), directory });
	assert.equal(connection.namespace, "team-a");
	assert.equal(await askOver(connection), "Bearer first");
	writeAccount(directory, server, "second");
	now = 59_999;
	assert.equal(await askOver(connection), "Bearer first");
	now = 60_000;
	assert.equal(await askOver(connection), "Bearer second");
	writeAccount(directory, server, "third");
	assert.deepEqual(await connection.headers(true), { authorization: "Bearer third" });
});

test("a pod follows its API server to a new authority", async (t) => {
	const [before, after] = [await openServer(t), await openServer(t)];
	const directory = temporaryDirectory(t);
	writeAccount(directory, before, "token");
	const connection = await inClusterConnection({ timing: systemTiming }, { ...addressOf(after), directory });
	await assert.rejects(askOver(connection), { code: "UNAVAILABLE" });
	writeAccount(directory, after, "token");
	assert.equal(await askOver(connection), "Bearer token");
});

test("without a service account there is no connection, and IPv6 addresses are written with brackets", async (t) => {
	const directory = temporaryDirectory(t);
	const opts = { host: "fd00::1", port: "443", directory };
	await assert.rejects(
		inClusterConnection({ timing: systemTiming }, opts),
		(error) => error instanceof KubeError && error.code === "FORBIDDEN" && /token/.test(error.message),
	);
	writeFileSync(join(directory, "token"), "t");
	const connection = await inClusterConnection({ timing: systemTiming }, opts);
	assert.deepEqual([connection.url, connection.namespace], ["https://[fd00::1]:443", undefined]);
});

test("a server that nobody vouches for is not spoken to", async (t) => {
	const server = await openServer(t);
	await assert.rejects(askOver(plainConnection({ url: server.url, token: "secret" })), { code: "UNAVAILABLE" });
	assert.equal(server.asked.length, 0);
});

test("an address with a path has it before all others", async (t) => {
	const server = await openServer(t);
	assert.equal(await askOver(plainConnection({ url: `${server.url}/clusters/one/`, ca: server.ca })), "undefined");
	assert.equal(server.asked[0]?.path, "/clusters/one/api/v1/namespaces/a");
});

/** A kubeconfig with that user, and what lies beside it. */
const writeKubeconfig = (test: TestContext, server: KubeServer, user: object, cluster: object = {}): string => {
	const directory = temporaryDirectory(test);
	mkdirSync(join(directory, "pki"));
	writeFileSync(join(directory, "pki", "ca.crt"), server.ca);
	const path = join(directory, "config");
	const whole = {
		apiVersion: "v1",
		kind: "Config",
		"current-context": "one",
		contexts: [
			{ name: "one", context: { cluster: "here", user: "me", namespace: "team-b" } },
			{ name: "other", context: { cluster: "nowhere", user: "me" } },
		],
		clusters: [{ name: "here", cluster: { server: server.url, "certificate-authority": "pki/ca.crt", ...cluster } }],
		users: [{ name: "me", user }],
	};
	writeFileSync(path, JSON.stringify(whole));
	return path;
};

test("a kubeconfig's token and authority are used, over the one connection that all calls share", async (t) => {
	const server = await openServer(t);
	const connection = await kubeconfigConnection({ path: writeKubeconfig(t, server, { token: "abc" }) });
	assert.equal(connection.namespace, "team-b");
	await using client = new RestClient({ connection, timing: systemTiming });
	const names = await Promise.all(
		Array.from({ length: 50 }, async () => (await client.find(NAMESPACES, { name: "a" }, signal))?.metadata.name),
	);
	assert.deepEqual(new Set(names), new Set(["Bearer abc"]));
	assert.equal(server.connections, 1);
});

test("a kubeconfig's password, client certificate and server name are used", async (t) => {
	const server = await openServer(t);
	const data = (text: string) => Buffer.from(text).toString("base64");
	const path = writeKubeconfig(
		t,
		server,
		{ username: "me", password: "pass", "client-certificate-data": data("CERT"), "client-key-data": data("KEY") },
		{ "tls-server-name": "localhost" },
	);
	const connection = await kubeconfigConnection({ path });
	assert.deepEqual(await connection.headers(false), { authorization: `Basic ${data("me:pass")}` });
	const { ca, cert, key, servername } = await connection.tls();
	assert.deepEqual([String(ca), String(cert), String(key), servername], [server.ca, "CERT", "KEY", "localhost"]);
});

test("a kubeconfig's exec plugin is asked for a token", async (t) => {
	const server = await openServer(t);
	const directory = temporaryDirectory(t);
	const command = join(directory, "plugin");
	const credential = {
		apiVersion: "client.authentication.k8s.io/v1",
		kind: "ExecCredential",
		status: { token: "executed" },
	};
	writeFileSync(command, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
	chmodSync(command, 0o755);
	const exec = { apiVersion: "client.authentication.k8s.io/v1", command, interactiveMode: "Never" };
	const connection = await kubeconfigConnection({ path: writeKubeconfig(t, server, { exec }) });
	assert.equal(await askOver(connection), "Bearer executed");
});

test("a kubeconfig that makes no connection is refused", async (t) => {
	const server = await openServer(t);
	const path = writeKubeconfig(t, server, { token: "abc" });
	const wrong = [
		{ path: `${path}-not-there` },
		{ path, context: "other" },
		{ path, context: "unknown" },
		{ path: writeKubeconfig(t, server, {}, { "proxy-url": "http://127.0.0.1:1" }) },
	];
	for (const opts of wrong) await assert.rejects(kubeconfigConnection(opts), { code: "INVALID" });
});
