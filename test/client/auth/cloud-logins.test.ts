import assert from "node:assert/strict";
import { test } from "node:test";
import { impatient, openStandInRegistry } from "../../support/remote.ts";
import { type SeenRequest, StandIn } from "../../support/stand-in.ts";
import { ask, basic, DIGEST, openHost, tokenFor } from "../../support/token-host.ts";

const { signal } = new AbortController();

/** A JSON web token that nobody looks at the signature of. */
const jwt = (claims: object): string =>
	["{}", JSON.stringify(claims), ""].map((part) => Buffer.from(part).toString("base64url")).join(".");

test("an access token of Entra is exchanged for a refresh token of the registry, and that for access tokens", async () => {
	const entra = jwt({ tid: "tenant-1", aud: "https://management.azure.com" });
	const refresh = jwt({ grant_type: "refresh_token", exp: Math.floor(Date.now() / 1000) + 10_800 });
	const forms: unknown[] = [];
	await using standIn = await openHost({
		origin: "https://team.azurecr.io",
		challenge: 'Bearer realm="https://team.azurecr.io/oauth2/token",service="team.azurecr.io"',
		authorization: "Bearer good",
		others: ({ method, path, body, headers }) => {
			assert.equal(headers["content-type"], "application/x-www-form-urlencoded");
			assert.equal(headers.authorization, undefined);
			forms.push([method, path, Object.fromEntries(new URLSearchParams(body.toString()))]);
			return { body: path === "/oauth2/exchange" ? { refresh_token: refresh } : { access_token: "good" } };
		},
	});
	await ask(standIn, {
		type: "ACR",
		url: "https://team.azurecr.io",
		credentials: { username: "00000000-0000-0000-0000-000000000000", password: entra },
	});
	assert.deepEqual(forms, [
		[
			"POST",
			"/oauth2/exchange",
			{ grant_type: "access_token", service: "team.azurecr.io", tenant: "tenant-1", access_token: entra },
		],
		[
			"POST",
			"/oauth2/token",
			{
				grant_type: "refresh_token",
				client_id: "limani",
				service: "team.azurecr.io",
				scope: "repository:team/app:pull",
				refresh_token: refresh,
			},
		],
	]);
});

for (const [type, username, url] of [
	["ACR", "00000000-0000-0000-0000-000000000000", "https://team.azurecr.io"],
	["Generic", "<token>", "https://registry.example.com"],
] as const) {
	test(`a refresh token is shown to the token service by POST (${type})`, async () => {
		const token = jwt({ grant_type: "refresh_token" });
		await using standIn = await openHost({
			origin: url,
			challenge: `Bearer realm="${url}/oauth2/token",service="s"`,
			authorization: "Bearer good",
			others: ({ method, path, body }) => {
				assert.equal(`${method} ${path}`, "POST /oauth2/token");
				assert.equal(new URLSearchParams(body.toString()).get("refresh_token"), token);
				return { body: { access_token: "good", expires_in: 300 } };
			},
		});
		await ask(standIn, { type, url, credentials: { username, password: token } });
	});
}

const aws = { username: "AKIDEXAMPLE", password: "secret-key" };
/** Whether a call is signed; what exactly, sign-v4.test.ts holds against another implementation. */
const assertSigned = ({ headers }: SeenRequest, region: string, service: string): void => {
	const pattern = `^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/${region}/${service}/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=[0-9a-f]{64}$`;
	assert.match(headers.authorization ?? "", new RegExp(pattern));
	assert.equal(headers["x-amz-date"], "20260101T000000Z");
	assert.equal(headers["content-type"], "application/x-amz-json-1.1");
};
const now = Date.UTC(2026, 0, 1);
const awsToken = Buffer.from("AWS:password").toString("base64");

