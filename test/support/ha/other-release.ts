import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { migrations } from "#/metadata/sql/schema/migrations.ts";

/** How a release that follows this one changes the schema. */
export interface NextRelease {
	/** The lowest schema number whose release can work beside it. */
	readonly oldestReader: number;
	readonly statements: readonly string[];
	/** How many releases there were between this one and it, whose migrations its database has. @defaultValue 0 */
	readonly after?: number;
}

/** The schema number of this release. */
export const SCHEMA = migrations.length;

/**
 * Lays out the sources of a release that follows this one: the same program with one more migration.
 *
 * @param directory where; it must not exist
 * @returns its main file
 */
export const layOutRelease = (directory: string, { oldestReader, statements, after = 0 }: NextRelease): string => {
	mkdirSync(directory);
	cpSync("src", join(directory, "src"), { recursive: true });
	symlinkSync(resolve("node_modules"), join(directory, "node_modules"));
	const manifest: { readonly version: string } = JSON.parse(readFileSync("package.json", "utf8"));
	writeFileSync(join(directory, "package.json"), JSON.stringify({ ...manifest, version: "99.0.0" }));
	const file = join(directory, "src/metadata/sql/schema/migrations.ts");
	const between = Array.from({ length: after }, (_, n) => entryOf(n + 1, SCHEMA, []));
	const added = [...between, entryOf(after + 1, oldestReader, statements)].join(",\n\t");
	const text = readFileSync(file, "utf8");
	const changed = text.replace(/\n\];\n$/, `\n\t${added},\n];\n`);
	if (changed === text) throw new Error(`${file} does not end with the list of migrations`);
	writeFileSync(file, changed);
	return join(directory, "src/main.ts");
};

const entryOf = (step: number, oldestReader: number, statements: readonly string[]): string =>
	`{ number: ${SCHEMA + step}, name: "next-${step}", oldestReader: ${oldestReader}, statements: () => ${JSON.stringify(statements)} }`;
