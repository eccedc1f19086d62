import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";

const claims = { sub: "system:serviceaccount:team-a:web", "kubernetes.io": { namespace: "team-a" } };
const TOKEN = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;

/** As the kubelet writes it, to the letter. */
const requestOf = (fields: object) =>
	JSON.stringify({
		kind: "CredentialProviderRequest",
		apiVersion: "credentialprovider.kubelet.k8s.io/v1",
		image: "registry.example.org:5000/team/web",
		serviceAccountToken: TOKEN,
		...fields,
	});

const run = async (input: string, ...args: readonly string[]) => {
	const child = spawn(process.execPath, ["src/main.ts", "credential-provider", ...args]);
	child.stdin.end(input);
	const ended = new Promise((resolve) => child.once("close", resolve));
	const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
	return { code: await ended, stdout, stderr };
};

const userOf = async (fields: object, ...args: readonly string[]): Promise<string> =>
	JSON.parse((await run(requestOf(fields), ...args)).stdout).auth["registry.example.org:5000"].username;

test("the plugin answers the kubelet with the pod's own token, which is not to be kept", async () => {
	assert.deepEqual(await run(requestOf({})), {
		code: 0,
		stderr: "",
		stdout:
			'{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderResponse",' +
			'"cacheKeyType":"Registry","cacheDuration":"0s",' +
			`"auth":{"registry.example.org:5000":{"username":"serviceaccount","password":"${TOKEN}"}}}\n`,
	});
});

test("the plugin's user name is the robot account that is given, or that the service account names", async () => {
	const annotated = (name: string) => ({ serviceAccountAnnotations: { "limani.dev/robot-account": name } });
	assert.equal(await userOf(annotated("ci")), "robot$team-a+ci");
	assert.equal(await userOf(annotated("team-b/ci")), "robot$team-b+ci");
	assert.equal(await userOf(annotated("ci"), "--user", "robot$team-c+all"), "robot$team-c+all");
	assert.equal(await userOf({ serviceAccountAnnotations: null }), "serviceaccount");
});

test("the plugin fails, and says why, where there is no token or no request", async () => {
	for (const [input, expected] of [
		[requestOf({ serviceAccountToken: undefined }), /no serviceAccountToken: .* tokenAttributes/],
		[
			requestOf({ apiVersion: "credentialprovider.kubelet.k8s.io/v2" }),
			/expected a CredentialProviderRequest .* apiVersion/,
		],
		["", /expected a CredentialProviderRequest/],
		["{", /expected a CredentialProviderRequest/],
	] as const) {
		const { code, stdout, stderr } = await run(input);
		assert.equal(code, 1);
		assert.equal(stdout, "");
		assert.match(stderr, expected);
		assert.ok(!stderr.includes(TOKEN));
	}
});
