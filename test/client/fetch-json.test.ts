import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { Egress } from "#/client/egress.ts";
import { fetchJson } from "#/client/fetch-json.ts";
import { openAgent } from "#/client/open-agent.ts";
import { parseNetwork } from "#/lib/address-set.ts";

describe("a JSON document at a URL", () => {
	let answer: (request: IncomingMessage, response: ServerResponse) => void;
	const server = createServer((request, response) => answer(request, response));
	const agent = openAgent(new Egress([parseNetwork("127.0.0.0/8") ?? assert.fail()]), {});
	const signal = AbortSignal.timeout(60_000);
	let url: URL;

	before(async () => {
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a?b=c`);
	});
	after(async () => {
		await agent.destroy();
		server.close();
	});

	it("is asked for with whatever it is shown, as a set of keys too", async () => {
		answer = ({ url: path, headers: { accept, authorization } }, response) =>
			response.end(JSON.stringify({ path, accept, authorization }));
		const asked = { path: "/a?b=c", accept: "application/json, application/jwk-set+json", authorization: "Bearer t" };
		assert.deepEqual(await fetchJson(agent, url, "Bearer t", signal), asked);
	});

	it("is refused when it is larger than any, no JSON, elsewhere, or not to be had", async () => {
		for (const [status, headers, body, code] of [
			[200, {}, `"${"x".repeat(600_000)}"`, "INVALID"],
			[200, {}, "{", "INVALID"],
			[302, { location: "/elsewhere" }, "{}", "INVALID"],
			[403, {}, "{}", "REFUSED"],
			[500, {}, "{}", "FAILED"],
		] as const) {
			answer = (_, response) => void response.writeHead(status, headers).end(body);
			await assert.rejects(fetchJson(agent, url, undefined, signal), { name: "RemoteError", code });
		}
	});

	it("is asked for nowhere that the registry may not connect to", async () => {
		answer = (_, response) => response.end("{}");
		await using strict = { agent: openAgent(new Egress([]), {}), [Symbol.asyncDispose]: () => strict.agent.destroy() };
		await assert.rejects(fetchJson(strict.agent, url, undefined, signal), { code: "FORBIDDEN" });
	});
});
