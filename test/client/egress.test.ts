import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { Egress } from "#/client/egress.ts";
import { openRemoteRegistry } from "#/client/open-remote-registry.ts";
import { parseNetwork } from "#/lib/address-set.ts";
import { freePort } from "../support/free-ports.ts";
import { loopback } from "../support/remote.ts";
import { StandIn } from "../support/stand-in.ts";

const signal = new AbortController().signal;
const egress = (...allow: readonly string[]): Egress => new Egress(allow.flatMap((text) => parseNetwork(text) ?? []));

const judged: readonly (readonly [address: string, kind: RegExp | undefined])[] = [
	["127.0.0.1", /loopback/],
	["127.8.9.1", /loopback/],
	["::1", /loopback/],
	["::ffff:127.0.0.1", /loopback/],
	["::ffff:7f00:1", /loopback/],
	["64:ff9b::7f00:1", /loopback/],
	["64:ff9b::127.0.0.1", /loopback/],
	["2002:7f00:1::", /loopback/],
	["::127.0.0.1", /loopback/],
	["0.0.0.0", /unspecified/],
	["0.1.2.3", /unspecified/],
	["::", /unspecified/],
	["169.254.169.254", /metadata/],
	["::ffff:169.254.169.254", /metadata/],
	["2002:a9fe:a9fe::1", /metadata/],
	["fd00:ec2::254", /metadata/],
	["100.100.100.200", /metadata/],
	["168.63.129.16", /metadata/],
	["169.254.7.7", /link-local/],
	["fe80::1", /link-local/],
	["fe80::1%eth0", /link-local/],
	["224.0.0.1", /multicast/],
	["ff02::1", /multicast/],
	["255.255.255.255", /reserved/],
	["240.0.0.1", /reserved/],
	["no address", /no address/],
	["10.1.2.3", undefined],
	["172.16.0.1", undefined],
	["192.168.1.1", undefined],
	["100.64.0.1", undefined],
	["8.8.8.8", undefined],
	["fd12::1", undefined],
	["2001:db8::1", undefined],
	["2002:808:808::1", undefined],
];

for (const [address, kind] of judged) {
	test(`${address} is ${kind === undefined ? "allowed" : `refused as ${kind.source}`}`, () => {
		const why = egress().whyRefused(address);
		if (kind === undefined) assert.equal(why, undefined);
		else assert.match(why ?? "", kind);
	});
}

test("a network that is allowed opens itself and nothing beside it", () => {
	const some = egress("127.0.0.0/30", "fe80::/64");
	assert.equal(some.whyRefused("127.0.0.3"), undefined);
	assert.equal(some.whyRefused("::ffff:127.0.0.1"), undefined);
	assert.equal(some.whyRefused("64:ff9b::7f00:1"), undefined);
	assert.match(some.whyRefused("127.0.0.4") ?? "", /loopback/);
	assert.match(some.whyRefused("fe80:0:0:1::1") ?? "", /link-local/);
});

/** Asks a registry once. */
const ask = async (rules: Egress, url: string): Promise<unknown> => {
	await using registry = openRemoteRegistry({ egress: rules }, { type: "Generic", url }, { tries: 1 });
	return await registry.head("team/app", "one", signal);
};

test("a literal address that is not allowed is never connected to, and the failure says what to allow", async () => {
	let connected = 0;
	const server = createServer((socket) => {
		connected++;
		socket.destroy();
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	try {
		const address = server.address();
		assert.ok(typeof address === "object" && address !== null);
		for (const host of ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]", "localhost"]) {
			await assert.rejects(ask(egress(), `http://${host}:${address.port}`), {
				code: "FORBIDDEN",
				message:
					/loopback address: this registry connects there only if egress\.allow has it, such as (127\.0\.0\.1|::1)/,
			});
		}
		assert.equal(connected, 0);
	} finally {
		server.close();
	}
});

test("of the addresses of a name only those that are allowed are connected to", async () => {
	await using standIn = await StandIn.open(({ path }) =>
		path === "/v2/" ? {} : { headers: { "docker-content-digest": `sha256:${"a".repeat(64)}` } },
	);
	const { port } = new URL(standIn.url);
	const rules = new Egress([parseNetwork("127.0.0.1") ?? []].flat(), async () => [
		{ address: "169.254.169.254", family: 4 },
		{ address: "127.0.0.2", family: 4 },
		{ address: "127.0.0.1", family: 4 },
	]);
	assert.equal(await ask(rules, `http://registry.example.com:${port}`), `sha256:${"a".repeat(64)}`);
});

test("a name is judged anew for each connection", async () => {
	await using standIn = await StandIn.open(({ path }) =>
		path === "/v2/" ? { headers: { connection: "close" } } : { status: 500 },
	);
	const { port } = new URL(standIn.url);
	let asked = 0;
	const rules = new Egress([parseNetwork("127.0.0.1") ?? []].flat(), async () => {
		asked++;
		return [{ address: asked === 1 ? "127.0.0.1" : "169.254.169.254", family: 4 }];
	});
	await assert.rejects(ask(rules, `http://registry.example.com:${port}`), {
		code: "FORBIDDEN",
		message: /registry\.example\.com is 169\.254\.169\.254, an address of a cloud's metadata service/,
	});
	assert.deepEqual(standIn.lines.length, 1);
});

test("a redirect of a blob to where the registry may not connect is not followed", async () => {
	await using inner = await StandIn.open(() => ({ body: "secret" }));
	await using standIn = await StandIn.open(({ path }) => {
		if (path === "/v2/") return {};
		return { status: 307, headers: { location: inner.url.replace("127.0.0.1", "127.0.0.5") } };
	});
	await using registry = openRemoteRegistry(
		{ egress: egress("127.0.0.1") },
		{ type: "Generic", url: standIn.url },
		{ tries: 1 },
	);
	await assert.rejects(registry.blob("team/app", `sha256:${"a".repeat(64)}`, 0, signal), {
		code: "FORBIDDEN",
		message: /127\.0\.0\.5 is a loopback address/,
	});
	assert.deepEqual(inner.seen, []);
});

test("nobody who answers is unreachable, not forbidden", async () => {
	const port = await freePort();
	await assert.rejects(ask(loopback, `http://127.0.0.1:${port}`), {
		code: "UNREACHABLE",
		message: /GET http:\/\/127\.0\.0\.1:\d+\/v2\/: no answer \(.*ECONNREFUSED/,
	});
});
