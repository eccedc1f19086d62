import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsClient } from "aws4fetch";
import { signUrl } from "#/storage/s3/sign-url.ts";

const keys = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

test("a signed URL is the one that Amazon's documentation signs as its example", () => {
	const signed = signUrl(new URL("https://examplebucket.s3.amazonaws.com/test.txt"), keys, {
		method: "GET",
		region: "us-east-1",
		query: {},
		from: Date.UTC(2013, 4, 24),
		life: 86_400,
	});
	assert.equal(
		new URL(signed).searchParams.get("X-Amz-Signature"),
		"aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
	);
});

test("a signed URL is what another signer makes of the same request", async () => {
	const from = Date.UTC(2026, 10, 22, 13, 59, 7);
	for (const method of ["GET", "HEAD"] as const) {
		for (const sessionToken of [undefined, "FwoGZXIvYXdzE/+=="]) {
			for (const path of ["/bucket/a/b.c_d-e", "/bucket/a%20b%2Bc/(d)'!*", "/~x"]) {
				const url = `http://127.0.0.1:9000${path}`;
				const type = "application/vnd.oci.image.layer.v1.tar+gzip; a='b' (c)*!";
				const client = new AwsClient({ ...keys, ...(sessionToken && { sessionToken }), service: "s3", region: "eu-1" });
				const theirs = new URL(`${url}?X-Amz-Expires=1200`);
				theirs.searchParams.set("response-content-type", type);
				const expected = await client.sign(theirs.href, {
					method,
					aws: { signQuery: true, datetime: "20261122T135907Z" },
				});
				const signed = signUrl(
					new URL(url),
					{ ...keys, sessionToken },
					{ method, region: "eu-1", query: { "response-content-type": type }, from, life: 1200 },
				);
				assert.equal(
					new URL(signed).searchParams.get("X-Amz-Signature"),
					new URL(expected.url).searchParams.get("X-Amz-Signature"),
					`${method} ${url}`,
				);
			}
		}
	}
});
