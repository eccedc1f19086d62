import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatChallenges } from "#/auth/challenge.ts";

describe("a challenge", () => {
	it("asks for a token with what is needed, then for Basic", () => {
		const values = formatChallenges({
			realm: "https://registry.test/token",
			service: "registry.test",
			scope: "repository:team/web:pull,push",
			error: "insufficient_scope",
			basic: true,
		});
		assert.deepEqual(values, [
			'Bearer realm="https://registry.test/token",service="registry.test",scope="repository:team/web:pull,push",error="insufficient_scope"',
			'Basic realm="registry.test",charset="UTF-8"',
		]);
	});

	it("leaves out what it has nothing to say of", () => {
		const values = formatChallenges({ realm: "http://r/token", service: "r", basic: false });
		assert.deepEqual(values, ['Bearer realm="http://r/token",service="r"']);
	});

	it("lets no text break out of its quotes or its line", () => {
		const [value] = formatChallenges({ realm: 'http://r/"\\\r\nX-Evil: 1', service: "ré", basic: false });
		assert.equal(value, 'Bearer realm="http://r/\\"\\\\X-Evil: 1",service="r"');
	});
});
