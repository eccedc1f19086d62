import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { fieldAt } from "#/kube-embedded/json.ts";
import { type KubeBench, openKubeBench } from "../../support/kube-bench.ts";
import { skipWithoutKube } from "../../support/kube-plane.ts";
import { readManifests } from "../../support/manifests.ts";

/** Folders of examples that are resources of ours and what they need, and nothing else. */
const EXAMPLES = ["kinds", "quickstart"] as const;

/** What kubectl says of each object, `registry.limani.dev/main created`. */
const linesOf = (text: string): readonly string[] => text.trimEnd().split("\n");

const versionOf = (kind: KindDefinition) => toCrd(kind).spec.versions[0] ?? assert.fail();

describe("kubectl on a real API server", { skip: skipWithoutKube() }, () => {
	let bench: KubeBench;
	before(async () => {
		bench = await openKubeBench();
		await bench.kubectl("apply", "--server-side", "--warnings-as-errors", "-f", "crds/");
		const names = ALL_KINDS.map(({ plural, group }) => `crd/${plural}.${group}`);
		await bench.kubectl("wait", "--for=condition=Established", "--timeout=60s", ...names);
		const namespaces = new Set(
			readManifests(`examples/{${EXAMPLES.join(",")}}/*.yaml`).map(({ metadata }) => metadata.namespace ?? "try"),
		);
		for (const namespace of ["try", ...namespaces.difference(new Set(["try"]))]) {
			await bench.kubectl("create", "namespace", namespace);
		}
		await bench.kubectl("config", "set-context", "--current", "--namespace=try");
	});
	after(() => bench[Symbol.asyncDispose]());

	it("applies the definitions again, and nothing changes", async () => {
		const applied = linesOf(await bench.kubectl("apply", "--server-side", "--warnings-as-errors", "-f", "crds/"));
		assert.equal(applied.length, ALL_KINDS.length);
		await bench.kubectl("diff", "--server-side", "-f", "crds/");
	});

	for (const each of EXAMPLES) {
		const files = ["-f", `examples/${each}/`];
		const columns = "custom-columns=KIND:.kind,NAME:.metadata.name,UID:.metadata.uid,GENERATION:.metadata.generation";
		/** What all are that the files are about, and which generation of it. */
		const generations = async () => await bench.kubectl("get", ...files, "-o", columns);
		it(`applies examples/${each} in both ways, twice, without a change, a conflict or a warning`, async () => {
			const strictly = ["apply", "--warnings-as-errors", "--validate=strict", ...files];
			for (const way of ["--server-side=false", "--server-side=true"]) {
				const made = linesOf(await bench.kubectl(...strictly, way));
				assert.ok(made.length > 0);
				const before = await generations();
				// kubectl writes those with defaults in lists as often as it is told to: the same again.
				await bench.kubectl(...strictly, way);
				assert.equal(await generations(), before);
				assert.equal(await bench.kubectl("diff", way, ...files), "");
				if (way === "--server-side=false") await bench.kubectl("delete", ...files, "--wait=true");
			}
		});
	}

	for (const kind of ALL_KINDS) {
		const { schema, additionalPrinterColumns } = versionOf(kind);
		it(`explains every field of ${kind.kind}`, async () => {
			const spec = schema.openAPIV3Schema.properties?.spec?.properties ?? {};
			const text = await bench.kubectl("explain", `${kind.plural}.spec`);
			for (const name of Object.keys(spec)) assert.match(text, new RegExp(`^  ${name}\\t<`, "m"));
			assert.doesNotMatch(text, /<no description>/);
		});

		it(`shows ${kind.kind} with its columns`, async () => {
			const head = async (...more: readonly string[]) =>
				linesOf(await bench.kubectl("get", kind.plural, "-A", ...more))[0]
					?.split(/\s{2,}/)
					.map((name) => name.trim());
			const wanted = (isWide: boolean) => [
				"NAMESPACE",
				"NAME",
				...additionalPrinterColumns
					.filter((column) => isWide || (fieldAt(column, ["priority"]) ?? 0) === 0)
					.map((column) => String(fieldAt(column, ["name"])).toUpperCase()),
			];
			assert.deepEqual(await head(), wanted(false));
			assert.deepEqual(await head("-o", "wide"), wanted(true));
		});
	}

	it("finds a kind by its short names and its category", async () => {
		const all = linesOf(await bench.kubectl("get", "limani", "-A", "-o", "name"));
		for (const kind of ALL_KINDS) {
			const { singular, shortNames } = toCrd(kind).spec.names;
			assert.ok(
				all.some((name) => name.startsWith(`${singular}.${kind.group}/`)),
				`${kind.kind} is not in the category`,
			);
			for (const short of shortNames) {
				const found = linesOf(await bench.kubectl("get", short, "-A", "-o", "name"));
				assert.ok(found[0]?.startsWith(`${singular}.${kind.group}/`), short);
			}
		}
	});

	it("selects by what resources refer to", async () => {
		for (const kind of ALL_KINDS.filter((one) => versionOf(one).selectableFields !== undefined)) {
			const select = async (name: string) =>
				await bench.kubectl(
					"get",
					kind.plural,
					"-A",
					"--field-selector",
					`spec.registryRef.name=${name}`,
					"-o",
					"name",
				);
			assert.equal(await select("nowhere"), "");
			assert.notEqual(await select("shared"), "");
		}
	});

	it("scales a Registry by its subresource, and only so far as its rules let it", async () => {
		await bench.kubectl("scale", "registry/default", "-n", "try", "--replicas=0");
		const replicas = async () =>
			await bench.kubectl("get", "registry", "default", "-n", "try", "-o", "jsonpath={.spec.replicas}");
		assert.equal(await replicas(), "0");
		const refused = await bench.attempt("scale", "registry/default", "-n", "try", "--replicas=3");
		assert.match(refused.stderr, /more than one replica needs/);
		await bench.kubectl("scale", "registry/default", "-n", "try", "--current-replicas=0", "--replicas=1");
		assert.equal(await replicas(), "1");
	});

	it("refuses a field that there is not, and a status from whoever writes a spec", async () => {
		const file = bench.write(
			"typo.json",
			JSON.stringify({
				apiVersion: "limani.dev/v1alpha1",
				kind: "Project",
				metadata: { name: "typo", namespace: "try" },
				spec: { registryRef: { name: "default" }, visiblity: "Public" },
			}),
		);
		const typo = await bench.attempt("apply", "-f", file);
		assert.match(typo.stderr, /unknown field "spec\.visiblity"/);
		const status = { observedGeneration: 7 };
		const object = { metadata: { name: "forged" }, spec: { registryRef: { name: "default" } }, status };
		const { group, version } = ALL_KINDS[0] ?? assert.fail();
		const made = await bench.call("POST", `/apis/${group}/${version}/namespaces/try/projects`, {
			apiVersion: `${group}/${version}`,
			kind: "Project",
			...object,
		});
		assert.equal(made.status, 201);
		assert.notEqual(made.at("status", "observedGeneration"), 7);
	});
});
