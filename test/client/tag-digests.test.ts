import assert from "node:assert/strict";
import { test } from "node:test";
import type { RemoteSpec } from "#/api/replication-policy-spec.ts";
import { digestOf } from "#/oci/digest.ts";
import { collect, openStandInRegistry } from "../support/remote.ts";
import { type SeenRequest, StandIn, type StandInReply } from "../support/stand-in.ts";
import { basic } from "../support/token-host.ts";

const { signal } = new AbortController();
const [one, two, three] = ["one", "two", "three"].map((text) => digestOf(Buffer.from(text)));
assert.ok(one !== undefined && two !== undefined && three !== undefined);

/** A registry asked once for what the tags of `team/deep/app` name, and what was asked of it. */
const list = async (spec: Partial<RemoteSpec>, answer: (request: SeenRequest) => StandInReply | undefined) => {
	await using standIn = await StandIn.open((request) => (request.path === "/v2/" ? {} : answer(request)));
	await using registry = openStandInRegistry(standIn, spec);
	const found = await collect(await registry.tagDigests("team/deep/app", signal));
	return { found, asked: standIn.lines.filter((line) => !line.endsWith("/v2/")) };
};

const extensions = (...endpoints: readonly string[]): StandInReply => ({
	body: { extensions: [{ name: "_limani", url: "https://example.com/", endpoints }] },
});

test("who says that it lists digests is asked for them, page by page, and that only once", async () => {
	await using standIn = await StandIn.open(({ path, query }) => {
		if (path === "/v2/") return {};
		if (path.endsWith("/_oci/ext/discover")) return extensions("_limani/tags/other", "_limani/tags/digests");
		if (query.get("last") === "b") return { body: { name: "x", tags: [{ name: "c", digest: three }] } };
		const tags = [
			{ name: "a", digest: one },
			{ name: "b", digest: two },
		];
		return { headers: { link: `<${path}?n=2&last=b>; rel="next"` }, body: { name: "x", tags } };
	});
	await using registry = openStandInRegistry(standIn);
	for (const repository of ["team/app", "team/other"]) {
		assert.deepEqual(await collect(await registry.tagDigests(repository, signal)), [
			{ tag: "a", digest: one },
			{ tag: "b", digest: two },
			{ tag: "c", digest: three },
		]);
	}
	const origin = "https://registry.example.com/v2";
	assert.deepEqual(standIn.lines.slice(1), [
		`GET ${origin}/team/app/_oci/ext/discover`,
		`GET ${origin}/team/app/_limani/tags/digests?n=1000`,
		`GET ${origin}/team/app/_limani/tags/digests?n=2&last=b`,
		`GET ${origin}/team/other/_limani/tags/digests?n=1000`,
		`GET ${origin}/team/other/_limani/tags/digests?n=2&last=b`,
	]);
});

const silent: readonly (readonly [string, StandInReply | undefined])[] = [
	["another extension", extensions("_zot/ext/search")],
	["an extension without endpoints", { body: { extensions: [{ name: "_limani" }] } }],
	["404", { status: 404, body: "404 page not found" }],
	["401", { status: 401 }],
	["403", { status: 403, body: { errors: [{ code: "DENIED" }] } }],
	["500", { status: 500 }],
	["a redirect", { status: 302, headers: { location: "https://example.com/" } }],
	["a page for people", { body: "<html>", headers: { "content-type": "text/html" } }],
	["no list", { body: { extensions: "many" } }],
	["no JSON", { body: "{", headers: { "content-type": "application/json" } }],
	["a break", undefined],
];
for (const [what, reply] of silent) {
	test(`who answers ${what} to what it has beside the specification is not asked for digests`, async () => {
		await using standIn = await StandIn.open(({ path }) => (path === "/v2/" ? {} : reply));
		await using registry = openStandInRegistry(standIn);
		for (let i = 0; i < 2; i++) assert.equal(await registry.tagDigests("team/app", signal), undefined);
		const asked = standIn.lines.slice(1);
		assert.deepEqual(asked, ["GET https://registry.example.com/v2/team/app/_oci/ext/discover"]);
	});
}

test("a repository that is not there has no list, and a list that breaks off is an error", async () => {
	const answers =
		(status: number, body: object) =>
		({ path }: SeenRequest): StandInReply =>
			path.endsWith("discover") ? extensions("_limani/tags/digests") : { status, body };
	const { found } = await list({}, answers(404, { errors: [{ code: "NAME_UNKNOWN" }] }));
	assert.equal(found, undefined);
	await assert.rejects(list({}, answers(200, { tags: [{ name: "a" }] })), { code: "INVALID" });
	await assert.rejects(list({}, answers(200, { tags: null })), { code: "INVALID" });
	await assert.rejects(list({}, answers(404, {})), { code: "INVALID" });
	await assert.rejects(list({}, answers(503, {})), { code: "FAILED" });
	await assert.rejects(
		list({}, ({ path, query }) => {
			if (path.endsWith("discover")) return extensions("_limani/tags/digests");
			if (query.has("last")) return { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } };
			return { headers: { link: '<?last=a>; rel="next"' }, body: { tags: [{ name: "a", digest: one }] } };
		}),
		{ code: "INVALID", message: /ended in its middle/ },
	);
});

