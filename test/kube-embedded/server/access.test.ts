import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { once } from "node:events";
import { statSync } from "node:fs";
import { connect } from "node:http2";
import { get } from "node:https";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fieldAt } from "#/kube-embedded/json.ts";
import { openTestApi, type TestApi } from "../../support/embedded-api.ts";

describe("who may come in", () => {
	let api: TestApi;
	before(async () => {
		api = await openTestApi();
		await api.until("/api/v1/namespaces/default/serviceaccounts/default", ({ status }) => status === 200);
	});
	after(() => api[Symbol.asyncDispose]());

	const requestToken = (spec: object) =>
		api.call("POST", "/api/v1/namespaces/default/serviceaccounts/default/token", {
			apiVersion: "authentication.k8s.io/v1",
			kind: "TokenRequest",
			spec,
		});

	it("asks everybody for the token, but for what says nothing of objects", async () => {
		const wrong = await api.call("GET", "/api", undefined, { token: "wrong" });
		assert.equal(wrong.status, 401);
		assert.equal(wrong.at("message"), "Unauthorized");
		for (const path of ["/readyz", "/livez", "/healthz", "/openid/v1/jwks", "/.well-known/openid-configuration"]) {
			assert.equal((await api.call("GET", path, undefined, { token: "wrong" })).status, 200, path);
		}
	});

	it("keeps what is secret from others on the machine", () => {
		for (const file of ["token", "kubeconfig", "ca.key", "server.key", "service-account.key", "objects.sqlite"]) {
			assert.equal(statSync(join(api.directory, file)).mode & 0o777, 0o600, file);
		}
	});

	it("speaks HTTP/1.1 and HTTP/2 under a certificate of its own authority", async () => {
		const headers = { authorization: `Bearer ${api.token}` };
		const request = get(`${api.url}/version`, { ca: api.ca, headers });
		const [response] = await once(request, "response");
		assert.deepEqual([response.statusCode, response.httpVersion], [200, "1.1"]);
		response.resume();
		const session = connect(api.url, { ca: api.ca });
		const stream = session.request({ ":path": "/version", ...headers });
		const [answer] = await once(stream, "response");
		assert.equal(answer[":status"], 200);
		session.destroy();
		await assert.rejects(once(get(`${api.url}/version`), "response"));
	});

	it("signs tokens of service accounts for an audience, that are no credentials here", async () => {
		const answer = await requestToken({ audiences: ["limani"], expirationSeconds: 900 });
		assert.equal(answer.status, 201);
		const token = String(answer.at("status.token"));
		const [head = "", body = "", signature = ""] = token.split(".");
		const claims: unknown = JSON.parse(Buffer.from(body, "base64url").toString());
		assert.equal(fieldAt(claims, ["sub"]), "system:serviceaccount:default:default");
		assert.deepEqual(fieldAt(claims, ["aud"]), ["limani"]);
		assert.equal(Number(fieldAt(claims, ["exp"])) - Number(fieldAt(claims, ["iat"])), 900);
		const keys = await api.call("GET", "/openid/v1/jwks");
		const jwk: Record<string, string> = Object(keys.at("keys.0"));
		assert.equal(fieldAt(JSON.parse(Buffer.from(head, "base64url").toString()), ["kid"]), jwk.kid);
		const key = createPublicKey({ key: jwk, format: "jwk" });
		assert.ok(verify("sha256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url")));
		const issuer = await api.call("GET", "/.well-known/openid-configuration");
		assert.equal(issuer.at("issuer"), fieldAt(claims, ["iss"]));
		assert.equal((await api.call("GET", "/api", undefined, { token })).status, 401);
	});

	it("bounds how long tokens live", async () => {
		assert.equal((await requestToken({ expirationSeconds: 60 })).status, 422);
		assert.equal((await requestToken({ expirationSeconds: 10 ** 9 })).at("spec.expirationSeconds"), 24 * 3600);
		const bound = { kind: "Secret", apiVersion: "v1", name: "nobody" };
		assert.equal((await requestToken({ boundObjectRef: bound })).status, 404);
	});
});
