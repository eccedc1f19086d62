import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createPlainServer } from "node:http";
import { createServer } from "node:https";
import { test } from "node:test";
import { openRemoteRegistry } from "#/client/open-remote-registry.ts";
import { createAuthority } from "../support/certificates.ts";
import { loopback } from "../support/remote.ts";

const { signal } = new AbortController();
const DIGEST = `sha256:${"a".repeat(64)}`;

/** A registry behind TLS, with a certificate for loopback or for another name. */
const openServer = async (authority: ReturnType<typeof createAuthority>, dnsName?: string) => {
	const server = createServer(authority.issue(dnsName), (_request, response) => {
		response.setHeader("docker-content-digest", DIGEST).end();
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	assert.ok(typeof address === "object" && address !== null);
	return {
		url: `https://127.0.0.1:${address.port}`,
		[Symbol.asyncDispose]: async () => {
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		},
	};
};

const ask = async (url: string, ca: string | undefined): Promise<unknown> => {
	const spec = { type: "Generic", url, ...(ca === undefined ? {} : { ca }) } as const;
	await using registry = openRemoteRegistry({ egress: loopback }, spec, { tries: 1 });
	return await registry.head("team/app", "one", signal);
};

test("a registry is trusted by its own authority, and by none that nobody named", async () => {
	const authority = createAuthority();
	await using server = await openServer(authority);
	assert.equal(await ask(server.url, authority.ca), DIGEST);
	await assert.rejects(ask(server.url, undefined), { code: "UNREACHABLE", message: /certificate/ });
	await assert.rejects(ask(server.url, createAuthority().ca), { code: "UNREACHABLE" });
});

test("a certificate for another name is not trusted", async () => {
	const authority = createAuthority();
	await using server = await openServer(authority, "registry.example.com");
	await assert.rejects(ask(server.url, authority.ca), { code: "UNREACHABLE", message: /altnames|does not match/ });
});

test("a server without TLS is told in words, and not in those of OpenSSL", async () => {
	const server = createPlainServer((_, response) => void response.end()).listen(0, "127.0.0.1");
	await once(server, "listening");
	try {
		const address = server.address();
		assert.ok(typeof address === "object" && address !== null);
		await assert.rejects(ask(`https://127.0.0.1:${address.port}`, undefined), /no answer \(it does not speak TLS\)/);
	} finally {
		server.closeAllConnections();
		server.close();
	}
});
