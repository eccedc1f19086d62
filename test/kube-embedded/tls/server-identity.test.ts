import assert from "node:assert/strict";
import { randomBytes, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { openServerIdentity } from "#/kube-embedded/tls/server-identity.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const DAY = 24 * 3600_000;

test("the server makes a new certificate before the old one ends, under the same authority", (t) => {
	const directory = temporaryDirectory(t);
	let time = Date.now();
	const open = (hosts: readonly string[] = ["127.0.0.1", "::1", "localhost"]) =>
		openServerIdentity(hosts, { directory, now: () => time, randomBytes: (count) => randomBytes(count) });
	const first = open();
	const certificate = new X509Certificate(first.cert);
	assert.ok(certificate.checkIP("127.0.0.1") !== undefined && certificate.checkHost("localhost") !== undefined);
	assert.ok(certificate.checkIP("::1") !== undefined);
	assert.ok(certificate.verify(new X509Certificate(first.ca).publicKey));
	assert.equal(open().cert, first.cert);
	assert.notEqual(open(["127.0.0.1", "registry.test"]).cert, first.cert);
	const other = open();
	time += 340 * DAY;
	const renewed = open();
	assert.notEqual(renewed.cert, other.cert);
	assert.equal(renewed.ca, first.ca);
	assert.ok(new X509Certificate(renewed.cert).validToDate.getTime() > time + 300 * DAY);
});
