import assert from "node:assert/strict";
import { randomBytes, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { connect, createServer } from "node:tls";
import { certify } from "#/lib/certificates/certify.ts";

const [FROM, UNTIL] = [Date.now() - 3_600_000, Date.now() + 86_400_000];
const common = { from: FROM, until: UNTIL, randomBytes };
const authority = certify({ name: "an authority", ...common });
const issuer = { name: "an authority", key: authority.key };

test("an authority vouches for a server by its names and addresses", () => {
	const hosts = ["registry.team-a.svc", "127.0.0.1", "::1", "2001:db8::5"];
	const { cert } = certify({ name: "a server", hosts, ...common }, issuer);
	const [server, ca] = [new X509Certificate(cert), new X509Certificate(authority.cert)];
	assert.equal(server.verify(ca.publicKey), true);
	assert.equal(server.checkIssued(ca), true);
	assert.deepEqual([ca.ca, server.ca], [true, false]);
	assert.equal(server.checkHost("registry.team-a.svc"), "registry.team-a.svc");
	assert.equal(server.checkHost("elsewhere.team-a.svc"), undefined);
	for (const address of hosts.slice(1)) assert.equal(server.checkIP(address), address);
});

test("a certificate is good from and until the times that it was asked for, whatever the century", () => {
	const [from, until] = [Date.UTC(2049, 11, 31, 23, 59, 59), Date.UTC(2050, 0, 1)];
	const certificate = new X509Certificate(certify({ name: "late", from, until, randomBytes }).cert);
	assert.deepEqual([certificate.validFromDate.getTime(), certificate.validToDate.getTime()], [from, until]);
});

test("serial numbers are positive and fit into twenty octets, whatever chance says", () => {
	for (const byte of [0, 0x7f, 0x80, 0xff]) {
		const { cert } = certify({ name: "x", ...common, randomBytes: (count) => Buffer.alloc(count, byte) });
		assert.match(new X509Certificate(cert).serialNumber, /^01[0-9A-F]{30}$/);
	}
});

test("a client that trusts the authority speaks to the server under its name alone", async () => {
	const { cert, key } = certify({ name: "a server", hosts: ["registry.example"], ...common }, issuer);
	await using server = createServer({ cert, key }, (socket) => socket.end()).listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	assert.ok(typeof address === "object" && address !== null);
	const dial = (servername: string, ca: string) => {
		const socket = connect({ port: address.port, host: "127.0.0.1", servername, ca });
		return once(socket, "secureConnect").finally(() => socket.destroy());
	};
	await dial("registry.example", authority.cert);
	await assert.rejects(dial("elsewhere.example", authority.cert), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
	const stranger = certify({ name: "an authority", ...common });
	await assert.rejects(dial("registry.example", stranger.cert));
});
