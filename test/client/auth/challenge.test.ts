import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChallenges } from "#/client/auth/challenge.ts";

const cases: readonly (readonly [header: string | undefined, expected: unknown])[] = [
	[undefined, []],
	["", []],
	["Basic", [{ scheme: "basic", parameters: {} }]],
	['Basic realm="a, b"', [{ scheme: "basic", parameters: { realm: "a, b" } }]],
	[
		'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
		[
			{
				scheme: "bearer",
				parameters: {
					realm: "https://auth.docker.io/token",
					service: "registry.docker.io",
					scope: "repository:a/b:pull,push",
				},
			},
		],
	],
	[
		'BEARER Realm = "x" , Service=y, Basic realm="z"',
		[
			{ scheme: "bearer", parameters: { realm: "x", service: "y" } },
			{ scheme: "basic", parameters: { realm: "z" } },
		],
	],
	['Bearer realm="a\\"b\\\\c"', [{ scheme: "bearer", parameters: { realm: 'a"b\\c' } }]],
	["realm=lost, Basic", [{ scheme: "basic", parameters: {} }]],
	[
		'Bearer realm="never ended',
		[
			{ scheme: "bearer", parameters: {} },
			{ scheme: "realm", parameters: {} },
		],
	],
];

for (const [header, expected] of cases) {
	test(`the challenges of ${header} are read`, () => assert.deepEqual(parseChallenges(header), expected));
}

test("a long header is read in time that grows with its length", () => {
	const startedAt = performance.now();
	parseChallenges(`Bearer realm="${"\\\\".repeat(100_000)}`);
	parseChallenges(`Bearer ${"a=".repeat(100_000)}`);
	assert.ok(performance.now() - startedAt < 2_000);
});