const ecr: readonly (readonly [host: string, api: string, region: string])[] = [
	["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "api.ecr.eu-west-1.amazonaws.com", "eu-west-1"],
	["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "api.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"],
	["123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "ecr-fips.us-east-1.amazonaws.com", "us-east-1"],
	["123456789012.dkr-ecr.eu-west-1.on.aws", "api.ecr.eu-west-1.amazonaws.com", "eu-west-1"],
];

for (const [host, api, region] of ecr) {
	test(`keys of an account log in at ${host}`, async () => {
		await using standIn = await openHost({
			origin: `https://${host}`,
			challenge: `Basic realm="https://${host}/",service="ecr.amazonaws.com"`,
			authorization: basic("AWS", "password"),
			others: (request) => {
				assert.equal(`${request.method} ${request.origin}${request.target}`, `POST https://${api}/`);
				assert.equal(request.headers["x-amz-target"], "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
				assert.equal(request.body.toString(), "{}");
				assertSigned(request, region, "ecr");
				const token = {
					authorizationToken: awsToken,
					expiresAt: now / 1000 + 43_200.123,
					proxyEndpoint: `https://${host}`,
				};
				return {
					headers: { "content-type": "application/x-amz-json-1.1" },
					body: JSON.stringify({ authorizationData: [token] }),
				};
			},
		});
		const timing = { ...impatient(), now: () => now };
		await using registry = openStandInRegistry(
			standIn,
			{ type: "ECR", url: `https://${host}`, credentials: aws },
			{ timing },
		);
		for (let i = 0; i < 3; i++) await registry.head("team/app", "one", signal);
		assert.equal(standIn.lines.filter((line) => line.startsWith("POST")).length, 1);
	});
}

test("a login of ECR is made anew before it ends", async () => {
	let monotonic = 0;
	let given = 0;
	const host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
	await using standIn = await StandIn.open(({ origin, path, headers }) => {
		if (origin.includes("api.ecr")) {
			given++;
			const authorizationToken = Buffer.from(`AWS:${given}`).toString("base64");
			return { body: { authorizationData: [{ authorizationToken, expiresAt: now / 1000 + 43_200 }] } };
		}
		if (path === "/v2/") return { status: 401, headers: { "www-authenticate": "Basic" } };
		assert.equal(headers.authorization, basic("AWS", String(given)));
		return { headers: { "docker-content-digest": DIGEST } };
	});
	const timing = { ...impatient(), now: () => now, monotonic: () => monotonic };
	await using registry = openStandInRegistry(
		standIn,
		{ type: "ECR", url: `https://${host}`, credentials: aws },
		{ timing },
	);
	for (const hours of [0, 9, 11]) {
		monotonic = hours * 3_600_000;
		await registry.head("team/app", "one", signal);
	}
	assert.equal(given, 2);
});

test("keys of an account log in at the public registry of Amazon, which gives a token for the login", async () => {
	await using standIn = await openHost({
		origin: "https://public.ecr.aws",
		challenge: 'Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"',
		authorization: "Bearer good",
		others: (request) => {
			if (request.path === "/token/")
				return tokenFor(
					"GET https://public.ecr.aws/token/?service=public.ecr.aws&scope=repository:team/app:pull",
					basic("AWS", "password"),
				)(request);
			assert.equal(request.origin, "https://api.ecr-public.us-east-1.amazonaws.com");
			assert.equal(request.headers["x-amz-target"], "SpencerFrontendService.GetAuthorizationToken");
			assertSigned(request, "us-east-1", "ecr-public");
			return { body: { authorizationData: { authorizationToken: awsToken, expiresAt: now / 1000 + 43_200 } } };
		},
	});
	const timing = { ...impatient(), now: () => now };
	const spec = { type: "ECR", url: "https://public.ecr.aws", credentials: aws } as const;
	await using registry = openStandInRegistry(standIn, spec, { timing });
	assert.equal(await registry.head("team/app", "one", signal), DIGEST);
});

test("an access key of Huawei's becomes the long-term login of its region", async () => {
	// printf AK | openssl dgst -sha256 -hmac SK
	const key = "32d633d480c6d326ddd8f439f4fbfc7c9a4e0fa3fc0565ccd56e027700d41b14";
	await using standIn = await openHost({
		origin: "https://swr.cn-north-4.myhuaweicloud.com",
		challenge: 'Basic realm="swr"',
		authorization: basic("cn-north-4@AK", key),
		others: () => undefined,
	});
	const url = "https://swr.cn-north-4.myhuaweicloud.com";
	await ask(standIn, { type: "SWR", url, credentials: { username: "AK", password: "SK" } });
	await ask(standIn, { type: "SWR", url, credentials: { username: "cn-north-4@AK", password: key } });
});
