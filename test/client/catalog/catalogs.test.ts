import assert from "node:assert/strict";
import { generateKeyPairSync, verify } from "node:crypto";
import { test } from "node:test";
import type { RemoteSpec } from "#/api/replication-policy-spec.ts";
import { collect, impatient, openStandInRegistry } from "../../support/remote.ts";
import { StandIn, type StandInPlan } from "../../support/stand-in.ts";
import { basic } from "../../support/token-host.ts";

const { signal } = new AbortController();

/** What a registry lists, and what was asked for it. */
const list = async (
	plan: StandInPlan,
	spec: Partial<RemoteSpec>,
	namespaces: readonly string[] = [],
): Promise<{ readonly names: readonly string[] | undefined; readonly lines: readonly string[] }> => {
	await using standIn = await StandIn.open(plan);
	const timing = { ...impatient(), now: () => Date.UTC(2026, 0, 1) };
	await using registry = openStandInRegistry(standIn, spec, { timing, namespaces });
	const names = await collect(registry.repositories(signal));
	return { names, lines: standIn.lines };
};

test("Docker Hub lists the namespace of who logs in, page by page, for a token of its own", async () => {
	const { names, lines } = await list(
		({ method, origin, path, query, headers, body }) => {
			assert.equal(origin, "https://hub.docker.com");
			if (path === "/v2/auth/token") {
				assert.equal(`${method} ${headers["content-type"]}`, "POST application/json");
				assert.deepEqual(JSON.parse(body.toString()), { identifier: "me", secret: "dckr_pat_x" });
				return { body: { access_token: "hub" } };
			}
			assert.equal(headers.authorization, "Bearer hub");
			const next = "https://hub.docker.com/v2/namespaces/me/repositories?page=2&page_size=100";
			return query.get("page") === "2"
				? { body: { count: 2, next: null, previous: null, results: [{ name: "two", namespace: "me" }] } }
				: { body: { count: 2, next, previous: null, results: [{ name: "one", namespace: "me" }] } };
		},
		{ type: "DockerHub", credentials: { username: "me", password: "dckr_pat_x" } },
	);
	assert.deepEqual(names, ["me/one", "me/two"]);
	assert.deepEqual(lines, [
		"POST https://hub.docker.com/v2/auth/token",
		"GET https://hub.docker.com/v2/namespaces/me/repositories?page_size=100",
		"GET https://hub.docker.com/v2/namespaces/me/repositories?page=2&page_size=100",
	]);
});

test("Docker Hub lists namespaces that are wanted, to nobody as well", async () => {
	const { names, lines } = await list(
		({ headers }) => {
			assert.equal(headers.authorization, undefined);
			return { body: { count: 1, next: null, results: [{ name: "nginx", namespace: "library" }] } };
		},
		{ type: "DockerHub" },
		["library"],
	);
	assert.deepEqual(names, ["library/nginx"]);
	assert.equal(lines.length, 1);
});

for (const [type, url] of [
	["GHCR", "https://ghcr.io"],
	["DockerHub", "https://docker.io"],
	["ECR", "https://public.ecr.aws"],
	["GitLab", "https://registry.gitlab.com"],
	["GAR", "https://europe-docker.pkg.dev"],
] as const) {
	test(`${type} without a list says that repositories must be named, and is not asked`, async () => {
		await assert.rejects(
			list(() => assert.fail("it was asked"), { type, url }),
			{
				code: "INVALID",
				message: /cannot list its repositories: .*name/,
			},
		);
	});
}

