// Runs tests under node:test: everything (no argument), `unit` (everything but test/e2e), or one suite of test/e2e by
// its name. Options that follow go to `node --test`. A suite that is asked for by name may not skip: its parts must
// be on the machine (see parts.ts).
import { spawn } from "node:child_process";
import { globSync } from "node:fs";

const [suite = "all", ...options] = process.argv.slice(2);
const files = filesOf(suite);
if (files.length === 0) {
	const suites = globSync("test/e2e/*/").map((folder) => folder.split(/[\\/]/).at(-1));
	console.error(`There is no test in the suite "${suite}". Suites: all, unit, ${suites.toSorted().join(", ")}`);
	process.exit(1);
}

const named = suite !== "all" && suite !== "unit";
const child = spawn(process.execPath, ["--test", ...options, ...files], {
	stdio: "inherit",
	env: named ? { ...process.env, LIMANI_REQUIRE: "1" } : process.env,
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => {
	process.exitCode = code ?? 1;
});

function filesOf(name: string): string[] {
	if (name === "all") return globSync("test/**/*.test.ts").toSorted();
	if (name === "unit") return globSync("test/**/*.test.ts", { exclude: ["test/e2e/**"] }).toSorted();
	return globSync(`test/e2e/${name}/**/*.test.ts`).toSorted();
}
