import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import express from "express";
import { createClientOf } from "#/http/client-of.ts";
import type { RequestRecord } from "#/http/request-observer.ts";
import { tokenRouter } from "#/http/token/router.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { basic, CI, ISSUER, openTestAuth, SERVICE, signal, type TestAuth } from "../auth/test-auth.ts";

/** What the token endpoint answers, with every field that it may have. */
interface Answer {
	readonly token: string;
	readonly access_token: string;
	readonly token_type: string;
	readonly expires_in: number;
	readonly issued_at: string;
	readonly scope: string;
	readonly refresh_token?: string;
	readonly error?: string;
	readonly error_description?: string;
	readonly errors?: readonly { readonly code: string; readonly message: string }[];
}

describe("the token service", () => {
	let test: TestAuth;
	let origin = "";
	const records: RequestRecord[] = [];
	const server = createServer((request, response) => app(request, response));
	let app: express.Express;

	before(async () => {
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	});
	after(() => {
		server.closeAllConnections();
		server.close();
		test[Symbol.dispose]();
	});
	beforeEach(async () => {
		test?.[Symbol.dispose]();
		test = await openTestAuth();
		records.length = 0;
		app = express();
		const { tokenService, keyring } = test.auth;
		const observer = { observe: (record: RequestRecord) => records.push(record) };
		const clientOf = createClientOf([{ address: "127.0.0.1", bits: 32 }]);
		const deps = { tokenService, keyring, service: SERVICE, observer, clientOf, requestId: () => "request-1" };
		app.use(tokenRouter(deps));
	});

	const get = (query: string, authorization?: string): Promise<Response> =>
		fetch(`${origin}/token${query}`, authorization === undefined ? {} : { headers: { authorization } });
	const post = (form: { readonly [field: string]: string }): Promise<Response> =>
		fetch(`${origin}/token`, {
			method: "POST",
			body: new URLSearchParams({ service: SERVICE, client_id: "t", ...form }),
		});
	const answerOf = async (response: Response, status = 200): Promise<Answer> => {
		const text = await response.text();
		assert.equal(response.status, status, text);
		return JSON.parse(text);
	};
	const accessOf = async (token: string) => {
		const outcome = await test.auth.authenticator.authenticate(`Bearer ${token}`, signal);
		assert.ok("access" in outcome);
		return outcome.access;
	};

	it("gives a token for what is asked and allowed, in every field that clients look at", async () => {
		const response = await get(
			`?service=${SERVICE}&account=alice&client_id=docker&scope=repository:team/web:pull,push,delete&scope=repository:x/y:pull`,
			basic("alice", "password of alice"),
		);
		assert.equal(response.headers.get("cache-control"), "no-store");
		assert.equal(response.headers.get("connection"), "keep-alive");
		assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
		const { token, ...answer } = await answerOf(response);
		assert.deepEqual(answer, {
			access_token: token,
			token_type: "Bearer",
			expires_in: 300,
			issued_at: new Date(test.clock.at).toISOString(),
			scope: "repository:team/web:pull,push",
		});
		const access = await accessOf(token);
		assert.equal(access.actor, "user:alice");
		assert.equal(await access.allows("push", "team/web"), true);
		assert.equal(await access.allows("delete", "team/web"), false);
		assert.equal(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).iss, ISSUER);
	});

	it("gives strangers a token for what is Public", async () => {
		const { token, scope } = await answerOf(
			await get("?scope=repository:library/alpine:pull,push%20repository:team/web:pull"),
		);
		assert.equal(scope, "repository:library/alpine:pull");
		assert.equal((await accessOf(token)).actor, "anonymous");
	});

	it("takes a robot's secret", async () => {
		const { token } = await answerOf(await get("?scope=repository:team/ci/x:push", basic("robot$ci", "secret of ci")));
		assert.equal(await (await accessOf(token)).allows("push", "team/ci/x"), true);
	});

	it("gives a token that grants nothing rather than an error", async () => {
		for (const query of [
			"",
			"?scope=",
			"?scope=nonsense",
			"?scope=repository:team/web:fly",
			"?scope=a:b:c:d&scope=%00",
		]) {
			const { scope } = await answerOf(await get(query, basic("alice", "password of alice")));
			assert.equal(scope, "", query);
		}
	});

	it("refuses wrong credentials with 401 in the registry's form", async () => {
		const wrong = [
			basic("alice", "wrong"),
			basic("nobody", "x"),
			basic("robot$ci", "wrong"),
			"Basic !",
			"Bearer x.y.z",
		];
		for (const authorization of wrong) {
			const response = await get("?scope=repository:library/alpine:pull", authorization);
			assert.match(response.headers.get("www-authenticate") ?? "", /^Basic realm="registry\.test"/);
			assert.equal((await answerOf(response, 401)).errors?.[0]?.code, "UNAUTHORIZED");
		}
	});

	it("refuses another service", async () => {
		assert.equal((await answerOf(await get("?service=elsewhere.test"), 400)).errors?.[0]?.code, "UNSUPPORTED");
		assert.equal(
			(await answerOf(await post({ ...password, service: "elsewhere.test" }), 400)).error,
			"invalid_request",
		);
	});

	it("answers 429 after too many failures, in both forms", async () => {
		for (let i = 0; i < 20; i++) await get("", basic("alice", `wrong ${i}`));
		const response = await get("", basic("alice", "password of alice"));
		assert.ok(Number(response.headers.get("retry-after")) >= 1);
		assert.equal((await answerOf(response, 429)).errors?.[0]?.code, "TOOMANYREQUESTS");
		assert.equal((await answerOf(await post(password), 429)).error, "temporarily_unavailable");
	});

	it("counts failures by the address that a trusted proxy tells, and has it observed", async () => {
		const from = (address: string, secret: string): Promise<Response> =>
			fetch(`${origin}/token`, {
				headers: { authorization: basic("alice", secret), "x-forwarded-for": `192.0.2.1, ${address}` },
			});
		for (let i = 0; i < 20; i++) await from("198.51.100.7", `wrong ${i}`);
		assert.equal((await from("198.51.100.7", "password of alice")).status, 429);
		assert.equal((await from("198.51.100.8", "password of alice")).status, 200);
		assert.equal(records.at(-1)?.address, "198.51.100.8");
	});

	it("answers HEAD as GET, without the body, and 405 to other methods", async () => {
		const head = await fetch(`${origin}/token`, { method: "HEAD" });
		assert.equal(head.status, 200);
		assert.equal(await head.text(), "");
		for (const method of ["PUT", "DELETE", "PATCH"]) {
			const response = await fetch(`${origin}/token`, { method });
			assert.equal(response.status, 405);
			assert.equal(response.headers.get("allow"), "GET, HEAD, POST");
		}
	});

	it("publishes the keys that its tokens are verified with", async () => {
		const response = await fetch(`${origin}/.well-known/jwks.json`);
		const { keys } = (await response.json()) as { keys: readonly { kid: string; d?: string }[] };
		assert.deepEqual(
			keys.map(({ kid }) => kid),
			test.signingKeys.keys.map(({ kid }) => kid),
		);
		assert.ok(keys.every((key) => key.d === undefined));
		assert.equal(response.headers.get("cache-control"), "public, max-age=30");
	});

	const password = { grant_type: "password", username: "alice", password: "password of alice" };

	it("gives tokens for a password in a form", async () => {
		const answer = await answerOf(await post({ ...password, scope: "repository:team/web:pull repository:a:pull" }));
		assert.equal(answer.scope, "repository:team/web:pull");
		assert.equal(answer.refresh_token, undefined);
		assert.equal(await (await accessOf(answer.access_token)).allows("pull", "team/web"), true);
	});

	it("refuses forms in OAuth 2's form, and in the registry's beside it", async () => {
		const cases: readonly (readonly [form: { readonly [field: string]: string }, status: number, error: string])[] = [
			[{ ...password, password: "wrong" }, 401, "invalid_grant"],
			[{ ...password, username: "nobody" }, 401, "invalid_grant"],
			[{ ...password, username: "" }, 400, "invalid_request"],
			[{ grant_type: "password" }, 400, "invalid_request"],
			[{}, 400, "invalid_request"],
			[{ grant_type: "client_credentials" }, 400, "unsupported_grant_type"],
			[{ grant_type: "refresh_token" }, 400, "invalid_request"],
			[{ grant_type: "refresh_token", refresh_token: "nonsense" }, 401, "invalid_grant"],
			[{ ...password, access_type: "sometimes" }, 400, "invalid_request"],
		];
		for (const [form, status, error] of cases) {
			const answer = await answerOf(await post(form), status);
			assert.equal(answer.error, error);
			assert.equal(answer.errors?.length, 1);
		}
	});

	it("refuses bodies that are no form, or too large", async () => {
		const send = (body: string, type: string) =>
			fetch(`${origin}/token`, { method: "POST", body, headers: { "content-type": type } });
		assert.equal((await answerOf(await send("{}", "application/json"), 400)).error, "invalid_request");
		const form = "application/x-www-form-urlencoded";
		assert.equal((await answerOf(await send(`a=${"x".repeat(40_000)}`, form), 413)).error, "invalid_request");
		const strange = await send("x", `${form}; charset=klingon`);
		assert.equal((await answerOf(strange, 415)).error, "invalid_request");
	});

	describe("with refresh tokens", () => {
		const refresh = (token: string, scope = "repository:team/web:pull") =>
			post({ grant_type: "refresh_token", refresh_token: token, scope });
		const login = async (name = "alice", secret = "password of alice"): Promise<string> => {
			const { refresh_token } = await answerOf(await get("?offline_token=true", basic(name, secret)));
			assert.ok(refresh_token);
			return refresh_token;
		};

		it("gives them when asked, by GET and by POST, and to nobody who is a stranger", async () => {
			assert.match(await login(), /^[\w-]{43}\.[\w-]{22}$/);
			assert.ok((await answerOf(await post({ ...password, access_type: "offline" }))).refresh_token);
			assert.equal((await answerOf(await get("?offline_token=true"))).refresh_token, undefined);
		});

		it("keeps only their hash", async () => {
			const token = await login();
			const kept = JSON.stringify([...test.identities.refreshTokens.values()]);
			assert.equal(kept.includes(token.slice(0, 20)), false);
			assert.match([...test.identities.refreshTokens.keys()][0] ?? "", /^[0-9a-f]{64}$/);
		});

		it("gives tokens for them, of other scopes too, and the same one back", async () => {
			const token = await login();
			for (const scope of ["repository:team/web:pull", "repository:team/api:push"]) {
				const answer = await answerOf(await refresh(token, scope));
				assert.equal(answer.scope, scope);
				assert.equal(answer.refresh_token, token);
				assert.equal((await accessOf(answer.access_token)).actor, "user:alice");
			}
			assert.equal(test.identities.refreshTokens.size, 1);
		});

		it("ends them after thirty days", async () => {
			const token = await login();
			test.clock.at += 30 * 24 * 3_600_000 - 1;
			await answerOf(await refresh(token));
			test.clock.at += 1;
			assert.equal((await answerOf(await refresh(token), 401)).error, "invalid_grant");
		});

		it("ends a user's when the user is disabled, gone, replaced or has another password", async () => {
			const token = await login();
			const alice = test.identities.users.get("alice");
			const root = test.identities.users.get("root");
			assert.ok(alice && root);
			for (const changed of [
				{ ...alice, disabled: true },
				undefined,
				{ ...alice, uid: "another" },
				{ ...alice, passwordHash: root.passwordHash },
			]) {
				if (changed === undefined) test.identities.users.delete("alice");
				else test.identities.users.set("alice", changed);
				assert.equal((await answerOf(await refresh(token), 401)).error, "invalid_grant");
			}
			test.identities.users.set("alice", alice);
			await answerOf(await refresh(token));
		});

		it("ends a robot's with the secret that it was got with", async () => {
			const token = await login("robot$ci", "secret of ci");
			const scope = "repository:team/ci/x:push";
			assert.equal((await answerOf(await refresh(token, scope))).scope, scope);
			const [old] = CI.verifiers;
			assert.ok(old);
			const fresh = { hash: "0".repeat(64) };
			test.identities.robots.set(CI.name, { ...CI, verifiers: [{ ...old, notAfter: test.clock.at + 1_000 }, fresh] });
			await answerOf(await refresh(token, scope));
			test.clock.at += 1_000;
			await answerOf(await refresh(token, scope), 401);
		});

		it("takes none that is for another service", async () => {
			const token = await login();
			for (const [hash, kept] of test.identities.refreshTokens) {
				test.identities.refreshTokens.set(hash, { ...kept, service: "elsewhere.test" });
			}
			await answerOf(await refresh(token), 401);
		});

		it("takes none for another credential's, nor one that was changed", async () => {
			const [token, other] = [await login(), await login("root", "password of root")];
			const [random] = token.split(".");
			const [, credential] = other.split(".");
			const otherStart = `${token.startsWith("x") ? "y" : "x"}${token.slice(1)}`;
			for (const forged of [`${random}.${credential}`, `${token}x`, token.slice(0, -1), otherStart]) {
				await answerOf(await refresh(forged), 401);
			}
		});
	});

	it("has every request observed, with who it was and without what they know", async () => {
		await get("?scope=repository:team/web:pull", basic("alice", "password of alice"));
		await get("", basic("alice", "a wrong secret"));
		await post({ ...password, access_type: "offline" });
		await get("");
		const seen = records.map(({ status, route, actor, id }) => ({ status, route, actor, id }));
		assert.deepEqual(seen, [
			{ status: 200, route: "token", actor: "user:alice", id: "request-1" },
			{ status: 401, route: "token", actor: undefined, id: "request-1" },
			{ status: 200, route: "token", actor: "user:alice", id: "request-1" },
			{ status: 200, route: "token", actor: "anonymous", id: "request-1" },
		]);
		const errors = records.flatMap(({ error }) => (error instanceof Error ? [`${error.stack}`] : []));
		assert.equal(errors.length, 1);
		assert.equal(errors.join().includes("wrong secret"), false);
	});

	it("answers 503 while metadata is away, in both forms", async () => {
		test.identities.findUser = async () => {
			throw new MetadataError("UNAVAILABLE", "the writer of /data is away");
		};
		const response = await get("", basic("alice", "password of alice"));
		assert.equal(response.headers.get("retry-after"), "1");
		const text = JSON.stringify([await answerOf(response, 503), await answerOf(await post(password), 503)]);
		assert.equal(text.includes("/data"), false);
	});

	it("answers 500 without a word of what failed", async () => {
		test.identities.findUser = async () => {
			throw new Error("surprise at 10.0.0.7");
		};
		const answers = [await get("", basic("alice", "x")), await post(password)];
		for (const answer of answers) {
			const text = await answer.text();
			assert.equal(answer.status, 500);
			assert.equal(text.includes("surprise"), false);
			assert.ok(text.includes("request-1"));
		}
		assert.match(String(records[0]?.error), /surprise/);
	});
});
