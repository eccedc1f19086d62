import assert from "node:assert/strict";
import { test } from "node:test";
import { openRemoteRegistry } from "#/client/open-remote-registry.ts";
import type { ObservedRequest } from "#/client/wire.ts";
import { impatient, loopback, openStandInRegistry } from "../support/remote.ts";
import { StandIn } from "../support/stand-in.ts";

const { signal } = new AbortController();
const DIGEST = `sha256:${"a".repeat(64)}`;

test("nothing is sent before the first call", async () => {
	await using standIn = await StandIn.open(() => ({}));
	await using _registry = openStandInRegistry(standIn, { credentials: { username: "me", password: "p" } });
	await new Promise(setImmediate);
	assert.deepEqual(standIn.seen, []);
});

test("closing a registry ends what is under way, and nothing is sent after it", async () => {
	await using standIn = await StandIn.open(({ path }) => (path === "/v2/" ? {} : new Promise(() => undefined)));
	const registry = openStandInRegistry(standIn);
	const ended = { code: "UNREACHABLE", message: "registry.example.com: closed" };
	const call = assert.rejects(registry.head("team/app", "one", signal), ended);
	while (standIn.seen.length < 2) await new Promise(setImmediate);
	await registry[Symbol.asyncDispose]();
	await call;
	await assert.rejects(registry.head("team/app", "one", signal), ended);
	assert.equal(standIn.seen.length, 2);
});

test("every request is told of, those without an answer too", async () => {
	const told: ObservedRequest[] = [];
	let asked = 0;
	await using standIn = await StandIn.open(({ path }) => {
		if (path === "/v2/") return {};
		asked++;
		return asked === 1 ? undefined : { headers: { "docker-content-digest": DIGEST } };
	});
	const observe = (request: ObservedRequest): void => void told.push(request);
	await using registry = openRemoteRegistry(
		{ egress: loopback, timing: impatient(), observe },
		{ type: "Generic", url: standIn.url },
	);
	assert.equal(await registry.head("team/app", "one", signal), DIGEST);
	const { host } = new URL(standIn.url);
	assert.deepEqual(
		told.map(({ method, code, host: at }) => [method, code, at]),
		[
			["GET", "200", host],
			["HEAD", "<error>", host],
			["HEAD", "200", host],
		],
	);
	assert.ok(told.every(({ seconds }) => seconds >= 0 && seconds < 60));
});

test("no more connections are made at once than are allowed", async () => {
	let now = 0;
	let most = 0;
	await using standIn = await StandIn.open(async ({ path }) => {
		now++;
		most = Math.max(most, now);
		await new Promise((resolve) => setTimeout(resolve, 5));
		now--;
		return path === "/v2/" ? {} : { headers: { "docker-content-digest": DIGEST } };
	});
	await using registry = openStandInRegistry(standIn, {}, { connections: 3 });
	await Promise.all(Array.from({ length: 30 }, (_, i) => registry.head("team/app", `t${i}`, signal)));
	assert.equal(most, 3);
});

for (const [name, spec, message] of [
	[
		"an address with a password in it",
		{ url: "https://me:p@registry.example.com" },
		/credentials do not go into the URL/,
	],
	[
		"ECR at another host",
		{ type: "ECR", credentials: { username: "AKID", password: "k" } },
		/registry\.example\.com is no host of ECR/,
	],
] as const) {
	test(`${name} is refused at once`, async () => {
		await using standIn = await StandIn.open(() => ({}));
		assert.throws(() => openStandInRegistry(standIn, spec), { code: "INVALID", message });
	});
}
