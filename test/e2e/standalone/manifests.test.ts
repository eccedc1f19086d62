// Files of manifests are watched: what is written there becomes so, and what is wrong there is said and stops nothing.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { type StandaloneProcess, startStandalone } from "../../support/standalone-process.ts";

const REGISTRY = "apiVersion: limani.dev/v1alpha1\nkind: Registry\nmetadata:\n  name: default\n";

const project = (name: string, visibility: string): string =>
	`apiVersion: limani.dev/v1alpha1\nkind: Project\nmetadata:\n  name: ${name}\nspec:\n  registryRef:\n    name: default\n  visibility: ${visibility}\n`;

describe("manifests in standalone mode", () => {
	let standalone: StandaloneProcess;
	before(async () => {
		const manifests = { "registry.yaml": REGISTRY, "team.yaml": project("team", "Private") };
		standalone = await startStandalone({ manifests });
	});
	after(() => standalone[Symbol.asyncDispose]());

	const write = (file: string, text: string): string => standalone.write(`manifests/${file}`, text);
	const kubectl = (...args: readonly string[]): Promise<string> => standalone.kubectl(...args);
	const becomes = (name: string, visibility: string): Promise<string> =>
		eventually(() =>
			kubectl("wait", `--for=jsonpath={.spec.visibility}=${visibility}`, "--timeout=60s", `project/${name}`),
		);

	it("what a file says becomes so, and Ready, when the file changes; a new file counts as well", async () => {
		write("team.yaml", project("team", "Public"));
		await becomes("team", "Public");
		write("deep/er/new.yaml", project("fresh", "Internal"));
		await becomes("fresh", "Internal");
		await kubectl("wait", "--for=condition=Ready", "--timeout=60s", "project/team", "project/fresh");
	});

	it("fields that the files name win over a change by hand, and others stay", async () => {
		const byHand = '{"spec":{"visibility":"Private","quota":{"storage":"3Gi"}}}';
		await kubectl("patch", "project", "team", "--type=merge", "-p", byHand);
		write("team.yaml", `# touched\n${project("team", "Public")}`);
		await becomes("team", "Public");
		assert.equal(await kubectl("get", "project", "team", "-o", "jsonpath={.spec.quota.storage}"), "3Gi");
	});

	it("a broken file is named in the log, and the others are followed nevertheless", async () => {
		const says = (words: RegExp) => eventually(() => assert.ok(words.test(standalone.output()), String(words)));
		write("broken.yaml", "kind: [secret-text");
		await says(/broken\.yaml, document 1: is not YAML.*"manifests\.failed"/);
		write("team.yaml", project("team", "Internal"));
		await becomes("team", "Internal");
		write("refused.yaml", project("refused", "Everybody"));
		await says(/refused\.yaml, document 1: .*spec\.visibility/);
		write("late.yaml", project("late", "Public"));
		await becomes("late", "Public");
		assert.doesNotMatch(standalone.output(), /secret-text/);
		write("broken.yaml", project("mended", "Public"));
		await becomes("mended", "Public");
		write("refused.yaml", project("refused", "Public"));
		await becomes("refused", "Public");
		await kubectl("wait", "--for=condition=Ready", "--timeout=60s", "project", "--all");
		assert.ok((await fetch(`http://${standalone.address}/readyz`)).ok);
	});
});