test("Harbor lists the repositories of each project, page by page", async () => {
	const { names, lines } = await list(
		({ path, query, headers }) => {
			assert.equal(headers.authorization, basic("robot$ci", "s"));
			assert.equal(headers["x-is-resource-name"], "true");
			if (path === "/api/v2.0/projects") {
				return query.get("page") === "2"
					? { body: [{ name: "empty", project_id: 2 }] }
					: {
							headers: { link: '</api/v2.0/projects?page=2&page_size=100>; rel="next"' },
							body: [{ name: "team", project_id: 1 }],
						};
			}
			if (path.includes("empty")) return { body: [] };
			return { body: [{ name: "team/app" }, { name: "team/deep/app" }] };
		},
		{ type: "Harbor", url: "https://harbor.example.com", credentials: { username: "robot$ci", password: "s" } },
	);
	assert.deepEqual(names, ["team/app", "team/deep/app"]);
	assert.deepEqual(lines, [
		"GET https://harbor.example.com/api/v2.0/projects?page=1&page_size=100",
		"GET https://harbor.example.com/api/v2.0/projects/team/repositories?page=1&page_size=100",
		"GET https://harbor.example.com/api/v2.0/projects?page=2&page_size=100",
		"GET https://harbor.example.com/api/v2.0/projects/empty/repositories?page=1&page_size=100",
	]);
});

test("GitLab, found where its registry sends clients, lists the repositories of its projects", async () => {
	const { names, lines } = await list(
		({ origin, path, headers }) => {
			if (path === "/v2/") {
				const challenge = 'Bearer realm="https://gitlab.example.com/jwt/auth",service="container_registry"';
				return { status: 401, headers: { "www-authenticate": challenge } };
			}
			assert.equal(origin, "https://gitlab.example.com");
			assert.equal(headers["private-token"], "glpat-x");
			if (path === "/api/v4/projects") {
				return {
					body: [
						{ id: 7, container_registry_access_level: "enabled" },
						{ id: 8, container_registry_access_level: "disabled" },
					],
				};
			}
			assert.equal(path, "/api/v4/projects/7/registry/repositories");
			return {
				body: [
					{ id: 1, path: "group/project" },
					{ id: 2, path: "group/project/image" },
				],
			};
		},
		{ type: "GitLab", url: "https://registry.example.com", credentials: { username: "me", password: "glpat-x" } },
	);
	assert.deepEqual(names, ["group/project", "group/project/image"]);
	assert.equal(lines.length, 3);
});

test("Quay lists namespaces to an application's token", async () => {
	const { names, lines } = await list(
		({ query, headers }) => {
			assert.equal(headers.authorization, "Bearer oauth");
			return query.get("next_page") === "more"
				? { body: { repositories: [{ namespace: "team", name: "two" }] } }
				: { body: { repositories: [{ namespace: "team", name: "one" }], next_page: "more" } };
		},
		{ type: "Quay", url: "https://quay.io", credentials: { username: "$oauthtoken", password: "oauth" } },
		["team"],
	);
	assert.deepEqual(names, ["team/one", "team/two"]);
	assert.deepEqual(lines, [
		"GET https://quay.io/api/v1/repository?namespace=team",
		"GET https://quay.io/api/v1/repository?namespace=team&next_page=more",
	]);
});

