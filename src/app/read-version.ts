import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const manifest = z.object({ version: z.string() });

/** The release of this program. */
export const readVersion = (): string =>
	manifest.parse(JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "package.json"), "utf8"))).version;
