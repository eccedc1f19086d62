import assert from "node:assert/strict";
import { test } from "node:test";
import type { RemoteErrorCode } from "#/client/remote-error.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { collect, impatient, openStandInRegistry } from "../support/remote.ts";
import { StandIn, type StandInReply } from "../support/stand-in.ts";

const { signal } = new AbortController();
const DIGEST = `sha256:${"a".repeat(64)}` as const;
const unknown = (code: string): StandInReply => ({ status: 404, body: { errors: [{ code, message: "gone" }] } });

/** All that can find something absent. */
const questions: readonly (readonly [name: string, ask: (registry: RemoteRegistry) => Promise<unknown>])[] = [
	["tags", (registry) => registry.tags("team/app", signal)],
	["head", (registry) => registry.head("team/app", "one", signal)],
	["manifest", (registry) => registry.manifest("team/app", "one", signal)],
	["blob", (registry) => registry.blob("team/app", DIGEST, 0, signal)],
	["hasBlob", async (registry) => ((await registry.hasBlob("team/app", DIGEST, signal)) ? "there" : undefined)],
	["remove", (registry) => registry.remove("team/app", "one", signal)],
];

const page: StandInReply = { status: 404, headers: { "content-type": "text/html" }, body: "<h1>Not Found</h1>" };

/** What a registry answers to everything but its greeting, and what that is taken for: absence, or a failure. */
const answers: readonly (readonly [
	name: string,
	reply: StandInReply | undefined,
	code: RemoteErrorCode | undefined,
])[] = [
	["NAME_UNKNOWN", unknown("NAME_UNKNOWN"), undefined],
	["MANIFEST_UNKNOWN", unknown("MANIFEST_UNKNOWN"), undefined],
	["BLOB_UNKNOWN", unknown("BLOB_UNKNOWN"), undefined],
	["Harbor's NOT_FOUND", unknown("NOT_FOUND"), undefined],
	["a page for people", page, "INVALID"],
	["401", { status: 401 }, "REFUSED"],
	["403", { status: 403, body: { errors: [{ code: "DENIED", message: "no" }] } }, "REFUSED"],
	["400", { status: 400 }, "INVALID"],
	["429", { status: 429 }, "FAILED"],
	["500", { status: 500 }, "FAILED"],
	["502", { status: 502, body: "bad gateway" }, "FAILED"],
	["a redirect to a login page", { status: 302, headers: { location: "https://login.example.com/" } }, "INVALID"],
	["nothing, and a cut connection", undefined, "UNREACHABLE"],
];

for (const [name, reply, code] of answers) {
	for (const [question, ask] of questions) {
		// Blobs alone are followed, to where 404 is nobody's word.
		test(`${name} is ${code === undefined ? "taken for absence" : code} by ${question}`, async () => {
			await using standIn = await StandIn.open(({ path, origin }) => {
				if (origin !== "https://registry.example.com") return page;
				return path === "/v2/" ? {} : reply;
			});
			await using registry = openStandInRegistry(standIn, {}, { tries: 2 });
			if (code === undefined) assert.equal(await ask(registry), undefined);
			else await assert.rejects(ask(registry), { name: "RemoteError", code });
		});
	}
}

const strangers: readonly (readonly [name: string, reply: StandInReply, code: RemoteErrorCode])[] = [
	["404", { status: 404 }, "INVALID"],
	["404 in the words of a registry", unknown("NAME_UNKNOWN"), "INVALID"],
	["a page", { headers: { "content-type": "text/html; charset=utf-8" }, body: "hello" }, "INVALID"],
	["a redirect", { status: 301, headers: { location: "https://www.example.com/" } }, "INVALID"],
	["403", { status: 403 }, "REFUSED"],
	["503", { status: 503 }, "FAILED"],
];

for (const [name, reply, code] of strangers) {
	test(`who greets with ${name} is no registry, so that nothing is absent there`, async () => {
		await using standIn = await StandIn.open(({ path }) => (path === "/v2/" ? reply : unknown("NAME_UNKNOWN")));
		await using registry = openStandInRegistry(standIn, {}, { tries: 2 });
		for (const [question, ask] of questions) await assert.rejects(ask(registry), { code }, question);
		await assert.rejects(collect(registry.repositories(signal)), { code });
		assert.ok(standIn.seen.every(({ path }) => path === "/v2/"));
	});
}

test("a registry is greeted once", async () => {
	await using standIn = await StandIn.open(({ path }) => (path === "/v2/" ? {} : unknown("NAME_UNKNOWN")));
	await using registry = openStandInRegistry(standIn);
	await Promise.all(questions.map(([, ask]) => ask(registry)));
	assert.equal(standIn.lines.filter((line) => line.endsWith("/v2/")).length, 1);
});

test("who asked first and gave up is no failure of those who wait for the greeting too", async () => {
	const { promise: held, resolve } = Promise.withResolvers<void>();
	await using standIn = await StandIn.open(async ({ path }) => {
		if (path === "/v2/") await held;
		return path === "/v2/" ? {} : { headers: { "docker-content-digest": DIGEST } };
	});
	await using registry = openStandInRegistry(standIn);
	const ended = new AbortController();
	const first = registry.head("team/app", "one", ended.signal);
	const second = registry.head("team/app", "one", signal);
	ended.abort(new Error("enough"));
	await assert.rejects(first, /enough/);
	resolve();
	assert.equal(await second, DIGEST);
});

test("429 and 5xx are tried again, as patiently as they ask for", async () => {
	const waited: number[] = [];
	const replies: StandInReply[] = [
		{ status: 429, headers: { "retry-after": "3" } },
		{ status: 503 },
		{ headers: { "docker-content-digest": DIGEST } },
	];
	await using standIn = await StandIn.open(({ path }) => (path === "/v2/" ? {} : replies.shift()));
	await using registry = openStandInRegistry(
		standIn,
		{},
		{ timing: { ...impatient(waited), random: () => 0 }, firstMs: 10 },
	);
	assert.equal(await registry.head("team/app", "one", signal), DIGEST);
	assert.deepEqual(waited, [3_005, 10]);
});

test("an answer that stands still is given up, and one that only takes long is not", async () => {
	let asked = 0;
	await using standIn = await StandIn.open(async ({ path }) => {
		if (path === "/v2/") return {};
		asked++;
		if (asked === 1) await new Promise(() => undefined);
		return { headers: { "docker-content-digest": DIGEST } };
	});
	await using registry = openStandInRegistry(standIn, {}, { headMs: 300 });
	assert.equal(await registry.head("team/app", "one", signal), DIGEST);
	assert.equal(asked, 2);
});

test("the end of the signal ends a call, whatever it waits for", async () => {
	await using standIn = await StandIn.open(() => new Promise(() => undefined));
	await using registry = openStandInRegistry(standIn);
	const ended = AbortSignal.timeout(50);
	await assert.rejects(registry.head("team/app", "one", ended), { name: "TimeoutError" });
});
