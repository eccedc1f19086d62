import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsV4Signer } from "aws4fetch";
import { signV4 } from "#/client/auth/sign-v4.ts";

test("a request is signed as another implementation signs it", async () => {
	const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
	const url = new URL("https://api.ecr.eu-west-1.amazonaws.com/");
	const headers = {
		"content-type": "application/x-amz-json-1.1",
		"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
	};
	const now = Date.UTC(2026, 10, 22, 7, 8, 9);
	const own = signV4({ url, region: "eu-west-1", service: "ecr", headers, body: "{}", now }, keys);
	const other = await new AwsV4Signer({
		...keys,
		method: "POST",
		url: url.href,
		headers,
		body: "{}",
		service: "ecr",
		region: "eu-west-1",
		datetime: "20261122T070809Z",
		allHeaders: true,
	}).sign();
	assert.equal(own["x-amz-date"], "20261122T070809Z");
	assert.equal(own.authorization, other.headers.get("authorization"));
});
