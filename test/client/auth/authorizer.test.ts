import assert from "node:assert/strict";
import { test } from "node:test";
import type { RemoteErrorCode } from "#/client/remote-error.ts";
import { impatient, openStandInRegistry } from "../../support/remote.ts";
import { StandIn } from "../../support/stand-in.ts";
import { DIGEST } from "../../support/token-host.ts";

const { signal } = new AbortController();

test("a token is used for its scope until shortly before it ends, and shared by all who want it at once", async () => {
	let monotonic = 0;
	let given = 0;
	await using standIn = await StandIn.open(({ origin, headers }) => {
		if (origin === "https://auth.example.com") {
			given++;
			return { body: { token: `token-${given}`, expires_in: 300 } };
		}
		if (headers.authorization?.startsWith("Bearer") === true) return { headers: { "docker-content-digest": DIGEST } };
		return {
			status: 401,
			headers: { "www-authenticate": 'Bearer realm="https://auth.example.com/token",service="s"' },
		};
	});
	const timing = { ...impatient(), monotonic: () => monotonic };
	await using registry = openStandInRegistry(standIn, {}, { timing });
	await Promise.all([1, 2, 3, 4].map((tag) => registry.head("team/app", `t${tag}`, signal)));
	assert.equal(given, 1);
	await registry.head("team/other", "one", signal);
	assert.equal(given, 2);
	monotonic = 200_000;
	await registry.head("team/app", "one", signal);
	assert.equal(given, 2);
	monotonic = 250_000;
	await registry.head("team/app", "one", signal);
	assert.equal(given, 3);
});

test("a token that is refused is got anew once, for the scope that the registry names", async () => {
	const scopes: (string | null)[] = [];
	await using standIn = await StandIn.open(({ origin, path, query, headers }) => {
		if (origin === "https://auth.example.com") {
			scopes.push(query.get("scope"));
			return { body: { token: query.get("scope")?.includes("real/app") === true ? "good" : "bad" } };
		}
		if (headers.authorization === "Bearer good") return { headers: { "docker-content-digest": DIGEST } };
		const scope = path === "/v2/" ? "" : ',scope="repository:real/app:pull"';
		return {
			status: 401,
			headers: { "www-authenticate": `Bearer realm="https://auth.example.com/token",service="s"${scope}` },
		};
	});
	await using registry = openStandInRegistry(standIn);
	assert.equal(await registry.head("team/app", "one", signal), DIGEST);
	assert.deepEqual(scopes, ["repository:team/app:pull", "repository:real/app:pull"]);
});

const refusals: readonly (readonly [
	name: string,
	url: string,
	challenge: string,
	code: RemoteErrorCode,
	message: RegExp,
])[] = [
	[
		"a token service without TLS elsewhere",
		"https://registry.example.com",
		'Bearer realm="http://auth.example.com/token"',
		"INVALID",
		/neither HTTPS nor the same host/,
	],
	[
		"a token service without TLS on the host of a registry with TLS",
		"https://registry.example.com",
		'Bearer realm="http://registry.example.com/token"',
		"INVALID",
		/neither HTTPS nor the same host/,
	],
	[
		"a realm that is no web address",
		"https://registry.example.com",
		'Bearer realm="file:///etc/passwd"',
		"INVALID",
		/nor the same host/,
	],
	[
		"a realm with a password in it",
		"https://registry.example.com",
		'Bearer realm="https://a:b@auth.example.com/"',
		"INVALID",
		/nor the same host/,
	],
	["no challenge at all", "https://registry.example.com", "", "REFUSED", /answered by 401/],
];

for (const [name, url, challenge, code, message] of refusals) {
	test(`the password does not go to ${name}`, async () => {
		await using standIn = await StandIn.open(() => ({
			status: 401,
			headers: challenge === "" ? {} : { "www-authenticate": challenge },
		}));
		await using registry = openStandInRegistry(standIn, { url, credentials: { username: "me", password: "p" } });
		await assert.rejects(registry.head("team/app", "one", signal), { name: "RemoteError", code, message });
		for (const { origin, headers } of standIn.seen) assert.ok(origin === url && headers.authorization === undefined);
	});
}

test("a token service that sends on is not followed", async () => {
	await using standIn = await StandIn.open(({ origin }) =>
		origin === "https://auth.example.com"
			? { status: 302, headers: { location: "https://evil.example.com/token" } }
			: { status: 401, headers: { "www-authenticate": 'Bearer realm="https://auth.example.com/token"' } },
	);
	await using registry = openStandInRegistry(standIn, { credentials: { username: "me", password: "p" } });
	await assert.rejects(registry.head("team/app", "one", signal), {
		code: "INVALID",
		message: /redirect to https:\/\/evil\.example\.com, which is not followed/,
	});
	assert.ok(!standIn.lines.some((line) => line.includes("evil")));
});

test("a wrong password is refused with what the token service says, and without the password", async () => {
	await using standIn = await StandIn.open(({ origin }) =>
		origin === "https://auth.example.com"
			? { status: 401, body: { errors: [{ code: "UNAUTHORIZED", message: "authentication failed" }] } }
			: { status: 401, headers: { "www-authenticate": 'Bearer realm="https://auth.example.com/token"' } },
	);
	await using registry = openStandInRegistry(standIn, { credentials: { username: "me", password: "hunter22" } });
	await assert.rejects(registry.head("team/app", "one", signal), (error: Error & { code?: string }) => {
		assert.equal(error.code, "REFUSED");
		assert.match(error.message, /auth\.example\.com\/token was answered by 401 UNAUTHORIZED: authentication failed/);
		assert.ok(!error.message.includes("hunter22"));
		return true;
	});
});
