// What goes, what stays and what waits when resources are deleted.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { type MadeLayout, makeLayout } from "../../support/oci-layout.ts";
import { outputOf } from "../../support/run-program.ts";
import { credentialFile, pull, push } from "../../support/standalone-images.ts";
import { type StandaloneProcess, startStandalone } from "../../support/standalone-process.ts";

interface Wanted {
	readonly namespace?: string;
	readonly registry?: string;
	readonly deletionPolicy?: "Orphan" | "Delete";
}

/** A project and a robot that may push to it, both of one name. */
const tenant = (name: string, { namespace = "default", registry = "default", deletionPolicy }: Wanted = {}): string => `
apiVersion: limani.dev/v1alpha1
kind: Project
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  registryRef:
    name: ${registry}
  ${deletionPolicy === undefined ? "" : `deletionPolicy: ${deletionPolicy}`}
---
apiVersion: limani.dev/v1alpha1
kind: RobotAccount
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  registryRef:
    name: ${registry}
  permissions:
    - project: ${name}
      actions: [pull, push]
`;

describe("deletions in standalone mode", () => {
	let standalone: StandaloneProcess;
	let layout: MadeLayout;
	before(async () => {
		standalone = await startStandalone();
		layout = makeLayout(standalone.folder);
	});
	after(() => standalone[Symbol.asyncDispose]());

	const kubectl = (...args: readonly string[]): Promise<string> => standalone.kubectl(...args);
	const make = async (name: string, wanted: Wanted = {}): Promise<void> => {
		const { namespace = "default" } = wanted;
		await standalone.feed(tenant(name, wanted), "apply", "-f", "-");
		const which = [`project/${name}`, `robotaccount/${name}`];
		await kubectl("wait", "--for=condition=Ready", "-n", namespace, "--timeout=60s", ...which);
	};
	const remove = (...which: readonly string[]): Promise<string> => kubectl("delete", "--timeout=60s", ...which);
	const isGone = async (...which: readonly string[]): Promise<boolean> => {
		const { code, stderr } = await standalone.attempt("kubectl", "get", ...which);
		return code !== 0 && /NotFound/.test(stderr);
	};

	it("leaves a project's images where they are, unless it says otherwise", async () => {
		await make("left");
		const left = await credentialFile(standalone, "left");
		outputOf("push", await push(standalone, layout, "left/app:1", left));
		await remove("project/left");
		assert.ok(await isGone("project/left"));
		outputOf("pull", await pull(standalone, "left/app:1", left));
		await make("left");
		outputOf("pull", await pull(standalone, "left/app:1", left));
	});

	it("deletes a project with its images when it says so, and gives both back to the same owner alone", async () => {
		await make("swept", { deletionPolicy: "Delete" });
		const swept = await credentialFile(standalone, "swept");
		outputOf("push", await push(standalone, layout, "swept/app:1", swept));
		await remove("project/swept");
		const { code, stderr } = await pull(standalone, "swept/app:1", swept);
		assert.notEqual(code, 0);
		assert.match(stderr, /denied/);
		assert.notEqual((await push(standalone, layout, "swept/app:2", swept)).code, 0);
		await standalone.feed(
			"apiVersion: limani.dev/v1alpha1\nkind: Project\nmetadata:\n  name: squatter\nspec:\n  projectName: swept\n  registryRef:\n    name: default\n",
			...["apply", "-f", "-"],
		);
		const reason = "--for=jsonpath={.status.conditions[?(@.type=='Ready')].reason}=NameTaken";
		await kubectl("wait", "--timeout=60s", reason, "project/squatter");
		await remove("project/squatter");
		await make("swept", { deletionPolicy: "Delete" });
		outputOf("pull", await pull(standalone, "swept/app:1", swept));
	});

	it("takes a robot's Secret along, and lets it in no more", async () => {
		await make("leaver");
		const leaver = await credentialFile(standalone, "leaver");
		outputOf("push", await push(standalone, layout, "leaver/app:1", leaver));
		await remove("robotaccount/leaver");
		await eventually(async () => assert.ok(await isGone("secret/leaver")));
		// What was just checked may be believed for five seconds more.
		await eventually(async () => {
			const { code, stderr } = await push(standalone, layout, "leaver/app:2", leaver);
			assert.notEqual(code, 0);
			assert.match(stderr, /unauthorized|authentication required|invalid username/i);
		}, 30_000);
	});

	it("keeps a registry as long as somebody names it, and says who does", async () => {
		const registry = "apiVersion: limani.dev/v1alpha1\nkind: Registry\nmetadata:\n  name: used\n";
		await standalone.feed(registry, "apply", "-f", "-");
		await kubectl("wait", "--for=condition=Ready", "--timeout=60s", "registry/used");
		await make("user", { registry: "used" });
		await kubectl("delete", "registry/used", "--wait=false");
		const condition = "jsonpath={.status.conditions[?(@.type=='Ready')]}";
		await eventually(async () => {
			const said = await kubectl("get", "registry/used", "-o", condition);
			assert.match(said, /"message":"[^"]*Project default\/user, RobotAccount default\/user"/);
			assert.match(said, /"reason":"InUse","status":"False"/);
		});
		outputOf("get", await standalone.attempt("kubectl", "get", "registry/used"));
		await remove("project/user", "robotaccount/user");
		await kubectl("wait", "--for=delete", "--timeout=60s", "registry/used");
		assert.ok(existsSync(join(standalone.directory, "registries", "default", "used")), "its data is retained");
	});

	it("empties a namespace with everything in it", async () => {
		await kubectl("create", "namespace", "leaving");
		const registry = "apiVersion: limani.dev/v1alpha1\nkind: Registry\nmetadata:\n  name: own\n  namespace: leaving\n";
		await standalone.feed(`${registry}spec:\n  deletionPolicy: Delete\n`, "apply", "-f", "-");
		for (const name of ["one", "two"]) await make(name, { namespace: "leaving", registry: "own" });
		await kubectl("create", "configmap", "beside", "-n", "leaving");
		await remove("namespace/leaving");
		assert.ok(await isGone("namespace/leaving"));
		assert.equal(await kubectl("get", "limani,secrets,configmaps", "-n", "leaving", "-o", "name"), "");
		assert.ok(!existsSync(join(standalone.directory, "registries", "leaving", "own")));
	});
});