test("ECR lists an account by DescribeRepositories, page by page", async () => {
	const inputs: unknown[] = [];
	const { names } = await list(
		({ origin, headers, body }) => {
			assert.equal(origin, "https://api.ecr.eu-west-1.amazonaws.com");
			assert.equal(headers["x-amz-target"], "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories");
			assert.match(headers.authorization ?? "", /^AWS4-HMAC-SHA256 Credential=AKID\//);
			const input = JSON.parse(body.toString());
			inputs.push(input);
			return input.nextToken === undefined
				? { body: { repositories: [{ repositoryName: "team/one" }], nextToken: "more" } }
				: { body: { repositories: [{ repositoryName: "two" }] } };
		},
		{
			type: "ECR",
			url: "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com",
			credentials: { username: "AKID", password: "k" },
		},
	);
	assert.deepEqual(names, ["team/one", "two"]);
	assert.deepEqual(inputs, [
		{ registryId: "123456789012", maxResults: 1000 },
		{ registryId: "123456789012", maxResults: 1000, nextToken: "more" },
	]);
});

test("Google's Artifact Registry lists packages for an access token that a signed assertion buys", async () => {
	const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	const key = {
		type: "service_account",
		project_id: "proj",
		private_key_id: "k1",
		private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
		client_email: "sa@proj.iam.gserviceaccount.com",
	};
	const root = "projects/proj/locations/europe/repositories";
	const { names } = await list(
		({ origin, path, body, headers, query }) => {
			if (origin === "https://oauth2.googleapis.com") {
				const form = new URLSearchParams(body.toString());
				assert.equal(form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
				const [header = "", claims = "", signature = ""] = form.get("assertion")?.split(".") ?? [];
				const signed = Buffer.from(`${header}.${claims}`);
				assert.ok(verify("RSA-SHA256", signed, publicKey, Buffer.from(signature, "base64url")));
				assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), {
					alg: "RS256",
					typ: "JWT",
					kid: "k1",
				});
				assert.deepEqual(JSON.parse(Buffer.from(claims, "base64url").toString()), {
					iss: "sa@proj.iam.gserviceaccount.com",
					scope: "https://www.googleapis.com/auth/cloud-platform",
					aud: "https://oauth2.googleapis.com/token",
					iat: 1_767_225_600,
					exp: 1_767_229_200,
				});
				return { body: { access_token: "ya29", expires_in: 3599, token_type: "Bearer" } };
			}
			assert.equal(origin, "https://artifactregistry.googleapis.com");
			assert.equal(headers.authorization, "Bearer ya29");
			if (path === `/v1/${root}`) {
				return {
					body: {
						repositories: [
							{ name: `${root}/images`, format: "DOCKER" },
							{ name: `${root}/jars`, format: "MAVEN" },
						],
					},
				};
			}
			assert.equal(path, `/v1/${root}/images/packages`);
			return query.get("pageToken") === "more"
				? { body: { packages: [{ name: `${root}/images/packages/deep%2Fapp` }] } }
				: { body: { packages: [{ name: `${root}/images/packages/app` }], nextPageToken: "more" } };
		},
		{
			type: "GAR",
			url: "https://europe-docker.pkg.dev",
			credentials: { username: "_json_key", password: JSON.stringify(key) },
		},
	);
	assert.deepEqual(names, ["proj/images/app", "proj/images/deep/app"]);
});

test("a key file that is none is refused without a word of it", async () => {
	const credentials = { username: "_json_key", password: '{"private_key":"-----BEGIN hidden"}' };
	const spec = { type: "GAR", url: "https://europe-docker.pkg.dev", credentials } as const;
	await assert.rejects(
		list(() => ({ status: 500 }), spec),
		(error: Error) => {
			assert.equal(error.message, "the password is no key file of a service account");
			assert.equal(error.cause, undefined);
			return true;
		},
	);
});

for (const [type, url] of [
	["ACR", "https://team.azurecr.io"],
	["Artifactory", "https://team.jfrog.io"],
	["SWR", "https://swr.cn-north-4.myhuaweicloud.com"],
	["GAR", "https://gcr.io"],
	["Quay", "https://quay.io"],
	["Generic", "https://registry.example.com"],
] as const) {
	test(`${type} lists its catalog`, async () => {
		const { names } = await list(
			({ path, query }) => {
				if (path === "/v2/") return {};
				assert.equal(path, "/v2/_catalog");
				const link = '</v2/_catalog?last=b&n=1000>; rel="next"';
				if (query.get("last") === "b") return { body: { repositories: ["c"] } };
				return { headers: { link }, body: { repositories: ["a", "Not a Name", "b"] } };
			},
			{ type, url, ...(type === "Quay" ? { credentials: { username: "a+robot", password: "r" } } : {}) },
		);
		assert.deepEqual(names, ["a", "b", "c"]);
	});
}
