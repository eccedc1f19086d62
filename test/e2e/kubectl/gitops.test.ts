// The same manifests applied again and again, by whatever applies manifests, while an operator works on them.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { stringify } from "yaml";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { listAll } from "#/kube/list-all.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { type Manifest, readManifests } from "../../support/manifests.ts";
import { eventually, openWorld, type World } from "../../support/operator-world.ts";
import { findPart, skipWithout } from "../../support/parts.ts";
import { outputOf, runProgram } from "../../support/run-program.ts";
import { writeKubeconfig } from "../../support/write-kubeconfig.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const FOLDERS = ["-f", "examples/quickstart", "-f", "examples/kinds"];
/** What is applied: of every kind the simplest and the fullest, and a whole that works. */
const MANIFESTS = [...readManifests("examples/quickstart/*.yaml"), ...readManifests("examples/kinds/*.yaml")];
const OURS = MANIFESTS.filter(({ apiVersion }) => apiVersion.startsWith("limani.dev/"));
const SETTLE_MS = 120_000;

/** Who applies on the server, and by which name, as kubectl's options. */
const APPLIERS = [
	{ who: "kubectl", options: [] },
	{ who: "Flux", options: ["--field-manager=kustomize-controller"] },
	{ who: "Argo CD", options: ["--field-manager=argocd-controller"] },
] as const;

describe("the same manifests, applied twice while the operator works", { skip: skipWithout("kubectl", "helm") }, () => {
	const folder = mkdtempSync(join(tmpdir(), "limani-gitops-"));
	const env = { PATH: process.env.PATH ?? "", HOME: folder, KUBECONFIG: join(folder, "kubeconfig") };
	let world: World;
	before(async () => {
		world = await openWorld();
		await writeKubeconfig(world.owners, env.KUBECONFIG, "try");
		const spaces = new Set(MANIFESTS.map(({ metadata: { namespace = "try" } }) => namespace));
		for (const name of spaces) await kubectl("create", "namespace", name);
	});
	after(async () => {
		await world[Symbol.asyncDispose]();
		rmSync(folder, { recursive: true, force: true });
	});

	const run = async (program: string, ...args: readonly string[]): Promise<string> =>
		outputOf([program, ...args].join(" "), await runProgram(findPart(program) ?? program, args, { env, cwd: root }));
	const kubectl = (...args: readonly string[]) => run("kubectl", ...args);
	const helm = (...args: readonly string[]) => run("helm", ...args);

	/** All resources of our kinds. */
	const present = async (): Promise<readonly KubeObject[]> => {
		const lists = ALL_KINDS.map((kind) => listAll(world.user, kind, { limit: 500 }, AbortSignal.timeout(30_000)));
		return (await Promise.all(lists)).flatMap(({ items }) => items);
	};
	/** Waits until the operator has said of all of them how they stand, and has nothing more to do. */
	const settled = async (count: number): Promise<readonly KubeObject[]> => {
		await eventually(async () => {
			const objects = await present();
			const missing = objects.length === count ? [] : [`there are ${objects.length} of ${count}`];
			return [...missing, ...objects.filter((object) => !isJudged(object)).map(({ metadata }) => keyOf(metadata))];
		}, SETTLE_MS);
		await world.atRest();
		return await present();
	};
	const gone = () =>
		eventually(async () => (await present()).map(({ kind, metadata }) => `${kind} ${metadata.name}`), SETTLE_MS);
	/** Applies, lets the operator work, applies again: nothing is another than it was. */
	const twice = async (count: number, apply: () => Promise<unknown>): Promise<void> => {
		await apply();
		const once = await settled(count);
		await apply();
		const again = await settled(count);
		assert.deepEqual(generationsOf(again), generationsOf(once));
		assert.deepEqual(specsOf(again), specsOf(once));
		for (const [key, generation] of generationsOf(again)) assert.equal(generation, 1, key);
	};

	it("kubectl, by the client: there is no difference, whatever it calls that", async () => {
		const said: string[] = [];
		await twice(OURS.length, async () => said.push(await kubectl("apply", ...FOLDERS)));
		const lines = (said[1] ?? "").trimEnd().split("\n");
		assert.equal(lines.length, MANIFESTS.length);
		// Where a list has entries with defaults, kubectl sends the list again, and says `configured`: nothing comes of it.
		for (const line of lines) assert.match(line, / (unchanged|configured)$/);
		assert.equal(await kubectl("diff", ...FOLDERS), "");
		const ready = (await present()).filter((object) => findCondition(conditionsOf(object), "Ready")?.status === "True");
		const quick = readManifests("examples/quickstart/*.yaml").filter(({ kind }) => kind !== "Secret");
		assert.ok(ready.length >= quick.length, `${ready.length} are ready`);
		await kubectl("delete", ...FOLDERS, "--wait=false");
		await gone();
	});

	for (const { who, options } of APPLIERS) {
		it(`${who}, on the server: there is no conflict, and no difference`, async () => {
			const onServer = ["--server-side", ...options];
			await twice(OURS.length, () => kubectl("apply", ...onServer, ...FOLDERS));
			assert.equal(await kubectl("diff", ...onServer, ...FOLDERS), "");
			await kubectl("delete", ...FOLDERS, "--wait=false");
			await gone();
		});
	}

	it("one after the other, without force: those who want the same are in nobody's way", async () => {
		const all = join(folder, "all.yaml");
		writeFileSync(all, MANIFESTS.map((manifest) => stringify(withoutText(manifest))).join("---\n"));
		await kubectl("apply", "-f", all);
		const once = await settled(OURS.length);
		for (const { options } of APPLIERS) await kubectl("apply", "--server-side", ...options, "-f", all);
		const again = await settled(OURS.length);
		assert.deepEqual(generationsOf(again), generationsOf(once));
		await kubectl("apply", "-f", all);
		assert.equal(await kubectl("diff", "-f", all), "");
		await kubectl("delete", "-f", all, "--wait=false");
		await gone();
	});

	it("helm, with a tenant's chart: an upgrade to the same changes nothing, and what it holds is what is there", async () => {
		await kubectl("apply", "-f", "examples/quickstart/registries.yaml");
		const registries = readManifests("examples/quickstart/registries.yaml").filter(({ kind }) => kind === "Registry");
		await settled(registries.length);
		const values = join(folder, "values.yaml");
		writeFileSync(values, tenantValues());
		const chart = ["charts/limani-tenant", "--values", values];
		await twice(registries.length + 5, () => helm("upgrade", "--install", "tenant", ...chart));
		const held = join(folder, "held.yaml");
		writeFileSync(held, await helm("get", "manifest", "tenant"));
		// Whoever else keeps the same in Git, helm's labels too, sees no difference and is in nobody's way.
		const another = ["--server-side", "--field-manager=argocd-controller", "-f", held];
		assert.equal(await kubectl("diff", ...another), "");
		await kubectl("apply", ...another);
		await helm("upgrade", "tenant", ...chart);
		for (const [key, generation] of generationsOf(await settled(registries.length + 5)))
			assert.equal(generation, 1, key);
		await helm("uninstall", "tenant");
		await kubectl("delete", "-f", "examples/quickstart/registries.yaml", "--wait=false");
		await gone();
	});

	it("the operator itself never wrote a spec, nor anything that its owners say", async () => {
		assert.deepEqual(world.watcher.faults, []);
		await kubectl("apply", ...FOLDERS);
		for (const { kind, metadata } of await settled(OURS.length)) {
			const operators = (metadata.managedFields ?? []).filter(({ manager }) => String(manager).startsWith("limani"));
			assert.ok(operators.length > 0, `${kind} ${keyOf(metadata)}`);
			for (const { subresource, fieldsV1 } of operators) {
				const fields = Object.keys(Object(fieldsV1)).filter((field) => field !== "f:status");
				assert.deepEqual(fields, subresource === "status" ? [] : ["f:metadata"], `${kind} ${keyOf(metadata)}`);
				const inside = Object.keys(Object(Object(fieldsV1)["f:metadata"]));
				assert.deepEqual(inside, subresource === "status" ? [] : ["f:finalizers"], `${kind} ${keyOf(metadata)}`);
			}
		}
	});
});

