// The chart of a tenant, by helm, against the API of standalone mode.
import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { type MadeLayout, makeLayout } from "../../support/oci-layout.ts";
import { findPart } from "../../support/parts.ts";
import { outputOf } from "../../support/run-program.ts";
import { credentialFile, pull, push } from "../../support/standalone-images.ts";
import { type StandaloneProcess, startStandalone } from "../../support/standalone-process.ts";

const values = (projects: readonly string[], actions: string): string =>
	[
		"registry: {name: default, namespace: default}",
		`projects: {${projects.map((name) => `${name}: {visibility: Private}`).join(", ")}}`,
		`robotAccounts: {builder: {permissions: [{project: ${projects[0]}, actions: [${actions}]}]}}`,
	].join("\n");

describe("helm in standalone mode", () => {
	let standalone: StandaloneProcess;
	let layout: MadeLayout;
	let chart: string;
	before(async () => {
		standalone = await startStandalone();
		layout = makeLayout(standalone.folder);
		chart = join(standalone.folder, "limani-tenant");
		cpSync("charts/limani-tenant", chart, { recursive: true });
	});
	after(() => standalone[Symbol.asyncDispose]());

	const kubectl = (...args: readonly string[]): Promise<string> => standalone.kubectl(...args);
	const helm = (...args: readonly string[]): Promise<string> => standalone.helm(...args);
	const isReady = (release: string) =>
		kubectl("wait", "--for=condition=Ready", "--timeout=60s", "project,robotaccount", "-l", instance(release));
	const instance = (release: string): string => `app.kubernetes.io/instance=${release}`;
	const namesOf = async (release: string): Promise<readonly string[]> =>
		(await kubectl("get", "limani", "-l", instance(release), "-o", "name")).trim().split("\n");

	it("the chart is in good order, and its schema knows a typing error", async () => {
		assert.match(await helm("lint", "--strict", chart), /1 chart\(s\) linted, 0 chart\(s\) failed/);
		const wrong = await standalone.attempt("helm", "template", "shop", chart, "--set", "project.app.visibility=Public");
		assert.notEqual(wrong.code, 0);
		assert.match(wrong.stderr, /additional properties 'project' not allowed/);
		const refused = await standalone.attempt(
			...(["helm", "install", "bad", chart, "--set", "projects.bad.visibility=Everybody"] as const),
		);
		assert.notEqual(refused.code, 0);
		assert.match(refused.stderr, /spec\.visibility.*Everybody/);
		outputOf("helm uninstall", await standalone.attempt("helm", "uninstall", "bad", "--ignore-not-found"));
	});

	it("the chart's own instructions work as pasted", async () => {
		const [, block = ""] = /^```sh\n(.*?)^```$/ms.exec(readFileSync("charts/limani-tenant/README.md", "utf8")) ?? [];
		assert.match(block, /^helm install shop charts\/limani-tenant /m);
		const here = block.replace("charts/limani-tenant", chart);
		const path = [dirname(findPart("helm") ?? ""), process.env.PATH ?? ""].join(delimiter);
		outputOf(block, await standalone.attemptWith({ PATH: path }, "bash", "-e", "-c", here));
		const notes = await helm("get", "notes", "shop");
		assert.match(notes, /Project app: kubectl get project app -n default/);
		assert.match(notes, /Retention policy keep-ten: kubectl describe retentionpolicy keep-ten -n default/);
		assert.match(await kubectl("get", "retentionpolicy", "keep-ten"), / True +in force for 1 project/);
		const [, wait = ""] = /^ {2}(kubectl wait .*)$/m.exec(notes) ?? [];
		outputOf(wait, await standalone.attemptWith({ PATH: path }, "bash", "-e", "-c", wait));
		await helm("uninstall", "shop", "--wait");
	});

	it("renders policies of both kinds, and its schema knows one that is half a policy", async () => {
		const given = [
			"registry: {name: default}",
			"retentionPolicies: {old: {projectRefs: [{name: app}], rules: [{name: a, keep: {always: true}}]}, none: null}",
			"replicationPolicies: {out: {projectRefs: [{name: app}], destination: {url: https://far.example.org}}}",
		];
		const rendered = await helm("template", "two", chart, "-f", standalone.write("both.yaml", given.join("\n")));
		assert.deepEqual(rendered.match(/^kind: .*$/gm)?.toSorted(), ["kind: ReplicationPolicy", "kind: RetentionPolicy"]);
		const file = standalone.write("rendered-policies.yaml", rendered);
		assert.match(await kubectl("apply", "--dry-run=server", "-f", file), /out created \(server dry run\)/);
		const half = await standalone.attempt(
			...(["helm", "template", "two", chart, "--set", "replicationPolicies.out.mode=Copy"] as const),
		);
		assert.notEqual(half.code, 0);
		assert.match(half.stderr, /replicationPolicies/);
	});

	it("installs, upgrades, rolls back and uninstalls; rights that are taken away are gone", async () => {
		const one = standalone.write("one.yaml", values(["shop"], "pull, push"));
		await helm("install", "shop", chart, "-f", one);
		await isReady("shop");
		assert.deepEqual(await namesOf("shop"), ["project.limani.dev/shop", "robotaccount.limani.dev/builder"]);
		const credential = await credentialFile(standalone, "builder");
		outputOf("push", await push(standalone, layout, "shop/app:1", credential));

		const two = standalone.write("two.yaml", values(["shop", "stage"], "pull"));
		await helm("upgrade", "shop", chart, "-f", two);
		await isReady("shop");
		assert.equal((await namesOf("shop")).length, 3);
		// What was just checked may be believed for five seconds more.
		await eventually(async () => {
			const { code, stderr } = await push(standalone, makeLayout(standalone.folder), "shop/app:2", credential);
			assert.notEqual(code, 0);
			assert.match(stderr, /denied/);
		}, 30_000);
		outputOf("pull", await pull(standalone, "shop/app:1", credential));

		await helm("rollback", "shop", "1");
		await isReady("shop");
		await kubectl("wait", "--for=delete", "--timeout=60s", "project/stage");
		await eventually(async () =>
			outputOf("push", await push(standalone, makeLayout(standalone.folder), "shop/app:3", credential)),
		);
		assert.match(await helm("history", "shop"), /3\s.*deployed.*Rollback to 1/);
		const before = readFileSync(credential, "utf8");
		assert.equal(readFileSync(await credentialFile(standalone, "builder"), "utf8"), before);
		outputOf("pull", await pull(standalone, "shop/app:1", credential));

		const owned = ["get", "secrets", "-l", "limani.dev/robot-account=builder", "-o", "name"];
		assert.match(await kubectl(...owned), /^secret\/builder$/m);
		await helm("uninstall", "shop", "--wait", "--timeout=60s");
		assert.deepEqual(await namesOf("shop"), [""]);
		await eventually(async () => assert.equal(await kubectl(...owned), ""));
	});

	it("what kubectl applied before is not taken over unasked, and what helm applied may be looked at", async () => {
		const file = standalone.write("values.yaml", values(["mixed"], "pull"));
		const rendered = standalone.write("rendered.yaml", await helm("template", "mixed", chart, "-f", file));
		await kubectl("apply", "-f", rendered);
		const refused = await standalone.attempt("helm", "install", "mixed", chart, "-f", file);
		assert.notEqual(refused.code, 0);
		assert.match(refused.stderr, /Project "mixed" .*exists and cannot be imported.*meta\.helm\.sh\/release-name/s);
		await helm("install", "mixed", chart, "-f", file, "--take-ownership", "--force-conflicts");
		await isReady("mixed");
		// The same fields with the same values are nobody's quarrel.
		await kubectl("apply", "--server-side", "--field-manager=git", "-f", rendered);
		const other = standalone.write(
			"other.yaml",
			await helm("template", "mixed", chart, "-f", file, "--set", "projects.mixed.visibility=Public"),
		);
		const conflict = await standalone.attempt("kubectl", "apply", "--server-side", "--field-manager=git", "-f", other);
		assert.notEqual(conflict.code, 0);
		assert.match(conflict.stderr, /conflict.*with "[\w-]+".*\.spec\.visibility/s);
		assert.doesNotMatch(conflict.stderr, /\.spec\.registryRef|\.spec\.permissions|\.metadata\.labels/);
		await helm("upgrade", "mixed", chart, "-f", file, "--set", "projects.mixed.quota.storage=1Gi");
		await isReady("mixed");
		await helm("uninstall", "mixed", "--wait", "--timeout=60s");
	});
});
