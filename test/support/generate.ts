// Writes what is generated from the sources; tests compare.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withReference } from "./config-reference.ts";
import { generateCrds } from "./generated-crds.ts";

const root = join(import.meta.dirname, "..", "..");

const page = join(root, "docs", "configuration.md");
writeFileSync(page, withReference(readFileSync(page, "utf8")));

mkdirSync(join(root, "crds"), { recursive: true });
for (const [name, text] of await generateCrds()) writeFileSync(join(root, "crds", name), text);
