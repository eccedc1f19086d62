import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isNotModified, parseTagCondition } from "#/http/v2/conditions.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("conditional requests", () => {
	it("has no condition without the headers", () => assert.equal(parseTagCondition({}), undefined));

	it("reads lists, weak tags and the star", () => {
		assert.deepEqual(parseTagCondition({ "if-match": `"${DIGEST}", W/"other"`, "if-none-match": "*" }), {
			ifMatch: [DIGEST, "other"],
			ifNoneMatch: "*",
		});
	});

	it("finds content unmodified by its entity tag or by the star", () => {
		assert.equal(isNotModified({ "if-none-match": `"${DIGEST}"` }, DIGEST), true);
		assert.equal(isNotModified({ "if-none-match": `W/"${DIGEST}"` }, DIGEST), true);
		assert.equal(isNotModified({ "if-none-match": "*" }, DIGEST), true);
		assert.equal(isNotModified({ "if-none-match": '"other"' }, DIGEST), false);
		assert.equal(isNotModified({}, DIGEST), false);
	});
});
