import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { kustomizeBase } from "../../support/gitops/kustomize-base.ts";
import { findPart, skipWithout } from "../../support/parts.ts";
import { outputOf, runProgram } from "../../support/run-program.ts";

const folder = join(import.meta.dirname, "..", "..", "..", "examples", "gitops", "kustomize");

const manifest = z.looseObject({
	kind: z.string(),
	metadata: z.looseObject({
		name: z.string(),
		namespace: z.string().exactOptional(),
		annotations: z.record(z.string(), z.string()).default({}),
	}),
});

/** What kubectl's own kustomize makes of a folder. */
const build = async (name: string) => {
	const ended = await runProgram(findPart("kubectl") ?? "kubectl", ["kustomize", name], { env: {}, cwd: folder });
	return parseAllDocuments(outputOf(`kubectl kustomize ${name}`, ended)).map((document) =>
		manifest.parse(document.toJS()),
	);
};

type Built = Awaited<ReturnType<typeof build>>;

const keysOf = (objects: Built): readonly string[] =>
	objects.map(({ kind, metadata: { namespace = "", name } }) => `${kind} ${namespace}/${name}`).toSorted();

const containerOf = (objects: Built) => {
	const deployment = objects.find(({ kind }) => kind === "Deployment") ?? assert.fail();
	const container = Object(deployment.spec).template.spec.containers[0];
	const variable = (wanted: string): unknown =>
		container.env.find(({ name }: { readonly name: string }) => name === wanted)?.value;
	return { image: container.image, variable };
};

describe("the kustomize base", { skip: skipWithout("helm", "kubectl") }, () => {
	it("is what npm run generate makes of the chart, by the real helm", async () => {
		for (const [name, text] of await kustomizeBase()) {
			assert.equal(readFileSync(join(folder, "base", name), "utf8"), text, name);
		}
	});

	it("has the operator, and the definitions of all kinds, which stay when nobody asks for them any more", async () => {
		const objects = await build("base");
		const definitions = objects.filter(({ kind }) => kind === "CustomResourceDefinition");
		assert.deepEqual(
			definitions.map(({ metadata: { name } }) => name).toSorted(),
			ALL_KINDS.map(({ plural, group }) => `${plural}.${group}`).toSorted(),
		);
		for (const { metadata } of definitions) {
			assert.equal(metadata.annotations["kustomize.toolkit.fluxcd.io/prune"], "disabled");
			assert.equal(metadata.annotations["argocd.argoproj.io/sync-options"], "Prune=false,Delete=false");
		}
		assert.ok(keysOf(objects).includes("Deployment limani-system/limani"));
		assert.ok(keysOf(objects).includes("Namespace /limani-system"));
		assert.ok(!JSON.stringify(objects).includes("helm"), "nothing in it says that helm made it");
	});

	it("takes another image in both places where there is one, and rights over more Secrets", async () => {
		const [base, overlay] = [await build("base"), await build("overlay")];
		const image = `registry.example.org/platform/limani@sha256:${"0".repeat(64)}`;
		assert.equal(containerOf(overlay).image, image);
		assert.equal(containerOf(overlay).variable("LIMANI_OPERATOR_IMAGE"), image);
		assert.equal(containerOf(overlay).variable("LIMANI_OPERATOR_SECRET_NAMESPACES"), "limani-system,team-a");
		assert.equal(containerOf(overlay).variable("LIMANI_OPERATOR_LEASE"), "limani-system/limani");
		const more = keysOf(overlay).filter((key) => !keysOf(base).includes(key));
		assert.deepEqual(more, ["Namespace /team-a", "Role team-a/limani-secrets", "RoleBinding team-a/limani-secrets"]);
		const rulesOf = (objects: Built, wanted: string) =>
			objects.find(({ metadata: { name } }) => name === wanted)?.rules;
		assert.deepEqual(rulesOf(overlay, "limani-secrets"), rulesOf(base, "limani-system-limani-secrets"));
	});
});
