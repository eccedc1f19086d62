import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { fileNameOf, withKind } from "./kind-page.ts";
import { withReasons } from "./reasons-page.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The pages that tell of kinds and their reasons, by their paths, with what is generated in them as it should be. */
export const generateKindPages = (): ReadonlyMap<string, string> => {
	const pages = new Map<string, string>();
	for (const kind of ALL_KINDS) {
		const path = `docs/kinds/${fileNameOf(kind)}.md`;
		pages.set(path, withKind(read(path), kind));
	}
	const troubles = "docs/troubleshooting.md";
	return pages.set(troubles, withReasons(read(troubles)));
};
