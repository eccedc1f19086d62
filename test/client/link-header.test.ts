import assert from "node:assert/strict";
import { test } from "node:test";
import { nextOf } from "#/client/link-header.ts";

const cases: readonly (readonly [header: string | undefined, next: string | undefined])[] = [
	[undefined, undefined],
	['</v2/_catalog?last=b&n=2>; rel="next"', "/v2/_catalog?last=b&n=2"],
	["</v2/_catalog?last=b>; rel=next", "/v2/_catalog?last=b"],
	['<https://r.example.com/x?a=1,2>; title="a, b"; rel="next"', "https://r.example.com/x?a=1,2"],
	['</first>; rel="prev", </second>; rel="next"', "/second"],
	['</first>; rel="prev"', undefined],
	["no link", undefined],
];

for (const [header, next] of cases) {
	test(`the next page of ${header} is ${next}`, () => assert.equal(nextOf(header), next));
}
