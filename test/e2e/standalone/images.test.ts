// Images go in and out with the Secrets that robots get, as far as the Projects let them.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { eventually } from "../../support/eventually.ts";
import { type MadeLayout, makeLayout } from "../../support/oci-layout.ts";
import { requirePart } from "../../support/parts.ts";
import { outputOf } from "../../support/run-program.ts";
import { credentialFile, pull, push } from "../../support/standalone-images.ts";
import { type StandaloneProcess, startStandalone } from "../../support/standalone-process.ts";

const authFileSchema = z.object({
	auths: z.record(z.string(), z.object({ username: z.string(), password: z.string(), auth: z.string() })),
});

const limitedProject = (storage: string): string =>
	`apiVersion: limani.dev/v1alpha1
kind: Project
metadata:
  name: limited
spec:
  registryRef:
    name: default
  quota:
    storage: ${storage}
---
apiVersion: limani.dev/v1alpha1
kind: RobotAccount
metadata:
  name: limited
spec:
  registryRef:
    name: default
  permissions:
    - project: limited
      actions: [pull, push]
`;

/** How many blobs lie in the files of a store, whichever registry's it is. */
const blobsIn = (directory: string, store: string): number =>
	readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((path) =>
		new RegExp(`/stores/${store}/data/[0-9a-f]{2}/.`).test(path),
	).length;

