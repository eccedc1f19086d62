import { accessSync, constants, globSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";

/** Where the scripts of `.ci/parts` put what they build. */
const partsFolder =
	process.env.LIMANI_PARTS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "limani-parts");

/** Places of parts that stand in no folder of programs. Of several matches the last in byte order is taken. */
const elsewhere: Readonly<Record<string, string>> = {
	postgres: "/usr/lib/postgresql/*/bin/postgres",
	"cloudnative-pg-cluster": join(partsFolder, "cloudnative-pg/clusters.yaml"),
	azurite: join(partsFolder, "azurite/node_modules/azurite/dist/src/blob/main.js"),
};

/**
 * The path of a real program to test against (`skopeo`, `oci-conformance`, `postgres` …), or undefined when this
 * machine has none. Looked for, in this order: the variable `LIMANI_<NAME>` (upper case, dashes as underscores; a
 * value that is no file is an error, never passed over), the folder that `KUBEBUILDER_ASSETS` names, as setup-envtest
 * has it, the parts folder, the part's own well-known place, PATH.
 *
 * @example findPart("oci-conformance") // LIMANI_OCI_CONFORMANCE, or ~/.cache/limani-parts/bin/oci-conformance
 */
export function findPart(name: string): string | undefined {
	const variable = variableOf(name);
	const named = process.env[variable];
	if (named !== undefined && named !== "") {
		if (!isFile(named)) throw new Error(`${variable} names ${named}, which is no file`);
		return named;
	}
	const folders = [process.env.KUBEBUILDER_ASSETS ?? "", join(partsFolder, "bin")].filter((folder) => folder !== "");
	const built = folders.map((folder) => join(folder, name)).find(isProgram);
	return built ?? findElsewhere(name) ?? findInPath(name);
}

/**
 * Like {@link findPart}, for use in a test: when the part is missing, the test is marked as skipped, with the reason,
 * and undefined comes back, upon which the test returns. Under `LIMANI_REQUIRE=1`, which `npm run test:<suite>`
 * sets, it throws instead: a suite that was asked for by name fails rather than pass over what it is about.
 */
export function requirePart(test: Pick<TestContext, "skip">, name: string): string | undefined {
	const found = findPart(name);
	if (found !== undefined) return found;
	if (isRequired()) throw new Error(reasonOf(name));
	test.skip(reasonOf(name));
	return undefined;
}

/**
 * The `skip` option of a test or a suite that needs all these parts: a reason when one is missing, else false. Under
 * `LIMANI_REQUIRE=1` always false, so that the test runs and fails where it uses the part.
 */
export function skipWithout(...names: readonly string[]): string | false {
	if (isRequired()) return false;
	const missing = names.find((name) => findPart(name) === undefined);
	return missing !== undefined && reasonOf(missing);
}

/** Whether nothing may be passed over for what this machine lacks: `LIMANI_REQUIRE=1`. */
export function isRequired(): boolean {
	return process.env.LIMANI_REQUIRE === "1";
}

function reasonOf(name: string): string {
	return `${name} is not on this machine: see .ci/parts, or set ${variableOf(name)}`;
}

function variableOf(name: string): string {
	return `LIMANI_${name.toUpperCase().replaceAll("-", "_")}`;
}

function findElsewhere(name: string): string | undefined {
	const pattern = elsewhere[name];
	return pattern === undefined ? undefined : globSync(pattern).filter(isFile).toSorted().at(-1);
}

function findInPath(name: string): string | undefined {
	const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
	return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isFile(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isProgram(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return isFile(path);
	} catch {
		return false;
	}
}
