import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const limani = (...args: readonly string[]) =>
	spawnSync(process.execPath, ["src/main.ts", ...args], { encoding: "utf8" });

test("the program tells its release", () => {
	const { status, stdout } = limani("--version");
	assert.equal(status, 0);
	assert.equal(stdout, `${JSON.parse(readFileSync("package.json", "utf8")).version}\n`);
});

test("a command that is not there is told with those that are", () => {
	const { status, stdout, stderr } = limani("serve");
	assert.equal(status, 2);
	assert.match(stderr, /there is no command serve/);
	assert.match(stdout, /^ {2}registry {2}/m);
});

test("a key that is wrong ends the start with its name, its value and what was expected", () => {
	const { status, stderr } = limani("registry", "--listen", "here");
	assert.equal(status, 1);
	assert.equal(
		stderr,
		"limani: the configuration (defaults and environment) is not valid:\n" +
			'  listen: got "here": expected HOST:PORT, such as 127.0.0.1:5080\n',
	);
});
