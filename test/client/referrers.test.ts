import assert from "node:assert/strict";
import { test } from "node:test";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";
import { openStandInRegistry } from "../support/remote.ts";
import { type SeenRequest, StandIn, type StandInReply } from "../support/stand-in.ts";

const { signal } = new AbortController();
const subject = digestOf(Buffer.from("subject"));
const tag = subject.replace(":", "-");
const descriptor = (name: string) => ({ mediaType: OCI_MANIFEST, digest: digestOf(Buffer.from(name)), size: 7 });
const index = (...names: readonly string[]) => ({
	schemaVersion: 2,
	mediaType: OCI_INDEX,
	manifests: names.map(descriptor),
});
const typed = { "content-type": OCI_INDEX };

/** What is found as referrers, and what was asked for it. */
const find = async (plan: (request: SeenRequest) => StandInReply) => {
	await using standIn = await StandIn.open((request) => (request.path === "/v2/" ? {} : plan(request)));
	await using registry = openStandInRegistry(standIn);
	const found = await registry.referrers("team/app", subject, signal);
	return { found, paths: standIn.seen.slice(1).map(({ path }) => path.replace("/v2/team/app/", "")) };
};

test("referrers come by their interface, page by page", async () => {
	const { found, paths } = await find(({ query, headers }) => {
		assert.equal(headers.accept, OCI_INDEX);
		if (query.get("last") === "b") return { headers: typed, body: JSON.stringify(index("c")) };
		const link = `</v2/team/app/referrers/${subject}?last=b>; rel="next"`;
		return { headers: { ...typed, link }, body: JSON.stringify(index("a", "b")) };
	});
	assert.deepEqual(found, [descriptor("a"), descriptor("b"), descriptor("c")]);
	assert.equal(paths.length, 2);
});

for (const [name, reply] of [
	["404 and a page", { status: 404, headers: { "content-type": "text/plain" }, body: "404 page not found" }],
	["404 in the words of a registry", { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } }],
	["405", { status: 405, body: { errors: [{ code: "UNSUPPORTED" }] } }],
	["a page for people", { status: 200, headers: { "content-type": "text/html" }, body: "<html>" }],
] as const) {
	test(`where the interface answers ${name}, referrers are found under the subject's tag`, async () => {
		const { found, paths } = await find(({ path }) =>
			path.includes("/referrers/") ? reply : { headers: typed, body: JSON.stringify(index("a")) },
		);
		assert.deepEqual(found, [descriptor("a")]);
		assert.deepEqual(paths, [`referrers/${subject}`, `manifests/${tag}`]);
	});
}

test("where there is neither, there are no referrers", async () => {
	const { found } = await find(({ path }) =>
		path.includes("/referrers/") ? { status: 404 } : { status: 404, body: { errors: [{ code: "MANIFEST_UNKNOWN" }] } },
	);
	assert.deepEqual(found, []);
});

for (const [name, reply] of [
	["refuses", { status: 403 }],
	["fails", { status: 500 }],
	["says nonsense", { headers: typed, body: '{"manifests":[{"digest":"x"}]}' }],
] as const) {
	test(`an interface that ${name} is a failure, and no empty list`, async () => {
		await assert.rejects(
			find(({ path }) =>
				path.includes("/referrers/") ? reply : { status: 404, body: { errors: [{ code: "NAME_UNKNOWN" }] } },
			),
			{ name: "RemoteError" },
		);
	});
}

/** A signature of the subject. */
const signatureOf = (name: string) => {
	const body = {
		schemaVersion: 2,
		mediaType: OCI_MANIFEST,
		artifactType: "application/vnd.example.signature",
		config: { mediaType: "application/vnd.oci.empty.v1+json", digest: digestOf(Buffer.from("{}")), size: 2 },
		layers: [],
		subject: { mediaType: OCI_MANIFEST, digest: subject, size: 7 },
		annotations: { name },
	};
	const payload = Buffer.from(JSON.stringify(body));
	return { digest: digestOf(payload), mediaType: OCI_MANIFEST, payload };
};

test("a referrer is listed under its subject's tag where the registry does not do it, two at once as well", async () => {
	const kept = new Map<string, Buffer>();
	await using standIn = await StandIn.open(({ method, path, body }) => {
		if (path === "/v2/") return {};
		if (method === "PUT") kept.set(path, body);
		if (method === "PUT") return { status: 201 };
		const found = kept.get(path);
		return found === undefined
			? { status: 404, body: { errors: [{ code: "MANIFEST_UNKNOWN" }] } }
			: { headers: typed, body: found };
	});
	await using registry = openStandInRegistry(standIn);
	const signatures = ["one", "two", "three"].map(signatureOf);
	await Promise.all(
		signatures.map((signature) => registry.putManifest("team/app", signature.digest, signature, signal)),
	);
	const once = kept.get(`/v2/team/app/manifests/${tag}`);
	await Promise.all(
		signatures.map((signature) => registry.putManifest("team/app", signature.digest, signature, signal)),
	);
	assert.deepEqual(kept.get(`/v2/team/app/manifests/${tag}`), once);
	const listed: { manifests: { digest: Digest }[] } = JSON.parse(String(once));
	assert.deepEqual(
		listed.manifests.map(({ digest }) => digest).toSorted(),
		signatures.map(({ digest }) => digest).toSorted(),
	);
	const [first] = signatures;
	assert.deepEqual(
		listed.manifests.find(({ digest }) => digest === first?.digest),
		{
			mediaType: OCI_MANIFEST,
			digest: first?.digest,
			size: first?.payload.byteLength,
			artifactType: "application/vnd.example.signature",
			annotations: { name: "one" },
		},
	);
});

test("a referrer is left to a registry that lists it itself", async () => {
	await using standIn = await StandIn.open(({ path, method }) => {
		if (path === "/v2/") return {};
		assert.equal(method, "PUT");
		return { status: 201, headers: { "oci-subject": subject } };
	});
	await using registry = openStandInRegistry(standIn);
	const signature = signatureOf("one");
	await registry.putManifest("team/app", signature.digest, signature, signal);
	assert.equal(standIn.seen.length, 2);
});