/** What a Secret is given as text is nowhere when it is read, and so whoever gives it next is in the way of the first. */
const withoutText = ({ stringData, ...manifest }: Manifest): object => {
	if (stringData === undefined) return manifest;
	const entries = Object.entries(Object(stringData));
	const data = entries.map(([key, text]) => [key, Buffer.from(String(text)).toString("base64")] as const);
	return { ...manifest, data: Object.fromEntries(data) };
};

const isJudged = (object: KubeObject): boolean =>
	findCondition(conditionsOf(object), "Ready")?.observedGeneration === object.metadata.generation;

const keyed = <T>(objects: readonly KubeObject[], value: (object: KubeObject) => T): ReadonlyMap<string, T> =>
	new Map(objects.map((object) => [`${object.kind} ${keyOf(object.metadata)}`, value(object)]));

const generationsOf = (objects: readonly KubeObject[]) => keyed(objects, ({ metadata }) => metadata.generation);
const specsOf = (objects: readonly KubeObject[]) => keyed(objects, ({ spec }) => spec);

/** A tenant with one of each of the kinds that a tenant has, and two projects. */
const tenantValues = (): string =>
	stringify({
		registry: { name: "default" },
		projects: { app: { visibility: "Private", quota: { storage: "1Gi" } }, lib: {} },
		robotAccounts: { builder: { permissions: [{ project: "app", actions: ["pull", "push"] }] } },
		retentionPolicies: {
			tidy: { projectRefs: [{ name: "app" }], rules: [{ name: "newest", keep: { latestPushed: 10 } }] },
		},
		replicationPolicies: {
			copy: { projectRefs: [{ name: "lib" }], source: { url: "https://far.example.org" }, mode: "Copy" },
		},
	});
