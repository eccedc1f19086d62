import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { type Client, type ClientOf, createClientOf } from "#/http/client-of.ts";
import { originOf } from "#/http/origin-of.ts";
import { parseNetwork } from "#/lib/address-set.ts";

type Headers = { readonly [name: string]: string | readonly string[] };

const trusting = (...texts: readonly string[]): ClientOf =>
	createClientOf(texts.flatMap((text) => parseNetwork(text) ?? []));

const CLIENT = "198.51.100.7";
const PROXIES = ["127.0.0.1", "10.0.0.0/8", "2001:db8:f::/48"];

describe("where a request comes from", () => {
	let clientOf: ClientOf;
	let externalUrl: string | undefined;
	const server = createServer((request, response) => {
		const origin = originOf({ externalUrl, listen: "0.0.0.0:1", clientOf }, request);
		response.setHeader("X-Origin", origin).end(JSON.stringify(clientOf(request)));
	});
	before(async () => {
		// Both versions, so that connections by IPv4 have mapped addresses, where the machine has IPv6.
		server.listen(0).on("error", () => server.listen(0, "127.0.0.1"));
		await once(server, "listening");
	});
	after(() => {
		server.closeAllConnections();
		server.close();
	});

	const open = (headers: Headers): Promise<IncomingMessage> => {
		const { port } = server.address() as AddressInfo;
		const request = send({ host: "127.0.0.1", port, agent: false });
		for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
		request.end();
		return new Promise((resolve, reject) => request.on("response", resolve).on("error", reject));
	};
	const ask = async (headers: Headers): Promise<Client> => {
		const response = await open(headers);
		let text = "";
		for await (const chunk of response) text += chunk;
		return JSON.parse(text);
	};

	it("is the connection's other end, whatever is said, where no proxy is trusted", async () => {
		const said = { "x-forwarded-for": CLIENT, "x-forwarded-proto": "https" };
		for (const rule of [trusting(), trusting("10.0.0.0/8")]) {
			clientOf = rule;
			assert.deepEqual(await ask(said), { address: "127.0.0.1", scheme: "http" });
		}
	});

	it("tells of peers that forward requests and are not trusted", async () => {
		const ignored: (string | undefined)[] = [];
		clientOf = createClientOf([], (peer) => ignored.push(peer));
		await ask({});
		assert.equal(ignored.length, 0);
		await ask({ "x-forwarded-for": CLIENT });
		// Once for the address, once for the origin.
		assert.equal(ignored.join(), "127.0.0.1,127.0.0.1");
		const trusted = [parseNetwork("127.0.0.1") ?? assert.fail("no network")];
		clientOf = createClientOf(trusted, (peer) => ignored.push(peer));
		await ask({ "x-forwarded-for": CLIENT });
		assert.equal(ignored.length, 2);
	});

	it("makes the origin under which the client sees us", async () => {
		const originFor = async (headers: Headers) => (await open(headers)).resume().headers["x-origin"];
		const behindTls = { host: "registry.test", "x-forwarded-proto": "https" };
		clientOf = trusting();
		assert.equal(await originFor(behindTls), "http://registry.test");
		clientOf = trusting(...PROXIES);
		assert.equal(await originFor(behindTls), "https://registry.test");
		externalUrl = "https://elsewhere.test/";
		assert.equal(await originFor({}), "https://elsewhere.test");
	});

	const cases: readonly (readonly [what: string, headers: Headers, address: string, scheme?: string])[] = [
		["a trusted proxy that says nothing", {}, "127.0.0.1"],
		["a client behind a proxy", { "x-forwarded-for": CLIENT, "x-forwarded-proto": "https" }, CLIENT, "https"],
		["a client that speaks plainly", { "x-forwarded-for": CLIENT, "x-forwarded-proto": "http" }, CLIENT],
		["a client that makes up one before it", { "x-forwarded-for": `192.0.2.1, 10.1.1.1, ${CLIENT}` }, CLIENT],
		["a client behind two proxies", { "x-forwarded-for": `192.0.2.1, ${CLIENT}, 10.0.0.2` }, CLIENT],
		["a client behind proxies that send fields of their own", { "x-forwarded-for": [CLIENT, "10.0.0.2"] }, CLIENT],
		["a trusted address behind a proxy", { "x-forwarded-for": "10.0.0.9, 10.0.0.2" }, "10.0.0.9"],
		["a mapped address", { "x-forwarded-for": `::ffff:${CLIENT}, ::ffff:10.0.0.2` }, CLIENT],
		["an address with a port", { "x-forwarded-for": `${CLIENT}:4711` }, CLIENT],
		["an IPv6 address", { "x-forwarded-for": "2001:DB8::1, 2001:db8:f::2" }, "2001:db8::1"],
		["an IPv6 address with a port", { "x-forwarded-for": "[2001:db8::1]:4711" }, "2001:db8::1"],
		["what is no address", { "x-forwarded-for": `${CLIENT}, unknown` }, "127.0.0.1"],
		["what is no address behind a proxy", { "x-forwarded-for": `${CLIENT}, _x, 10.0.0.2` }, "10.0.0.2"],
		["empty elements", { "x-forwarded-for": `, ${CLIENT} ,, ` }, CLIENT],
		["a scheme of neither kind", { "x-forwarded-for": CLIENT, "x-forwarded-proto": "gopher" }, CLIENT],
		["a scheme without an address", { "x-forwarded-proto": "HTTPS" }, "127.0.0.1", "https"],
		[
			"a scheme of each proxy, by the one that the client speaks to",
			{ "x-forwarded-for": `192.0.2.1, ${CLIENT}, 10.0.0.2`, "x-forwarded-proto": "http, https, http" },
			CLIENT,
			"https",
		],
		[
			"one scheme for two proxies",
			{ "x-forwarded-for": `${CLIENT}, 10.0.0.2`, "x-forwarded-proto": "https" },
			CLIENT,
			"https",
		],
	];
	for (const [what, headers, address, scheme = "http"] of cases) {
		it(`is told of ${what}`, async () => {
			clientOf = trusting(...PROXIES);
			assert.deepEqual(await ask(headers), { address, scheme });
		});
	}
});
