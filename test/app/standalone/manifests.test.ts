import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ManifestApplier } from "#/app/standalone/manifests/manifest-applier.ts";
import { readManifests } from "#/app/standalone/manifests/read-manifests.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { NAMESPACES, SECRETS } from "#/kube/resource-type.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const SECRET = "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { a: b }\n";

test("manifests are read from files and folders, what others need first", (t) => {
	const folder = temporaryDirectory(t);
	mkdirSync(join(folder, "deep"));
	writeFileSync(
		join(folder, "b.yaml"),
		`# nothing\n---\n${SECRET}---\napiVersion: x/v1\nkind: X\nmetadata: {name: x}\n`,
	);
	writeFileSync(join(folder, "deep", "a.json"), '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}}');
	writeFileSync(join(folder, "README.md"), "not: [yaml");
	const { manifests, failures } = readManifests([folder]);
	assert.deepEqual(failures, []);
	assert.deepEqual(
		manifests.map(({ object }) => object.kind),
		["Namespace", "Secret", "X"],
	);
	assert.equal(manifests[1]?.source, `${join(folder, "b.yaml")}, document 1`);
});

for (const [name, text, said] of [
	["no YAML", "a: [secret-text", /document 1: is not YAML/],
	["no object", "secret: secret-text", /document 1: apiVersion: expected an object of Kubernetes/],
	["no name", "apiVersion: v1\nkind: Secret\nmetadata: {}", /document 1: metadata\.name: expected/],
] as const) {
	test(`a file with ${name} is refused, saying where and not what`, (t) => {
		const folder = temporaryDirectory(t);
		writeFileSync(join(folder, "x.yaml"), `${text}\n---\n${SECRET}`);
		writeFileSync(join(folder, "y.yaml"), SECRET);
		const { manifests, failures } = readManifests([folder]);
		assert.deepEqual(
			manifests.map(({ source }) => source),
			[`${join(folder, "y.yaml")}, document 1`],
		);
		assert.equal(failures.length, 1);
		assert.match(failures[0]?.message ?? "", said);
		assert.doesNotMatch(failures[0]?.message ?? "", /secret-text/);
	});
}

test("a path that is not there is named", () => {
	const [failure] = readManifests(["/no/such/folder"]).failures;
	assert.match(failure?.message ?? "", /--manifests: got \/no\/such\/folder: expected a file/);
});

/** Keeps what is applied. */
const fakeClient = (refuse: (object: KubeObject) => boolean) => {
	const applied: string[] = [];
	const { promise, resolve } = Promise.withResolvers<void>();
	const client: Pick<KubeClient, "apply"> = {
		apply: async (_type, object, { fieldManager, force }) => {
			if (refuse(object)) throw new KubeError("INVALID", "refused");
			applied.push(`${object.kind} ${keyOf(object.metadata)} ${fieldManager} ${force}`);
			if (object.metadata.name === "later") resolve();
			return object;
		},
	};
	return { client, applied, later: promise };
};

const typeOf = ({ kind }: KubeObject) => (kind === "Secret" ? SECRETS : kind === "Namespace" ? NAMESPACES : undefined);

test("what a file names is applied, in the default namespace where it names none; one refusal stops no other", async (t) => {
	const folder = temporaryDirectory(t);
	writeFileSync(join(folder, "a.yaml"), `${SECRET}---\napiVersion: x/v1\nkind: X\nmetadata: {name: x}\n`);
	writeFileSync(join(folder, "b.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: { name: n }\n");
	const { client, applied } = fakeClient(({ kind }) => kind === "Namespace");
	using applier = new ManifestApplier({ client, typeOf, report: assert.fail }, [folder]);
	await assert.rejects(applier.apply(t.signal), (error: Error) => {
		assert.match(error.message, /b\.yaml, document 1: refused/);
		assert.match(error.message, /a\.yaml, document 2: no matches for kind "X" in version "x\/v1"/);
		return true;
	});
	assert.deepEqual(applied, ["Secret default/s limani-manifests true"]);
});

test("what could not be applied is applied when it is mended", async (t) => {
	const folder = temporaryDirectory(t);
	const file = join(folder, "a.yaml");
	writeFileSync(file, "kind: [");
	const { client } = fakeClient(() => false);
	using applier = new ManifestApplier(
		{ client, typeOf, report: () => writeFileSync(file, SECRET.replace("name: s", "name: mended")) },
		[folder],
	);
	const [object] = await applier.applyUntilDone(t.signal);
	assert.equal(object?.metadata.name, "mended");
});

test("what changes is applied again", async (t) => {
	const folder = temporaryDirectory(t);
	writeFileSync(join(folder, "a.yaml"), SECRET);
	const { client, applied, later } = fakeClient(() => false);
	using applier = new ManifestApplier({ client, typeOf, report: () => undefined }, [folder]);
	assert.equal((await applier.applyUntilDone(t.signal)).length, 1);
	writeFileSync(join(folder, "b.yaml"), SECRET.replace("name: s", "name: later"));
	await later;
	assert.ok(applied.includes("Secret default/later limani-manifests true"));
});
