import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, type TestContext, test } from "node:test";
import { findPart, requirePart, skipWithout } from "./parts.ts";

const folder = mkdtempSync(join(tmpdir(), "limani-parts-"));
const first = program("first/anchor");
const second = program("second/anchor");
const environment = { ...process.env };

beforeEach(() => {
	process.env = {
		...environment,
		PATH: join(folder, "first"),
		LIMANI_REQUIRE: undefined,
		KUBEBUILDER_ASSETS: undefined,
	};
});
after(() => rmSync(folder, { recursive: true }));

test("a part is found where its variable says, before PATH is looked at", () => {
	assert.equal(findPart("anchor"), first);
	process.env.LIMANI_ANCHOR = second;
	assert.equal(findPart("anchor"), second);
});

test("a part that setup-envtest brought is found before others of its name", () => {
	process.env.KUBEBUILDER_ASSETS = join(folder, "second");
	assert.equal(findPart("anchor"), second);
	process.env.KUBEBUILDER_ASSETS = join(folder, "nowhere");
	assert.equal(findPart("anchor"), first);
});

test("a variable that names no file is an error, not a missing part", () => {
	process.env.LIMANI_SEA_ANCHOR = join(folder, "nowhere");
	assert.throws(() => findPart("sea-anchor"), /LIMANI_SEA_ANCHOR/);
});

test("a file that cannot be run, and a folder, are no part", () => {
	chmodSync(program("first/paper"), 0o644);
	mkdirSync(join(folder, "first", "harbour"));
	assert.equal(findPart("paper"), undefined);
	assert.equal(findPart("harbour"), undefined);
});

test("a test without its part is skipped with a reason that helps", (t) => {
	const reasons: (string | undefined)[] = [];
	const context: Pick<TestContext, "skip"> = { skip: (reason) => void reasons.push(reason) };
	assert.equal(requirePart(context, "kraken"), undefined);
	assert.match(reasons.join(), /^kraken is not on this machine.*LIMANI_KRAKEN$/);
	assert.match(String(skipWithout("anchor", "kraken")), /^kraken is not/);
	assert.equal(skipWithout("anchor"), false);
	assert.equal(requirePart(t, "anchor"), first);
});

test("a suite that was asked for by name fails without its part", () => {
	process.env.LIMANI_REQUIRE = "1";
	const context: Pick<TestContext, "skip"> = { skip: () => assert.fail("it was skipped") };
	assert.throws(() => requirePart(context, "kraken"), /kraken is not on this machine/);
	assert.equal(skipWithout("kraken"), false);
});

function program(name: string): string {
	const path = join(folder, name);
	mkdirSync(join(path, ".."), { recursive: true });
	writeFileSync(path, "#!/bin/sh\n", { mode: 0o755 });
	return path;
}
