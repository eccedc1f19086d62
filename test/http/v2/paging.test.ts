import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { linkToNext, MAX_PAGE, parsePage } from "#/http/v2/paging.ts";
import { OciError } from "#/oci/error.ts";

const parse = (query: string): ReturnType<typeof parsePage> => parsePage(new URLSearchParams(query));

describe("parsePage", () => {
	it("gives a full page where no number is asked for", () => {
		assert.deepEqual(parse(""), { limit: MAX_PAGE, last: undefined });
	});

	it("takes zero, and bounds what is too many", () => {
		assert.equal(parse("n=0").limit, 0);
		assert.equal(parse("n=99999999").limit, MAX_PAGE);
	});

	for (const n of ["-1", "1.5", "x", "", "1e3", "9".repeat(20)]) {
		it(`refuses n=${n}`, () => {
			assert.throws(
				() => parse(`n=${n}`),
				(error) => error instanceof OciError && error.code === "PAGINATION_NUMBER_INVALID",
			);
		});
	}

	it("links to the next page with the other parameters kept and the last name encoded", () => {
		const link = linkToNext("/v2/a/referrers/x", new URLSearchParams("artifactType=a/b&last=old"), 5, "a&b");
		assert.deepEqual(link, ["Link", '</v2/a/referrers/x?artifactType=a%2Fb&last=a%26b&n=5>; rel="next"']);
	});
});
