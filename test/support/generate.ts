// Writes what is generated from the sources; a test compares.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withReference } from "./config-reference.ts";

const page = join(import.meta.dirname, "..", "..", "docs", "configuration.md");
writeFileSync(page, withReference(readFileSync(page, "utf8")));
