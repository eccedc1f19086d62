import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertMatch, isNotModified, parseTagCondition } from "#/http/v2/conditions.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

describe("conditional requests", () => {
	it("has no condition without the headers", () => assert.equal(parseTagCondition({}), undefined));

	it("reads lists and the star", () => {
		assert.deepEqual(parseTagCondition({ "if-match": `"${DIGEST}", "other"`, "if-none-match": "*" }), {
			ifMatch: [DIGEST, "other"],
			ifNoneMatch: "*",
		});
		assert.deepEqual(parseTagCondition({ "if-match": " * ", "if-none-match": `W/"${DIGEST}","other"` }), {
			ifMatch: "*",
			ifNoneMatch: [DIGEST, "other"],
		});
	});

	it("takes no weak entity tag for a match, alone or among others", () => {
		assert.deepEqual(parseTagCondition({ "if-match": `W/"${DIGEST}"` }), { ifMatch: [] });
		assert.deepEqual(parseTagCondition({ "if-match": `W/"${DIGEST}", "other"` }), { ifMatch: ["other"] });
		assert.throws(() => assertMatch({ "if-match": `W/"${DIGEST}"` }, DIGEST), { code: "PRECONDITION_FAILED" });
		assert.throws(() => assertMatch({ "if-match": `"other", W/"${DIGEST}"` }, DIGEST), { code: "PRECONDITION_FAILED" });
		assert.doesNotThrow(() => assertMatch({ "if-match": `W/"other", "${DIGEST}"` }, DIGEST));
		assert.doesNotThrow(() => assertMatch({ "if-match": "*" }, DIGEST));
	});

	it("finds content unmodified by its entity tag or by the star", () => {
		assert.equal(isNotModified({ "if-none-match": `"${DIGEST}"` }, DIGEST), true);
		assert.equal(isNotModified({ "if-none-match": `W/"${DIGEST}"` }, DIGEST), true);
		assert.equal(isNotModified({ "if-none-match": "*" }, DIGEST), true);
		assert.equal(isNotModified({ "if-none-match": '"other"' }, DIGEST), false);
		assert.equal(isNotModified({}, DIGEST), false);
	});
});
