import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatScopes, MAX_SCOPES, parseScopes } from "#/auth/scopes.ts";
import { isRepositoryName } from "#/oci/name.ts";
import { repository } from "../oci/arbitraries.ts";

const cases: readonly (readonly [asked: readonly string[], understood: string])[] = [
	[[], ""],
	[[""], ""],
	[["repository:team/web:pull"], "repository:team/web:pull"],
	[["repository:team/web:push,pull"], "repository:team/web:pull,push"],
	[["repository:team/web:*"], "repository:team/web:pull,push,delete"],
	[["repository(plugin):team/web:pull"], "repository:team/web:pull"],
	[["registry:catalog:*"], "registry:catalog:*"],
	[["repository:a:pull repository:b:push"], "repository:a:pull repository:b:push"],
	[["repository:a:pull", "repository:b:push"], "repository:a:pull repository:b:push"],
	[["repository:a:pull", "repository:a:push"], "repository:a:pull,push"],
	[["  repository:a:pull  "], "repository:a:pull"],
	[["repository:a:pull,fly"], "repository:a:pull"],
	[["repository:a:"], ""],
	[["repository:a"], ""],
	[["repository:A:pull"], ""],
	[["repository:../etc:pull"], ""],
	[["repository:host:5000/a:pull"], ""],
	[["Repository:a:pull"], ""],
	[["repository():a:pull"], ""],
	[["registry:catalog:read"], ""],
	[["registry:other:*"], ""],
	[["artifact:a:pull"], ""],
	[["repository:a:pull\nrepository:b:pull"], ""],
];

describe("scopes", () => {
	for (const [asked, understood] of cases) {
		it(`${JSON.stringify(asked)} are understood as ${JSON.stringify(understood)}`, () => {
			assert.equal(formatScopes(parseScopes(asked)), understood);
		});
	}

	it("say the same after being written and read again", () => {
		const actions = fc.subarray(["pull", "push", "delete", "*"], { minLength: 1 });
		const scope = fc.tuple(repository, actions).map(([name, list]) => `repository:${name}:${list.join(",")}`);
		fc.assert(
			fc.property(fc.array(fc.oneof(scope, fc.constant("registry:catalog:*")), { maxLength: 8 }), (texts) => {
				const parsed = parseScopes(texts);
				assert.deepEqual(parseScopes([formatScopes(parsed)]), parsed);
				assert.deepEqual(parseScopes([texts.join(" ")]), parsed);
			}),
		);
	});

	it("of any text are well-formed, or nothing", () => {
		const piece = fc.constantFrom("repository", "registry", "catalog", ":", ",", " ", "*", "pull", "push", "a/b", "..");
		const text = fc.oneof(
			fc.string(),
			fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
		);
		fc.assert(
			fc.property(fc.array(text), (texts) => {
				const { repositories } = parseScopes(texts);
				for (const [name, actions] of repositories) {
					assert.ok(isRepositoryName(name));
					for (const action of actions) assert.ok(["pull", "push", "delete"].includes(action));
				}
			}),
			{ numRuns: 500 },
		);
	});

	it("are looked at up to a number, so that a token fits into a header", () => {
		const texts = Array.from({ length: 500 }, (_, i) => `repository:team/r${i}:pull`);
		assert.equal(parseScopes(texts).repositories.size, MAX_SCOPES);
	});
});
