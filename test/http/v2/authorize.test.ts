import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { basic, openTestAuth, signal, type TestAuth } from "../../auth/test-auth.ts";
import { pushBlob, pushImage } from "../../support/registry.ts";
import { type Face, openFace } from "../../support/v2-face.ts";

const ABSENT = digestOf(Buffer.from("absent"));
const ALICE = basic("alice", "password of alice");
const ROOT = basic("root", "password of root");

interface Challenges {
	readonly bearer: Readonly<Record<string, string>>;
	readonly others: string;
}

const challengesOf = (response: Response): Challenges => {
	const text = response.headers.get("www-authenticate") ?? "";
	const [, bearer = "", others = ""] = /^Bearer ((?:\w+="[^"]*",?)+)(?:, (.*))?$/.exec(text) ?? [];
	return {
		bearer: Object.fromEntries(
			[...bearer.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
		),
		others,
	};
};

describe("who may do what over HTTP", () => {
	let test: TestAuth;
	let face: Face;
	before(async () => {
		test = await openTestAuth();
		test.projects.put("p", { members: [{ kind: "User", name: "alice", role: "developer" }] });
		test.projects.put("q", { members: [{ kind: "User", name: "alice", role: "guest" }] });
		test.projects.put("o", { visibility: "Public" });
		test.projects.put("s");
		face = await openFace({
			authenticator: test.auth.authenticator,
			trustedProxies: [{ address: "127.0.0.1", bits: 32 }],
		});
		await pushImage(face.instance, "p/app", "latest", "config");
		await pushImage(face.instance, "q/app", "latest", "config");
		await pushImage(face.instance, "o/app", "latest", "config");
		await pushImage(face.instance, "s/app", "latest", "config");
	});
	after(async () => {
		await face[Symbol.asyncDispose]();
		test[Symbol.dispose]();
	});

	const ask = (method: string, path: string, authorization?: string): Promise<Response> =>
		face.fetch(path, { method, ...(authorization === undefined ? {} : { headers: { authorization } }) });
	const tokenFor = async (name: string, ...scopes: readonly string[]): Promise<string> => {
		const outcome = await test.auth.tokenService.authenticate({ name, secret: `password of ${name}` }, signal);
		assert.ok("identity" in outcome);
		const { token } = await test.auth.tokenService.grant(
			{ identity: outcome.identity, scopes, offline: false },
			signal,
		);
		return `Bearer ${token}`;
	};

	const scopes: readonly (readonly [method: string, path: string, scope: string | undefined])[] = [
		["GET", "/v2/", undefined],
		["GET", "/v2/_catalog", "registry:catalog:*"],
		["GET", "/v2/p/app/tags/list", "repository:p/app:pull"],
		["GET", "/v2/p/app/manifests/latest", "repository:p/app:pull"],
		["HEAD", `/v2/p/app/blobs/${ABSENT}`, "repository:p/app:pull"],
		["GET", `/v2/p/app/referrers/${ABSENT}`, "repository:p/app:pull"],
		["GET", "/v2/p/app/_oci/ext/discover", "repository:p/app:pull"],
		["GET", "/v2/p/app/_limani/tags/digests", "repository:p/app:pull"],
		["GET", "/v2/p/app/_limani/referrers/list", "repository:p/app:pull"],
		["PUT", "/v2/p/app/manifests/latest", "repository:p/app:pull,push"],
		["DELETE", "/v2/p/app/manifests/latest", "repository:p/app:delete"],
		["DELETE", `/v2/p/app/blobs/${ABSENT}`, "repository:p/app:delete"],
		["POST", "/v2/p/app/blobs/uploads/", "repository:p/app:pull,push"],
		["POST", "/v2/p/app/blobs/uploads/?from=q/app", "repository:p/app:pull,push repository:q/app:pull"],
		["POST", "/v2/p/app/blobs/uploads/?from=../etc", "repository:p/app:pull,push"],
		["GET", "/v2/p/app/blobs/uploads/x", "repository:p/app:pull,push"],
		["PATCH", "/v2/p/app/blobs/uploads/x", "repository:p/app:pull,push"],
		["PUT", `/v2/p/app/blobs/uploads/x?digest=${ABSENT}`, "repository:p/app:pull,push"],
		["DELETE", "/v2/p/app/blobs/uploads/x", "repository:p/app:pull,push"],
	];
	for (const [method, path, scope] of scopes) {
		it(`asks strangers for ${scope ?? "any credentials"}: ${method} ${path.slice(0, 50)}`, async () => {
			const response = await ask(method, path);
			assert.equal(response.status, 401);
			const { bearer, others } = challengesOf(response);
			assert.deepEqual(bearer, { realm: "http://auth.test/token", service: "test", ...(scope && { scope }) });
			assert.match(others, /^Basic realm="test"/);
			if (method !== "HEAD") assert.equal(JSON.parse(await response.text()).errors[0].code, "UNAUTHORIZED");
		});
	}

	it("tells strangers the same of what is there and what is not", async () => {
		const known = digestOf(Buffer.from("config"));
		for (const [one, other] of [
			["/v2/p/app/manifests/latest", "/v2/p/app/manifests/none"],
			[`/v2/p/app/blobs/${known}`, `/v2/p/app/blobs/${ABSENT}`],
		] as const) {
			const [a, b] = await Promise.all([ask("GET", one), ask("GET", other)]);
			assert.equal(a.status, b.status);
			assert.equal(await a.text(), await b.text());
			assert.equal(a.headers.get("www-authenticate"), b.headers.get("www-authenticate"));
		}
		const [known401, unknown401] = await Promise.all([
			ask("GET", "/v2/p/app/tags/list"),
			ask("GET", "/v2/x/y/tags/list"),
		]);
		assert.equal(known401.status, unknown401.status);
	});

	it("lets strangers read what is Public, and no more", async () => {
		assert.equal((await ask("GET", "/v2/o/app/manifests/latest")).status, 200);
		assert.equal((await ask("GET", "/v2/o/app/tags/list")).status, 200);
		assert.equal((await ask("GET", "/v2/o/app/_limani/tags/digests")).status, 200);
		assert.equal((await ask("POST", "/v2/o/app/blobs/uploads/")).status, 401);
		assert.equal((await ask("DELETE", "/v2/o/app/manifests/latest")).status, 401);
	});

	it("takes user name and password, and denies what they do not allow", async () => {
		assert.equal((await ask("GET", "/v2/", ALICE)).status, 200);
		assert.equal((await ask("GET", "/v2/p/app/manifests/latest", ALICE)).status, 200);
		assert.equal((await ask("POST", "/v2/p/app/blobs/uploads/", ALICE)).status, 202);
		const denied = await ask("DELETE", "/v2/p/app/manifests/latest", ALICE);
		assert.equal(denied.status, 403);
		assert.equal(JSON.parse(await denied.text()).errors[0].code, "DENIED");
		assert.equal((await ask("GET", "/v2/s/app/tags/list", ALICE)).status, 403);
		assert.equal((await ask("GET", "/v2/s/app/_limani/tags/digests", ALICE)).status, 403);
		assert.equal((await ask("GET", "/v2/s/app/_limani/referrers/list", ALICE)).status, 403);
	});

	it("tells an administrator that there is no such project, and what to do; others only that they may not", async () => {
		const path = "/v2/nowhere/app/blobs/uploads/";
		for (const authorization of [ROOT, await tokenFor("root", "repository:nowhere/app:pull,push")]) {
			const response = await ask("POST", path, authorization);
			assert.equal(response.status, 404);
			const [error] = JSON.parse(await response.text()).errors;
			assert.equal(error.code, "NAME_UNKNOWN");
			assert.match(error.message, /no such project: nowhere; it has to be created before/);
		}
		const [unknown, known] = [await ask("POST", path, ALICE), await ask("POST", "/v2/s/app/blobs/uploads/", ALICE)];
		assert.deepEqual([unknown.status, known.status], [403, 403]);
		assert.equal(await unknown.text(), await known.text());
	});

	it("counts failures by the address that a trusted proxy tells, and has it observed", async () => {
		const from = async (address: string, authorization: string): Promise<number> =>
			(await face.fetch("/v2/", { headers: { authorization, "x-forwarded-for": `192.0.2.1, ${address}` } })).status;
		for (let i = 0; i < 20; i++) assert.equal(await from("198.51.100.7", basic("alice", `wrong ${i}`)), 401);
		assert.equal(await from("198.51.100.7", ALICE), 429);
		assert.equal(await from("::ffff:198.51.100.8", ALICE), 200);
		assert.equal(face.records.at(-1)?.address, "198.51.100.8");
	});

	it("lists in the catalog what the caller may see", async () => {
		const repositories = async (authorization: string): Promise<unknown> =>
			JSON.parse(await (await ask("GET", "/v2/_catalog", authorization)).text()).repositories;
		assert.deepEqual(await repositories(ROOT), ["o/app", "p/app", "q/app", "s/app"]);
		assert.deepEqual(await repositories(ALICE), ["o/app", "p/app", "q/app"]);
	});

	for (const wrong of [basic("alice", "wrong"), "Basic !", "Bearer x.y.z", "Bearer ", "Digest username=alice"]) {
		it(`says that credentials are wrong: ${wrong}`, async () => {
			const response = await ask("GET", "/v2/p/app/manifests/latest", wrong);
			assert.equal(response.status, 401);
			const { bearer } = challengesOf(response);
			assert.equal(bearer.error, "invalid_token");
			assert.equal(bearer.scope, "repository:p/app:pull");
		});
	}

	it("takes tokens for what they grant, and asks for another for the rest", async () => {
		const token = await tokenFor("alice", "repository:p/app:pull");
		assert.equal((await ask("GET", "/v2/", token)).status, 200);
		assert.equal((await ask("GET", "/v2/p/app/manifests/latest", token)).status, 200);
		const response = await ask("POST", "/v2/p/app/blobs/uploads/", token);
		assert.equal(response.status, 401);
		const { bearer } = challengesOf(response);
		assert.equal(bearer.error, "insufficient_scope");
		assert.equal(bearer.scope, "repository:p/app:pull,push");
		assert.equal((await ask("GET", "/v2/_catalog", token)).status, 401);
		assert.equal((await ask("GET", "/v2/_catalog", await tokenFor("root", "registry:catalog:*"))).status, 200);
	});

	it("mounts only what the caller may read, after a token that covers the source", async () => {
		const shared = await pushBlob(face.instance, "q/app", "shared");
		const hidden = await pushBlob(face.instance, "s/app", "hidden");
		const mount = (query: string, authorization: string): Promise<Response> =>
			ask("POST", `/v2/p/app/blobs/uploads/?${query}`, authorization);
		const narrow = await tokenFor("alice", "repository:p/app:pull,push");
		const dance = await mount(`mount=${shared}&from=q/app`, narrow);
		assert.equal(dance.status, 401);
		const scope = challengesOf(dance).bearer.scope ?? "";
		assert.equal(scope, "repository:p/app:pull,push repository:q/app:pull");
		const wide = await tokenFor("alice", ...scope.split(" "));
		assert.equal((await mount(`mount=${shared}&from=q/app`, wide)).status, 201);
		// The source is told apart from no source only by those who may read it.
		const aside = await tokenFor("alice", "repository:p/app:pull,push", "repository:s/app:pull");
		assert.equal((await mount(`mount=${hidden}&from=s/app`, aside)).status, 202);
		assert.equal((await mount(`mount=${ABSENT}&from=s/app`, aside)).status, 202);
		assert.equal((await mount(`mount=${hidden}&from=s/app`, ALICE)).status, 202);
		assert.equal((await mount(`mount=${hidden}`, ALICE)).status, 202);
		assert.equal((await mount(`mount=${hidden}&from=s/app`, ROOT)).status, 201);
	});

	it("decides before the body is asked for", async () => {
		using connection = await face.connect();
		connection.request("POST", `/v2/p/app/blobs/uploads/?digest=${ABSENT}`, {
			expect: "100-continue",
			"content-length": 6,
		});
		const { status, headers } = await connection.response();
		assert.equal(status, 401);
		assert.equal(headers.connection, "close");
		await connection.closed;
	});

	it("answers a client that sends its body without asking, so that the answer arrives", async () => {
		using connection = await face.connect();
		const piece = Buffer.alloc(1024 * 1024);
		connection.request("POST", `/v2/p/app/blobs/uploads/?digest=${ABSENT}`, { "content-length": 16 * piece.length });
		for (let i = 0; i < 16; i++) connection.send(piece);
		const { status, headers } = await connection.response();
		assert.equal(status, 401);
		assert.match(headers["www-authenticate"] ?? "", /^Bearer /);
	});
});
