import assert from "node:assert/strict";
import { test } from "node:test";
import { isPartId, partIds } from "#/storage/part-id.ts";

test("the parts of a writer have ids of one length that no other writer gives", () => {
	const ids = ["one", "two", "one more"].flatMap((writer) => {
		const next = partIds(writer);
		return Array.from({ length: 1000 }, next);
	});
	assert.equal(new Set(ids).size, 3000);
	assert.equal(new Set(ids.map((id) => id.length)).size, 1);
	assert.ok(ids.every(isPartId));
	assert.ok(ids.every((id) => id.length <= 64 && /^[a-z0-9]+$/.test(id)));
});

test("what could lead elsewhere is no id of a part", () => {
	const [id = ""] = [partIds("a")()];
	for (const bad of ["", "../x", `${id}0`, id.slice(1), `${id.slice(1)}/`, id.toUpperCase().replace(/[0-9]/g, "A")]) {
		assert.equal(isPartId(bad), false, bad);
	}
});
