import assert from "node:assert/strict";
import { test } from "node:test";
import type { RemoteSpec } from "#/api/replication-policy-spec.ts";
import { StandIn } from "../../support/stand-in.ts";
import { ask, basic, DIGEST, openHost, tokenFor } from "../../support/token-host.ts";

const byGet: readonly (readonly [
	name: string,
	spec: Partial<RemoteSpec>,
	host: { readonly origin: string; readonly challenge: string; readonly token: string; readonly login?: string },
	repository?: string,
])[] = [
	[
		"nobody at a registry that gives tokens to all",
		{},
		{
			origin: "https://registry.example.com",
			challenge: 'Bearer realm="https://auth.example.com/token",service="registry.example.com"',
			token: "GET https://auth.example.com/token?service=registry.example.com&scope=repository:team/app:pull",
		},
	],
	[
		"a user of Docker Hub, where official images have their own place",
		{ type: "DockerHub", url: "https://docker.io", credentials: { username: "me", password: "dckr_pat_x" } },
		{
			origin: "https://registry-1.docker.io",
			challenge: 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
			token: "GET https://auth.docker.io/token?service=registry.docker.io&scope=repository:library/alpine:pull",
			login: basic("me", "dckr_pat_x"),
		},
		"alpine",
	],
	[
		"a user of GHCR",
		{ type: "GHCR", url: "https://ghcr.io", credentials: { username: "me", password: "ghp_x" } },
		{
			origin: "https://ghcr.io",
			challenge: 'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
			token: "GET https://ghcr.io/token?service=ghcr.io&scope=repository:team/app:pull",
			login: basic("me", "ghp_x"),
		},
	],
	[
		"a robot of Harbor",
		{ type: "Harbor", url: "https://harbor.example.com", credentials: { username: "robot$ci", password: "s" } },
		{
			origin: "https://harbor.example.com",
			challenge: 'Bearer realm="https://harbor.example.com/service/token",service="harbor-registry"',
			token: "GET https://harbor.example.com/service/token?service=harbor-registry&scope=repository:team/app:pull",
			login: basic("robot$ci", "s"),
		},
	],
	[
		"a token of GitLab, at another host than its registry",
		{ type: "GitLab", url: "https://registry.gitlab.com", credentials: { username: "me", password: "glpat-x" } },
		{
			origin: "https://registry.gitlab.com",
			challenge: 'Bearer realm="https://gitlab.com/jwt/auth",service="container_registry"',
			token: "GET https://gitlab.com/jwt/auth?service=container_registry&scope=repository:team/app:pull",
			login: basic("me", "glpat-x"),
		},
	],
	[
		"a robot of Quay",
		{ type: "Quay", url: "https://quay.io", credentials: { username: "team+robot", password: "r" } },
		{
			origin: "https://quay.io",
			challenge: 'Bearer realm="https://quay.io/v2/auth",service="quay.io"',
			token: "GET https://quay.io/v2/auth?service=quay.io&scope=repository:team/app:pull",
			login: basic("team+robot", "r"),
		},
	],
	[
		"a service account of Google's",
		{
			type: "GAR",
			url: "https://europe-docker.pkg.dev",
			credentials: { username: "_json_key", password: '{"type":"service_account"}' },
		},
		{
			origin: "https://europe-docker.pkg.dev",
			challenge: 'Bearer realm="https://europe-docker.pkg.dev/v2/token",service="europe-docker.pkg.dev"',
			token: "GET https://europe-docker.pkg.dev/v2/token?service=europe-docker.pkg.dev&scope=repository:team/app:pull",
			login: basic("_json_key", '{"type":"service_account"}'),
		},
	],
	[
		"an access token of Google's",
		{ type: "GAR", url: "https://gcr.io", credentials: { username: "oauth2accesstoken", password: "ya29.x" } },
		{
			origin: "https://gcr.io",
			challenge: 'Bearer realm="https://gcr.io/v2/token",service="gcr.io"',
			token: "GET https://gcr.io/v2/token?service=gcr.io&scope=repository:team/app:pull",
			login: basic("oauth2accesstoken", "ya29.x"),
		},
	],
	[
		"a service principal of Azure's",
		{ type: "ACR", url: "https://team.azurecr.io", credentials: { username: "app-id", password: "secret" } },
		{
			origin: "https://team.azurecr.io",
			challenge: 'Bearer realm="https://team.azurecr.io/oauth2/token",service="team.azurecr.io"',
			token: "GET https://team.azurecr.io/oauth2/token?service=team.azurecr.io&scope=repository:team/app:pull",
			login: basic("app-id", "secret"),
		},
	],
	[
		"an identity token of Artifactory",
		{ type: "Artifactory", url: "https://team.jfrog.io", credentials: { username: "me", password: "cmVmdGtu" } },
		{
			origin: "https://team.jfrog.io",
			challenge: 'Bearer realm="https://team.jfrog.io/artifactory/api/docker/docker/v2/token",service="team.jfrog.io"',
			token:
				"GET https://team.jfrog.io/artifactory/api/docker/docker/v2/token?service=team.jfrog.io&scope=repository:team/app:pull",
			login: basic("me", "cmVmdGtu"),
		},
	],
];

for (const [name, spec, { origin, challenge, token, login }, repository] of byGet) {
	test(`${name} gets a token by GET`, async () => {
		const tokenPath = new URL(token.slice("GET ".length)).pathname;
		// Some token services are below /v2/ themselves.
		await using standIn = await StandIn.open((request) => {
			if (request.path === tokenPath) return tokenFor(token, login)(request);
			assert.equal(request.origin, origin);
			if (request.headers.authorization === "Bearer good") return { headers: { "docker-content-digest": DIGEST } };
			return { status: 401, headers: { "www-authenticate": challenge } };
		});
		const lines = await ask(standIn, spec, repository);
		assert.deepEqual(
			lines.map((line) => line.split("?", 1)[0]),
			[
				`GET ${origin}/v2/`,
				token.split("?", 1)[0],
				`HEAD ${origin}/v2/${repository === "alpine" ? "library/alpine" : "team/app"}/manifests/one`,
			],
		);
	});
}

test("a registry that asks for Basic is shown the name and the password", async () => {
	const authorization = basic("me", "pässword:with:colons");
	await using standIn = await openHost({
		origin: "https://registry.example.com",
		challenge: 'Basic realm="registry"',
		authorization,
		others: () => undefined,
	});
	const lines = await ask(standIn, { credentials: { username: "me", password: "pässword:with:colons" } });
	assert.equal(lines.length, 2);
});

test("a registry that lets everybody say hello is shown the password all the same", async () => {
	await using standIn = await StandIn.open(({ path, headers }) => {
		if (path === "/v2/") return {};
		if (headers.authorization !== basic("me", "p"))
			return { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } };
		return { headers: { "docker-content-digest": DIGEST } };
	});
	await ask(standIn, { credentials: { username: "me", password: "p" } });
});
