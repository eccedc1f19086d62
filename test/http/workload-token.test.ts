import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import express from "express";
import { OWN_CLUSTER } from "#/api/robot-account-spec.ts";
import { createClientOf } from "#/http/client-of.ts";
import type { RequestRecord } from "#/http/request-observer.ts";
import { tokenRouter } from "#/http/token/router.ts";
import { fakeClock } from "../auth/memory-metadata.ts";
import { basic, openTestAuth, SERVICE, signal, type TestAuth } from "../auth/test-auth.ts";
import { TestIssuer } from "../auth/workload/test-issuer.ts";

const HOST = "registry.example.org";
const ROBOT = "robot$team-a+web";
const SCOPE = "repository:team/ci/x:pull,push";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT = "urn:ietf:params:oauth:token-type:jwt";

describe("the token service, for a workload's own token", () => {
	let test: TestAuth;
	let cluster: TestIssuer;
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
		const clock = fakeClock();
		cluster = new TestIssuer("https://kubernetes.default.svc");
		const issuers = [{ name: OWN_CLUSTER, audiences: [HOST], keys: cluster.opened(clock.now) }];
		test = await openTestAuth({ clock, issuers });
		trust({});
		records.length = 0;
		app = express();
		const { tokenService, keyring } = test.auth;
		const observer = { observe: (record: RequestRecord) => records.push(record) };
		const deps = { tokenService, keyring, service: SERVICE, observer, clientOf: createClientOf([]) };
		app.use(tokenRouter({ ...deps, requestId: () => "request-1" }));
	});

	const trust = (more: { readonly tokenLifetimeS?: number }) => {
		const subject = "system:serviceaccount:team-a:web";
		test.identities.robots.set(ROBOT, {
			uid: "uid-of-web",
			name: ROBOT,
			verifiers: [],
			disabled: false,
			permissions: [{ project: "team", actions: ["pull"] }],
			trust: [{ issuer: OWN_CLUSTER, subject, claims: [], ...more }],
		});
	};
	/** A token of a pod that lives for so long, in seconds. */
	const podToken = (seconds = 3_600, more: object = {}): string => {
		const exp = test.clock.at / 1_000 + seconds;
		return cluster.token({ sub: "system:serviceaccount:team-a:web", aud: [HOST], exp, ...more });
	};
	const get = (authorization: string): Promise<Response> =>
		fetch(`${origin}/token?service=${SERVICE}&offline_token=true&scope=${SCOPE}`, { headers: { authorization } });
	const post = (form: { readonly [field: string]: string }): Promise<Response> =>
		fetch(`${origin}/token`, { method: "POST", body: new URLSearchParams(form) });
	const answerOf = async (response: Response, status = 200) => {
		const text = await response.text();
		assert.equal(response.status, status, text);
		return JSON.parse(text);
	};

	it("gives a token with the robot's permissions and in its name, and no refresh token", async () => {
		const { token, scope, expires_in, refresh_token } = await answerOf(await get(basic("token", podToken())));
		assert.deepEqual([scope, expires_in, refresh_token], ["repository:team/ci/x:pull", 300, undefined]);
		const outcome = await test.auth.authenticator.authenticate(`Bearer ${token}`, signal);
		assert.ok("access" in outcome);
		assert.equal(outcome.access.actor, `robot:${ROBOT}`);
		assert.equal(await outcome.access.allows("pull", "team/ci/x"), true);
		assert.equal(await outcome.access.allows("push", "team/ci/x"), false);
		assert.equal(await outcome.access.couldAllow("pull", "team/other"), true);
		assert.equal(records[0]?.actor, `robot:${ROBOT}`);
	});

	it("gives one that does not outlive the workload's, nor what the robot's trust allows", async () => {
		const lifetimeOf = async (token: string) => (await answerOf(await get(basic("token", token)))).expires_in;
		assert.equal(await lifetimeOf(podToken(301)), 300);
		assert.equal(await lifetimeOf(podToken(299)), 299);
		assert.equal(await lifetimeOf(podToken(12)), 12);
		trust({ tokenLifetimeS: 90 });
		test.clock.at += 5_000;
		assert.equal(await lifetimeOf(podToken(301)), 90);
		assert.equal(await lifetimeOf(podToken(60)), 60);
		trust({ tokenLifetimeS: 3_600 });
		test.clock.at += 5_000;
		assert.equal(await lifetimeOf(podToken(3_600)), 300);
	});

	it("takes it by POST as a password, and in an exchange of tokens", async () => {
		const forms = [
			{ grant_type: "password", username: "token", password: podToken(), service: SERVICE, access_type: "offline" },
			{ grant_type: EXCHANGE, subject_token: podToken(), subject_token_type: JWT },
			{ grant_type: EXCHANGE, subject_token: podToken(), subject_token_type: JWT, audience: SERVICE, username: ROBOT },
		];
		for (const form of forms) {
			const answer = await answerOf(await post({ scope: SCOPE, ...form }));
			assert.equal(answer.scope, "repository:team/ci/x:pull");
			assert.equal(answer.refresh_token, undefined);
			const isExchange = form.grant_type === EXCHANGE;
			const type = isExchange ? "urn:ietf:params:oauth:token-type:access_token" : undefined;
			assert.equal(answer.issued_token_type, type);
		}
	});

	it("refuses an exchange of anything else, and for another service", async () => {
		const exchange = { grant_type: EXCHANGE, subject_token: podToken(), subject_token_type: JWT };
		const refused = [
			[{ ...exchange, subject_token_type: "urn:ietf:params:oauth:token-type:saml2" }, 400, "invalid_request"],
			[{ ...exchange, audience: "elsewhere" }, 400, "invalid_request"],
			[{ ...exchange, subject_token: "no-jwt" }, 401, "invalid_grant"],
			[{ ...exchange, subject_token: podToken(3_600, { aud: "elsewhere" }) }, 401, "invalid_grant"],
		] as const;
		for (const [form, status, error] of refused) assert.equal((await answerOf(await post(form), status)).error, error);
	});

	it("takes it as the password of a request itself, until it expires and not a moment longer", async () => {
		const token = podToken(3);
		const actor = async () => {
			const outcome = await test.auth.authenticator.authenticate(basic("token", token), signal);
			return "access" in outcome ? outcome.access.actor : outcome.failed;
		};
		assert.equal(await actor(), `robot:${ROBOT}`);
		test.clock.at += 2_999;
		assert.equal(await actor(), `robot:${ROBOT}`);
		test.clock.at += 1;
		assert.equal(await actor(), "the token has expired");
	});

	it("says why it refuses one, and asks for another", async () => {
		const response = await get(basic("token", podToken(3_600, { aud: ["https://kubernetes.default.svc"] })));
		assert.match(response.headers.get("www-authenticate") ?? "", /^Basic/);
		const { errors } = await answerOf(response, 401);
		assert.equal(
			errors[0].message,
			`the token is for the audience https://kubernetes.default.svc, and ${HOST} is expected`,
		);
	});
});
