import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { parseConfig } from "#/app/config/load.ts";
import { createLogger } from "#/app/logger.ts";
import { openIssuers } from "#/app/open-issuers.ts";
import { WorkloadTokens } from "#/auth/workload/workload-tokens.ts";
import { listAt, textAt } from "#/kube-embedded/json.ts";
import { digestOf } from "#/oci/digest.ts";
import { toolsFor } from "../../support/chart/tools.ts";
import { openKubePlane, skipWithoutKube } from "../../support/kube-plane.ts";
import { ADMIN_AUTHORIZATION, type LimaniProcess, startLimani } from "../../support/limani-process.ts";

const HOST = "registry.example.org";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

// The tokens are the API server's own, by TokenRequest, and its issuer and keys are what it tells of itself.
describe("Service accounts' tokens of a real API server", { skip: skipWithoutKube() }, () => {
	let stack: AsyncDisposableStack;
	let tools: ReturnType<typeof toolsFor>;
	let registry: LimaniProcess;
	let auth: { readonly serviceAccountTokens: object };

	before(async () => {
		stack = new AsyncDisposableStack();
		const home = mkdtempSync(join(tmpdir(), "limani-workloads-"));
		stack.defer(() => rmSync(home, { recursive: true, force: true }));
		const { kubeconfig } = stack.use(await openKubePlane());
		tools = toolsFor(kubeconfig, home);
		for (const [namespace, ...accounts] of [
			["registries", "registry"],
			["team-a", "web", "api"],
			["team-b", "web"],
		] as const) {
			await tools.kubectl("create", "namespace", namespace);
			for (const account of accounts) await tools.kubectl("create", "serviceaccount", account, "-n", namespace);
		}
		const [cluster] = listAt(parse(readFileSync(kubeconfig, "utf8")), "clusters");
		const apiServer = textAt(cluster, "cluster", "server") ?? assert.fail();
		const [caFile, tokenFile] = [join(home, "ca.crt"), join(home, "token")];
		writeFileSync(caFile, Buffer.from(textAt(cluster, "cluster", "certificate-authority-data") ?? "", "base64"));
		// As in a pod of the registry: no role is bound to it.
		writeFileSync(tokenFile, await tools.kubectl("create", "token", "registry", "-n", "registries"));
		auth = { serviceAccountTokens: { audiences: [HOST], apiServer, caFile, tokenFile } };
		const subject = "system:serviceaccount:team-a:web";
		registry = stack.use(
			await startLimani({
				config: {
					auth,
					resources: {
						projects: [{ name: "team" }],
						users: [{ name: "admin", password: "correct-horse-battery", admin: true }],
						robots: [
							{
								name: "team-a+web",
								permissions: [{ project: "team", actions: ["pull"] }],
								trust: [{ issuer: "kubernetes", subject }],
							},
						],
					},
				},
			}),
		);
		await pushImage();
	});
	after(() => stack.disposeAsync());

	const pushImage = async () => {
		const headers = { authorization: ADMIN_AUTHORIZATION };
		const config = Buffer.from("{}");
		const digest = digestOf(config);
		const place = `${registry.url}/v2/team/web/blobs/uploads/?digest=${encodeURIComponent(digest)}`;
		const blob = { "content-type": "application/octet-stream", "content-length": "2", ...headers };
		assert.equal((await fetch(place, { method: "POST", headers: blob, body: config })).status, 201);
		const mediaType = "application/vnd.oci.empty.v1+json";
		const manifest = { schemaVersion: 2, mediaType: MANIFEST, config: { mediaType, digest, size: 2 }, layers: [] };
		const put = { method: "PUT", headers: { "content-type": MANIFEST, ...headers }, body: JSON.stringify(manifest) };
		assert.equal((await fetch(`${registry.url}/v2/team/web/manifests/1`, put)).status, 201);
	};

	const tokenOf = async (namespace: string, account: string, audience = HOST): Promise<string> =>
		(await tools.kubectl("create", "token", account, "-n", namespace, `--audience=${audience}`)).trim();
	const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

	/** Pulls as clients do: for a token first. @returns the status, or why there is no token */
	const pull = async (user: string, password: string): Promise<string> => {
		const granted = await fetch(`${registry.url}/token?service=limani&scope=repository:team/web:pull`, {
			headers: { authorization: basic(user, password) },
		});
		const { token, errors } = JSON.parse(await granted.text());
		if (granted.status !== 200) return `${granted.status} ${errors[0].message}`;
		const headers = { authorization: `Bearer ${token}`, accept: MANIFEST };
		return String((await fetch(`${registry.url}/v2/team/web/manifests/1`, { headers })).status);
	};

	/** What the plugin answers to the kubelet. */
	const askPlugin = async (serviceAccountToken: string): Promise<{ username: string; password: string }> => {
		const child = spawn(process.execPath, ["src/main.ts", "credential-provider"]);
		const request = { kind: "CredentialProviderRequest", apiVersion: "credentialprovider.kubelet.k8s.io/v1" };
		child.stdin.end(JSON.stringify({ ...request, image: `${HOST}/team/web`, serviceAccountToken }));
		return JSON.parse(await text(child.stdout)).auth[HOST];
	};

	it("let pods pull that the robot trusts, without any Secret, by what the kubelet's plugin answers", async () => {
		const { username, password } = await askPlugin(await tokenOf("team-a", "web"));
		assert.equal(await pull(username, password), "200");
		const direct = await fetch(`${registry.url}/v2/team/web/manifests/1`, {
			headers: { authorization: basic(username, password), accept: MANIFEST },
		});
		assert.equal(direct.status, 200);
		assert.equal(await pull("robot$team-a+web", password), "200");
	});

	it("are refused for another audience, of which the API server is one", async () => {
		for (const audience of ["other.example.org", "https://kubernetes.default.svc"]) {
			const said = await pull("token", await tokenOf("team-a", "web", audience));
			assert.equal(said, `401 the token is for the audience ${audience}, and ${HOST} is expected`);
		}
	});

	it("are refused of another namespace, and of another service account", async () => {
		for (const [namespace, account] of [
			["team-b", "web"],
			["team-a", "api"],
		] as const) {
			const token = await tokenOf(namespace, account);
			const subject = `system:serviceaccount:${namespace}:${account}`;
			assert.equal(await pull("token", token), `401 no robot account trusts ${subject}`);
			const named = await pull("robot$team-a+web", token);
			assert.equal(named, `401 no robot account robot$team-a+web trusts ${subject}`);
		}
	});

	it("are refused when they were tampered with", async () => {
		const [head, , mark] = (await tokenOf("team-b", "web")).split(".");
		const [, payload] = (await tokenOf("team-a", "web")).split(".");
		assert.equal(await pull("token", `${head}.${payload}.${mark}`), "401 the token's signature is wrong");
		const forged = Buffer.from(JSON.stringify({ alg: "RS256", kid: "made-up" })).toString("base64url");
		assert.match(
			await pull("token", `${forged}.${payload}.${mark}`),
			/^401 the token is signed with a key that .* does not have$/,
		);
		const bare = Buffer.from(JSON.stringify({ alg: "none", kid: "x" })).toString("base64url");
		assert.match(await pull("token", `${bare}.${payload}.`), /^401 the token is malformed, or signed in a way/);
	});

	it("are refused once they have expired", async () => {
		// The API server issues none for less than ten minutes: the same token, with the same keys, by a later clock.
		const token = await tokenOf("team-a", "web");
		const config = parseConfig(stringify({ auth, dataDir: registry.dataDir }), "test", {});
		await using opened = await openIssuers(config, createLogger("warn"));
		const at = (seconds: number) =>
			new WorkloadTokens(opened.issuers, { now: () => Date.now() + seconds * 1_000 }).verify(token);
		const [now, later] = [await at(0), await at(2 * 3_600)];
		assert.ok("workload" in now);
		assert.equal(now.workload.subject, "system:serviceaccount:team-a:web");
		assert.ok("failed" in later);
		assert.match(later.failed, /^the token expired at /);
	});
});
