// The recipes of the pages about kinds, pasted at a registry that runs with the examples of the README.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { fileNameOf } from "../../support/kind-pages/kind-page.ts";
import { findPart } from "../../support/parts.ts";
import { type StandaloneProcess, startStandalone } from "../../support/standalone-process.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The blocks of a language in the part of a page that people wrote. */
const blocksOf = (page: string, language: string): readonly string[] => {
	const [written = ""] = page.split("<!-- Below this line");
	return Array.from(
		written.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms")),
		([, block = ""]) => block,
	);
};

describe("recipes in standalone mode", () => {
	let standalone: StandaloneProcess;
	before(async () => {
		standalone = await startStandalone();
	});
	after(() => standalone[Symbol.asyncDispose]());

	const paste = async (script: string): Promise<string> => {
		const kubectl = findPart("kubectl") ?? "kubectl is missing";
		const { code, stdout, stderr } = await standalone.attempt(
			"bash",
			...["-e", "-o", "pipefail", "-c", `kubectl() { ${kubectl} "$@"; }\n${script}`],
		);
		assert.equal(code, 0, `${script}\n${stdout}\n${stderr}`);
		return stdout;
	};

	for (const kind of ALL_KINDS) {
		const path = `docs/kinds/${fileNameOf(kind)}.md`;

		it(`of ${kind.kind} are taken by the API as they stand, and do what the page says`, async () => {
			const page = read(path);
			const manifests = blocksOf(page, "yaml");
			assert.ok(manifests.length >= 1);
			for (const manifest of manifests) {
				await standalone.feed(manifest, "apply", "--dry-run=server", "--validate=strict", "-f", "-");
			}
			const scripts = blocksOf(page, "sh");
			assert.ok(scripts.length >= 2);
			for (const script of scripts) await paste(script);
		});
	}

	it("are taken away in the order that docs/install.md tells, and nothing is left", async () => {
		const [, section = ""] = read("docs/install.md").split("\n## Uninstall\n");
		const commands = Array.from(
			section.matchAll(/`(kubectl (?:delete|get) [a-z,]+ [^`]*--all[^`]*)`/g),
			([, command = ""]) => command,
		);
		assert.equal(commands.length, 3);
		const deleted = await paste(commands.slice(0, 2).join("\n"));
		for (const { singular } of ALL_KINDS) assert.match(deleted, new RegExp(`^${singular}.limani.dev "`, "m"));
		assert.equal(await paste(commands.slice(2).join("\n")), "");
		assert.equal(await paste("kubectl get secrets -A -l app.kubernetes.io/managed-by=limani -o name"), "");
	});
});