describe("images in standalone mode", () => {
	let standalone: StandaloneProcess;
	let layout: MadeLayout;
	let credential: string;
	before(async () => {
		standalone = await startStandalone();
		layout = makeLayout(standalone.folder);
		credential = await credentialFile(standalone, "ci");
	});
	after(() => standalone[Symbol.asyncDispose]());

	it("a robot's Secret is for the registry's host and port, in the form that pods take", async () => {
		const { kubectl, address } = standalone;
		assert.equal(await kubectl("get", "secret", "ci", "-o", "jsonpath={.type}"), "kubernetes.io/dockerconfigjson");
		const { auths } = authFileSchema.parse(JSON.parse(readFileSync(credential, "utf8")));
		assert.deepEqual(Object.keys(auths), [address]);
		const { username = "", password = "", auth = "" } = auths[address] ?? {};
		assert.equal(username, "robot$default+ci");
		assert.equal(Buffer.from(auth, "base64").toString("utf8"), `${username}:${password}`);
	});

	it("skopeo pushes and pulls with it, and nobody does so to a private project without", async () => {
		outputOf("push", await push(standalone, layout, "team/app:1", credential));
		outputOf("pull", await pull(standalone, "team/app:1", credential));
		const pulled = await pull(standalone, "team/app:1", undefined);
		assert.notEqual(pulled.code, 0);
		assert.match(pulled.stderr, /denied|unauthorized/);
		const pushed = await push(standalone, layout, "demo/app:1", undefined);
		assert.notEqual(pushed.code, 0);
		outputOf("push", await push(standalone, layout, "demo/app:1", credential));
		outputOf("pull", await pull(standalone, "demo/app:1", undefined));
		const elsewhere = await push(standalone, layout, "elsewhere/app:1", credential);
		assert.match(elsewhere.stderr, /denied/);
	});

	it("crane and podman take the same file", async (test) => {
		if (["crane", "podman"].some((client) => requirePart(test, client) === undefined)) return;
		const { address, folder, attemptWith, run, write } = standalone;
		write("docker/config.json", readFileSync(credential, "utf8"));
		const environment = { DOCKER_CONFIG: join(folder, "docker") };
		const crane = async (...args: string[]) => outputOf("crane", await attemptWith(environment, "crane", ...args));
		outputOf("push", await push(standalone, layout, "team/app:1", credential));
		await crane("copy", `${address}/team/app:1`, `${address}/team/by-crane:1`);
		assert.equal((await crane("digest", `${address}/team/by-crane:1`)).trim(), layout.images.amd64);
		const anonymous = await attemptWith({ DOCKER_CONFIG: folder }, "crane", "digest", `${address}/team/by-crane:1`);
		assert.notEqual(anonymous.code, 0);
		const user = ["--authfile", credential, "--tls-verify=false"];
		await run("podman", "login", ...user, address);
		await run("podman", "search", ...user, "--list-tags", `${address}/team/by-crane`);
	});

	it("a quota refuses what goes beyond it and says so; once it is raised, the same push passes", async () => {
		const { feed, kubectl } = standalone;
		const ready = () =>
			kubectl("wait", "--for=condition=Ready", "--timeout=60s", "project/limited", "robotaccount/limited");
		await feed(limitedProject("400k"), "apply", "-f", "-");
		await ready();
		const limited = await credentialFile(standalone, "limited");
		const refused = await push(standalone, layout, "limited/app:1", limited);
		assert.notEqual(refused.code, 0);
		assert.match(refused.stderr, /quota is exceeded/);
		await feed(limitedProject("1M"), "apply", "-f", "-");
		await ready();
		outputOf("push", await push(standalone, layout, "limited/app:1", limited));
		const second = await push(standalone, makeLayout(standalone.folder), "limited/app:2", limited);
		assert.match(second.stderr, /quota is exceeded/);
		outputOf("pull", await pull(standalone, "limited/app:1", limited));
	});

	it("what a project and a registry hold stands in their status, at once when somebody asks", async () => {
		const { kubectl } = standalone;
		outputOf("push", await push(standalone, layout, "team/counted:1", credential));
		for (const which of ["project/team", "registry/default"]) {
			const asked = new Date().toISOString();
			await kubectl("annotate", which, `limani.dev/requestedAt=${asked}`, "--overwrite");
			await kubectl("wait", `--for=jsonpath={.status.lastHandledRequestedAt}=${asked}`, "--timeout=60s", which);
		}
		const [bytes = "", artifacts = ""] = (
			await kubectl("get", "project/team", "-o", "jsonpath={.status.usage.bytes} {.status.usage.artifacts}")
		).split(" ");
		assert.ok(Number(bytes) > 600_000, bytes);
		assert.ok(Number(artifacts) >= 1, artifacts);
		const held = "jsonpath={.status.usage.logicalBytes}";
		assert.ok(Number(await kubectl("get", "registry/default", "-o", held)) >= Number(bytes));
		assert.match(
			await kubectl("describe", "registry/default"),
			/Collection:\n +Reclaimed Bytes: +0\n(.*\n)*? +Waiting Objects: +\d+/,
		);
		await eventually(async () => assert.match(await kubectl("get", "project/team", "-o", "wide"), / \d{6,} +5Gi /));
	});

	it("a project moves to files of its own and back, and is pulled from all the while", async () => {
		const { directory, kubectl } = standalone;
		outputOf("push", await push(standalone, layout, "team/moved:1", credential));
		const merge = (which: string, spec: object) =>
			kubectl("patch", which, "--type=merge", "-p", JSON.stringify({ spec }));
		await merge("registry/default", { storageClasses: [{ name: "own", filesystem: { size: "1Gi" } }] });
		await eventually(async () => {
			const classes = "jsonpath={.status.storageClasses[*].name} {.status.storageClasses[*].available}";
			assert.equal(await kubectl("get", "registry/default", "-o", classes), "default own true true");
		}, 180_000);
		const move = async (storageClassName: string | null, isThere: () => boolean) => {
			await merge("project/team", { storageClassName });
			await eventually(async () => {
				outputOf("pull", await pull(standalone, "team/moved:1", credential));
				assert.ok(isThere());
				const placed =
					'jsonpath={.status.conditions[?(@.type=="StoragePlaced")].status} {.metadata.generation} {.status.observedGeneration}';
				const [status, generation, observed] = (await kubectl("get", "project/team", "-o", placed)).split(" ");
				assert.deepEqual([status, observed], ["True", generation]);
			}, 180_000);
		};
		await move("own", () => blobsIn(directory, "own") > 0);
		await move(null, () => true);
		const asked = new Date().toISOString();
		await kubectl("annotate", "registry/default", `limani.dev/requestedAt=${asked}`, "--overwrite");
		const inUse = 'jsonpath={.status.storageClasses[?(@.name=="own")].inUse}';
		await eventually(async () => assert.equal(await kubectl("get", "registry/default", "-o", inUse), "true"), 180_000);
		// What lies there is collected after its delay: until then the class cannot go.
		await assert.rejects(merge("registry/default", { storageClasses: [] }), /a storage class that projects use/);
	});
});