test("of a list, what is no tag or no digest is left out", async () => {
	const { found } = await list({}, ({ path }) => {
		if (path.endsWith("discover")) return extensions("_limani/tags/digests");
		const tags = [
			{ name: "a", digest: "sha256:beef" },
			{ name: "../b", digest: one },
			{ name: "c", digest: two },
		];
		return { body: { tags } };
	});
	assert.deepEqual(found, [{ tag: "c", digest: two }]);
});

test("Harbor lists artifacts with their tags by its own interface, page by page", async () => {
	const credentials = { username: "robot$ci", password: "s" };
	const path = "/api/v2.0/projects/team/repositories/deep%252Fapp/artifacts";
	const { found, asked } = await list({ type: "Harbor", url: "https://harbor.example.com", credentials }, (request) => {
		assert.equal(request.headers.authorization, basic("robot$ci", "s"));
		assert.equal(request.headers["x-is-resource-name"], "true");
		assert.equal(request.headers.accept, "application/json");
		const named = (digest: string, ...tags: readonly string[]) => ({
			...{ digest, type: "IMAGE", size: 100, accessories: null, push_time: "2026-01-01T00:00:00.000Z" },
			tags: tags.map((name, id) => ({ id, name, immutable: false })),
		});
		if (request.query.get("page") === "2") return { body: [named(three, "c"), { ...named(one), tags: null }] };
		const link = `<${path}?page=2&page_size=100&q=tags%3D%2A&with_tag=true>; rel="next"`;
		return { headers: { link, "x-total-count": "3" }, body: [named(one, "a", "latest"), named(two, "b")] };
	});
	assert.deepEqual(found, [
		{ tag: "a", digest: one },
		{ tag: "latest", digest: one },
		{ tag: "b", digest: two },
		{ tag: "c", digest: three },
	]);
	assert.deepEqual(asked, [
		`GET https://harbor.example.com${path}?with_tag=true&q=tags%3D*&page=1&page_size=100`,
		`GET https://harbor.example.com${path}?page=2&page_size=100&q=tags%3D%2A&with_tag=true`,
	]);
});

test("who may not list artifacts of a Harbor is told so", async () => {
	const answer = { status: 403, body: { errors: [{ code: "FORBIDDEN", message: "forbidden" }] } };
	await assert.rejects(
		list({ type: "Harbor", url: "https://harbor.example.com" }, () => answer),
		{ code: "REFUSED" },
	);
});

test("Quay lists tags to an application's token, page by page, and nothing to a robot", async () => {
	const spec = { type: "Quay", url: "https://quay.io" } as const;
	const token = { username: "$oauthtoken", password: "oauth" };
	const { found, asked } = await list({ ...spec, credentials: token }, ({ headers, query }) => {
		assert.equal(headers.authorization, "Bearer oauth");
		const page = Number(query.get("page"));
		const tag = page === 1 ? { name: "a", manifest_digest: one } : { name: "b", manifest_digest: two };
		return { body: { tags: [{ ...tag, reversion: false, start_ts: 1 }], page, has_additional: page === 1 } };
	});
	assert.deepEqual(found, [
		{ tag: "a", digest: one },
		{ tag: "b", digest: two },
	]);
	const url = "https://quay.io/api/v1/repository/team/deep/app/tag/?onlyActiveTags=true&limit=100";
	assert.deepEqual(asked, [`GET ${url}&page=1`, `GET ${url}&page=2`]);
	const robot = { username: "team+ci", password: "s" };
	const nobody = await list({ ...spec, credentials: robot }, () => assert.fail("it was asked"));
	assert.equal(nobody.found, undefined);
});

for (const [type, url] of [
	["GHCR", "https://ghcr.io"],
	["DockerHub", "https://docker.io"],
	["ACR", "https://team.azurecr.io"],
] as const) {
	test(`${type} lists no digests, and is not asked`, async () => {
		const { found } = await list({ type, url }, () => assert.fail("it was asked"));
		assert.equal(found, undefined);
	});
}

test("all referrers of a repository are listed by who says that it lists them, and by nobody else", async () => {
	let endpoint = "_limani/referrers/list";
	let body: object = { referrers: [{ digest: one, subject: two, parents: [three] }] };
	await using standIn = await StandIn.open(({ path }) => {
		if (path === "/v2/") return {};
		return path.endsWith("discover") ? extensions(endpoint) : { body };
	});
	const attached = async () => {
		await using registry = openStandInRegistry(standIn);
		return await collect(await registry.attached("team/app", signal));
	};
	assert.deepEqual(await attached(), [{ digest: one, subject: two, parents: [three] }]);
	assert.equal(standIn.lines.at(-1), "GET https://registry.example.com/v2/team/app/_limani/referrers/list?n=1000");
	for (const wrong of [{ digest: "x", subject: two, parents: [] }, { digest: one }]) {
		body = { referrers: [wrong] };
		await assert.rejects(attached(), { code: "INVALID" });
	}
	endpoint = "_limani/tags/digests";
	assert.equal(await attached(), undefined);
});
