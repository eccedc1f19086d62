import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { accessSync, constants, globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");

/** Runs a few steps as `.ci/run` does. */
function runSteps(script: string): { readonly status: number | null; readonly lines: readonly string[] } {
	const { status, stdout } = spawnSync("bash", ["-c", `. .ci/lib/steps.sh\n${script}\nfinish`], {
		cwd: root,
		encoding: "utf8",
	});
	return { status, lines: stdout.trimEnd().split("\n") };
}

const says = (counts: string): string => `printf '${counts}'`;

test("what tests say of themselves is added up, and the last line has the sums", () => {
	const { status, lines } = runSteps(`
		step fine 1 true
		test_step one 1 sh -c "${says("ℹ pass 3\\nℹ fail 0\\nℹ cancelled 0\\nℹ skipped 2\\n")}"
		test_step two 1 sh -c "${says("✔ ℹ pass 100\\nℹ pass 4\\nℹ fail 0\\n")}"`);
	assert.equal(lines.at(-1), "7 passed, 0 failed");
	assert.equal(status, 0);
	assert.match(lines.join("\n"), / one +3 passed, 0 failed, 2 skipped$/m);
});

test("a failed step counts as one, and the steps after it are run", () => {
	const { status, lines } = runSteps(`
		step broken 1 sh -c 'echo the reason; exit 3'
		test_step tests 1 sh -c "${says("ℹ pass 2\\nℹ fail 1\\nℹ cancelled 1\\n")}; exit 1"`);
	assert.equal(lines.at(-1), "2 passed, 3 failed");
	assert.equal(status, 1);
	assert.ok(lines.includes("the reason"));
});

test("tests that say nothing, end with an error or take too long have failed", () => {
	const { lines } = runSteps(`
		test_step silent 1 true
		test_step crashed 1 sh -c "${says("ℹ pass 5\\nℹ fail 0\\n")}; exit 7"
		deadline=$((SECONDS + 1))
		test_step slow 1 sleep 30
		step late 1 true`);
	assert.equal(lines.at(-1), "5 passed, 4 failed");
});

test("what failed is said again at the end, before the table", () => {
	const { lines } = runSteps(`
		test_step tests 1 sh -c "${says("ℹ pass 2\\nℹ fail 1\\n\\n✖ failing tests:\\nthe test and its reason\\n")}; exit 1"
		step fine 1 echo all is well
		step broken 1 sh -c 'seq 100; exit 3'`);
	const [said, again] = lines.flatMap((line, i) => (line === "the test and its reason" ? [i] : []));
	assert.ok(said !== undefined && again !== undefined && again > lines.indexOf("all is well"));
	assert.equal(lines[again - 1], "✖ failing tests:");
	const end = lines.slice(lines.indexOf("=== failed: broken"));
	assert.ok(end.includes("100") && end.includes("61") && !end.includes("60"), "the last of what has no tests");
	assert.match(end.join("\n"), / tests +2 passed, 1 failed\n.* fine +ok\n.* broken +FAILED\n2 passed, 2 failed$/);
});

test("a step that leaves a server behind ends nevertheless", () => {
	const started = performance.now();
	const { lines } = runSteps(`test_step served 1 sh -c "sleep 8 & ${says("ℹ pass 1\\nℹ fail 0\\n")}"`);
	assert.equal(lines.at(-1), "1 passed, 0 failed");
	assert.ok(performance.now() - started < 7_000);
});

test("what is run by name may be run", () => {
	const programs = [".ci/run", ...globSync(".ci/parts/*", { cwd: root }).filter((path) => !/\.\w+$/.test(path))];
	assert.ok(programs.length > 1);
	for (const program of programs) accessSync(join(root, program), constants.X_OK);
});
