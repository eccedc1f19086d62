import assert from "node:assert/strict";
import { test } from "node:test";
import { numberParameters, Translator } from "#/metadata/postgres/translate.ts";

const cases: readonly (readonly [sql: string, expected: string])[] = [
	["SELECT 1", "SELECT 1"],
	["SELECT ?, ? FROM t WHERE x = ?", "SELECT $1, $2 FROM t WHERE x = $3"],
	["SELECT '?', 'it''s ?', ?", "SELECT '?', 'it''s ?', $1"],
	['SELECT "odd?name" FROM t WHERE x = ?', 'SELECT "odd?name" FROM t WHERE x = $1'],
	["SELECT ? -- why?\n, ?", "SELECT $1 -- why?\n, $2"],
	["SELECT /* ? '\n */ ?", "SELECT /* ? '\n */ $1"],
];

for (const [sql, expected] of cases) {
	test(`parameters are numbered in ${JSON.stringify(sql)}`, () => {
		assert.equal(numberParameters(sql), expected);
	});
}

test("the same text has the same name everywhere, another text another", () => {
	const here = new Translator();
	const there = new Translator();
	const { name, text } = here.translate("SELECT ?");
	assert.deepEqual(there.translate("SELECT ?"), { name, text });
	assert.equal(here.translate("SELECT ?"), here.translate("SELECT ?"));
	assert.notEqual(here.translate("SELECT ? + 1").name, name);
	assert.ok(Buffer.byteLength(name) < 64, "PostgreSQL cuts names after 63 bytes");
});
