import assert from "node:assert/strict";
import { test } from "node:test";
import { shownSecrets, withoutSecrets } from "#/client/shown-secrets.ts";

const url = new URL("https://registry.example.com/v2/");
const told = (text: string, request: Omit<Parameters<typeof shownSecrets>[0], "method" | "url">): string =>
	withoutSecrets(text, shownSecrets({ method: "POST", url, ...request }));

const basic = Buffer.from("hans:pa:ss").toString("base64");

test("what another registry repeats of the credentials that it was shown is not told", () => {
	const shown = { headers: { authorization: `Basic ${basic}` } };
	assert.equal(told(`DENIED: you sent Basic ${basic}, hans:pa:ss`, shown), "DENIED: you sent Basic ***, hans:***");
	assert.equal(told("no e.token.s here", { headers: { authorization: "Bearer e.token.s" } }), "no *** here");
	assert.equal(told("glpat-1 is expired", { headers: { "private-token": "glpat-1" } }), "*** is expired");
});

test("nor what stood in the body, as a form or in JSON; words of it may be told", () => {
	const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: "a-long+refresh/token" }).toString();
	assert.equal(told("refresh_token a-long+refresh/token is bad", { body: form }), "refresh_token *** is bad");
	const json = JSON.stringify({ identifier: "hans", secret: "a-personal-access-token", n: 1 });
	assert.equal(told("hans: a-personal-access-token", { body: json }), "hans: ***");
});

test("a stranger's words do nothing to terminals, and nothing is hidden where nothing was shown", () => {
	assert.equal(told("\u001b[31mred\nline", {}), " [31mred line");
	assert.equal(told("plain", { headers: { authorization: "Basic Og==" } }), "plain");
});
