import assert from "node:assert/strict";
import { test } from "node:test";
import { openStandInRegistry } from "../support/remote.ts";
import { StandIn, type StandInReply } from "../support/stand-in.ts";
import { basic } from "../support/token-host.ts";

const { signal } = new AbortController();
const credentials = { username: "robot$ci", password: "s" };

test("a tag of Harbor is taken away by its own interface, and what is not there by none", async () => {
	const replies: StandInReply[] = [
		{ status: 503 },
		{ status: 200 },
		{ status: 404, body: { errors: [{ code: "NOT_FOUND", message: "tag not found" }] } },
		{ status: 404, body: "<html>" },
		{ status: 412, body: { errors: [{ code: "PRECONDITION", message: "immutable" }] } },
	];
	await using standIn = await StandIn.open(({ headers }) => {
		assert.equal(headers.authorization, basic("robot$ci", "s"));
		return replies.shift();
	});
	await using registry = openStandInRegistry(standIn, {
		type: "Harbor",
		url: "https://harbor.example.com",
		credentials,
	});
	assert.equal(await registry.remove("team/deep/app", "v1", signal), "removed");
	assert.equal(await registry.remove("team/app", "v1", signal), undefined);
	await assert.rejects(registry.remove("team/app", "v1", signal), { code: "INVALID" });
	await assert.rejects(registry.remove("team/app", "v1", signal), {
		code: "INVALID",
		message: /412 PRECONDITION: immutable/,
	});
	assert.equal(
		standIn.lines[0],
		"DELETE https://harbor.example.com/api/v2.0/projects/team/repositories/deep%252Fapp/artifacts/v1/tags/v1",
	);
	assert.equal(
		standIn.lines[2],
		"DELETE https://harbor.example.com/api/v2.0/projects/team/repositories/app/artifacts/v1/tags/v1",
	);
});
