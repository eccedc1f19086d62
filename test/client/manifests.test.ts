import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";
import { openStandInRegistry } from "../support/remote.ts";
import { StandIn, type StandInPlan, type StandInReply } from "../support/stand-in.ts";

const { signal } = new AbortController();
const payload = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, layers: [] }));
const digest = digestOf(payload);
const other = digestOf(Buffer.from("other"));
const manifest = { digest, mediaType: OCI_MANIFEST, payload };

const serve =
	(answer: StandInPlan): StandInPlan =>
	(request) =>
		request.path === "/v2/" ? {} : answer(request);

const good: StandInReply = {
	headers: { "content-type": `${OCI_MANIFEST}; charset=utf-8`, "docker-content-digest": digest },
	body: payload,
};

test("a manifest comes with its digest and type, whatever types it is asked for in", async () => {
	await using standIn = await StandIn.open(
		serve(({ headers }) => {
			for (const type of [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST]) assert.ok(headers.accept?.includes(type));
			return good;
		}),
	);
	await using registry = openStandInRegistry(standIn);
	for (const reference of ["one", digest]) {
		const found = await registry.manifest("team/app", reference, signal);
		assert.deepEqual(found, manifest);
	}
	const long = digestOf(payload, "sha512");
	assert.deepEqual(await registry.manifest("team/app", long, signal), { ...manifest, digest: long });
});

const wrong: readonly (readonly [name: string, reference: string, reply: StandInReply, message: RegExp])[] = [
	["is not what was asked for", other, { ...good, headers: { "content-type": OCI_MANIFEST } }, /and not sha256/],
	[
		"is not what the header says",
		"one",
		{ ...good, headers: { ...good.headers, "docker-content-digest": other } },
		/and not/,
	],
	[
		"is a page",
		"one",
		{ headers: { "content-type": "text/html" }, body: "<html>" },
		/text\/html is no type of a manifest/,
	],
	[
		"is of Docker's first schema",
		"one",
		{ headers: { "content-type": "application/vnd.docker.distribution.manifest.v1+prettyjws" }, body: "{}" },
		/v1\+prettyjws is no type/,
	],
	["is too large", "one", { ...good, body: Buffer.alloc(4 * 1024 * 1024 + 1) }, /longer than 4194304 bytes/],
];

for (const [name, reference, reply, message] of wrong) {
	test(`a manifest that ${name} is refused`, async () => {
		await using standIn = await StandIn.open(serve(() => reply));
		await using registry = openStandInRegistry(standIn);
		await assert.rejects(registry.manifest("team/app", reference, signal), { code: "INVALID", message });
	});
}

test("the type of a manifest that comes without one is what it says itself", async () => {
	await using standIn = await StandIn.open(
		serve(() => ({ headers: { "content-type": "application/json" }, body: payload })),
	);
	await using registry = openStandInRegistry(standIn);
	assert.equal((await registry.manifest("team/app", "one", signal))?.mediaType, OCI_MANIFEST);
});

for (const [name, head] of [
	["tells no digest", { headers: {} }],
	["tells something else than a digest", { headers: { "docker-content-digest": "latest" } }],
	["is not to be asked by HEAD", { status: 405 }],
	["answers HEAD with a page", { status: 404, headers: { "content-type": "text/html" } }],
] as const) {
	test(`the digest of a manifest whose registry ${name} is that of its bytes`, async () => {
		await using standIn = await StandIn.open(serve(({ method }) => (method === "HEAD" ? head : good)));
		await using registry = openStandInRegistry(standIn);
		assert.equal(await registry.head("team/app", "one", signal), digest);
		assert.deepEqual(
			standIn.seen.map(({ method }) => method),
			["GET", "HEAD", "GET"],
		);
	});
}

test("a manifest is put with its type, and tried again until it is there", async () => {
	const replies: (StandInReply | undefined)[] = [
		{ status: 503 },
		undefined,
		{ status: 201, headers: { "docker-content-digest": digest } },
	];
	await using standIn = await StandIn.open(
		serve(({ method, path, headers, body }) => {
			assert.equal(`${method} ${path} ${headers["content-type"]}`, `PUT /v2/team/app/manifests/one ${OCI_MANIFEST}`);
			assert.deepEqual(body, payload);
			return replies.shift();
		}),
	);
	await using registry = openStandInRegistry(standIn);
	await registry.putManifest("team/app", "one", manifest, signal);
	assert.equal(replies.length, 0);
});

test("a manifest that is kept as something else, or refused, is a failure that says why", async () => {
	const blobless = { status: 404, body: { errors: [{ code: "MANIFEST_BLOB_UNKNOWN", message: "blob unknown" }] } };
	const replies: StandInReply[] = [{ status: 201, headers: { "docker-content-digest": other } }, blobless];
	await using standIn = await StandIn.open(serve(() => replies.shift()));
	await using registry = openStandInRegistry(standIn);
	await assert.rejects(registry.putManifest("team/app", "one", manifest, signal), {
		code: "INVALID",
		message: /was kept as/,
	});
	await assert.rejects(registry.putManifest("team/app", "one", manifest, signal), {
		code: "INVALID",
		message: /404 MANIFEST_BLOB_UNKNOWN: blob unknown/,
	});
});

test("a manifest larger than registries take is not sent", async () => {
	await using standIn = await StandIn.open(serve(() => assert.fail("it was sent")));
	await using registry = openStandInRegistry(standIn);
	const large = { ...manifest, payload: Buffer.alloc(4 * 1024 * 1024 + 1) };
	await assert.rejects(registry.putManifest("team/app", "one", large, signal), {
		code: "INVALID",
		message: /more than 4 MiB/,
	});
});

test("what is removed is removed, and a tag that cannot be removed alone is a failure that says so", async () => {
	await using standIn = await StandIn.open(
		serve(({ path }) =>
			path.endsWith("one")
				? { status: 405, body: { errors: [{ code: "UNSUPPORTED", message: "unsupported" }] } }
				: { status: 202 },
		),
	);
	await using registry = openStandInRegistry(standIn);
	assert.equal(await registry.remove("team/app", digest, signal), "removed");
	await assert.rejects(registry.remove("team/app", "one", signal), {
		code: "INVALID",
		message: /does not delete tags alone/,
	});
});
