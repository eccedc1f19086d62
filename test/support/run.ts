// Runs tests under node:test. Without an argument: everything that needs nothing but this repository, and then says
// which suites were left out. With the name of a folder of test/e2e: that suite, which may not skip then, since its
// parts must be on the machine (see parts.ts). Options that follow go to `node --test`.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { basename, resolve } from "node:path";

const [first, ...others] = process.argv.slice(2);
const suite = first?.startsWith("-") === true ? undefined : first;
const options = suite === undefined ? process.argv.slice(2) : others;
const suites = globSync("test/e2e/*/")
	.map((folder) => basename(folder))
	.toSorted();
const files =
	suite === undefined
		? globSync("test/**/*.test.ts", { exclude: ["test/e2e/**"] }).toSorted()
		: globSync(`test/e2e/${suite}/**/*.test.ts`).toSorted();
if (files.length === 0) {
	console.error(`There is no test in the suite "${suite}". Suites: ${suites.join(", ")}`);
	process.exit(1);
}

// Every test file is a process, and most start more, and threads: what one has read of the sources the next one keeps.
const env = { NODE_COMPILE_CACHE: resolve("node_modules/.cache/limani"), ...process.env };
const child = spawn(process.execPath, ["--test", "--test-timeout=1200000", ...options, ...files], {
	stdio: "inherit",
	env: suite === undefined ? env : { ...env, LIMANI_REQUIRE: "1" },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => {
	process.exitCode = code ?? 1;
	if (suite !== undefined) return;
	console.log(`
Left out, because they take long or need real programs (.ci/parts installs those): ${suites.length} suites.
Each has a command of its own, and fails where a program is missing:
${suites.map((name) => `  npm run test:${name}`).join("\n")}`);
});
