import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import { type StructuralSchema, withDefaults } from "#/api/crd/structural-schema.ts";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { parseResource } from "#/api/kinds/parse-resource.ts";
import { TENDED } from "../../operator/tended.ts";
import { judgeRules } from "../../support/cel-rules.ts";
import { DEFINITIONS, openTestApi, type TestApi } from "../../support/embedded-api.ts";

type Json = { readonly [field: string]: unknown };
interface Stored {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: { readonly name: string };
	readonly spec?: Json;
}

const read = <T>(name: string): readonly T[] =>
	JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", `${name}.json`), "utf8"));

/** The definitions as the first policies came with, and what was written by them: every field that there was. */
const FORMER_DEFINITIONS = read<Json & { readonly metadata: { readonly name: string } }>("former-definitions");
const FORMER = read<Stored>("former-resources");

const kindOf = ({ kind }: Stored): KindDefinition => ALL_KINDS.find((one) => one.kind === kind) ?? assert.fail(kind);

const schemaOf = (kind: KindDefinition): StructuralSchema =>
	toCrd(kind).spec.versions[0]?.schema.openAPIV3Schema ?? assert.fail();

/** Whether all that stands in one stands in the other, with the same values. */
const contains = (whole: unknown, part: unknown): boolean => {
	if (Array.isArray(part)) {
		return Array.isArray(whole) && whole.length === part.length && part.every((one, i) => contains(whole[i], one));
	}
	if (typeof part !== "object" || part === null) return whole === part;
	return Object.entries(part).every(([name, value]) => contains(Object(whole)[name], value));
};

for (const object of FORMER) {
	test(`a ${object.kind} that an earlier release stored is right, and means what it meant: ${object.metadata.name}`, () => {
		const { name } = object.metadata;
		const parsed = parseResource(kindOf(object), {
			...object,
			metadata: { name, namespace: "team", uid: "u", generation: 1 },
		});
		assert.ok("resource" in parsed, JSON.stringify(parsed));
		assert.ok(contains(parsed.resource.spec, object.spec ?? {}), JSON.stringify(parsed.resource.spec));
		const schema = schemaOf(kindOf(object));
		const whole = withDefaults(schema, object);
		const broken = [...judgeRules(schema, whole, whole)].filter(({ holds }) => !holds);
		assert.deepEqual(broken, []);
	});
}

const pathOf = ({ kind, metadata }: Stored): string =>
	`/apis/limani.dev/v1alpha1/namespaces/default/${kindOf({ kind, metadata, apiVersion: "" }).plural}/${metadata.name}`;

const define = async (api: TestApi, definitions: readonly object[]): Promise<void> => {
	for (const definition of definitions) {
		const { name } = Object(definition).metadata;
		const present = await api.call("GET", `${DEFINITIONS}/${name}`);
		const { status, body } =
			present.status === 404
				? await api.call("POST", DEFINITIONS, definition)
				: await api.call("PUT", `${DEFINITIONS}/${name}`, {
						...definition,
						metadata: { name, resourceVersion: present.at("metadata.resourceVersion") },
					});
		assert.ok(status < 300, JSON.stringify(body));
		await api.until(`${DEFINITIONS}/${name}`, (answer) => answer.status === 200);
	}
};

const create = async (api: TestApi, object: Stored): Promise<void> => {
	const folder = pathOf(object).slice(0, -object.metadata.name.length - 1);
	const { status, body } = await api.call("POST", `${folder}?fieldValidation=Strict`, object);
	assert.equal(status, 201, JSON.stringify(body));
};

const patch = (api: TestApi, object: Stored, body: object) =>
	api.call("PATCH", pathOf(object), body, { type: "application/merge-patch+json" });

test("definitions of an earlier release are replaced under what they stored, which can be read and changed on", async () => {
	await using api = await openTestApi();
	await define(api, FORMER_DEFINITIONS);
	for (const object of FORMER) await create(api, object);
	const stored = await Promise.all(FORMER.map(async (object) => (await api.call("GET", pathOf(object))).at("spec")));
	await define(api, ALL_KINDS.map(toCrd));
	for (const [i, object] of FORMER.entries()) {
		const now = await api.call("GET", pathOf(object));
		assert.ok(contains(now.at("spec"), stored[i]), `${object.kind} ${object.metadata.name}`);
		const changed = await patch(api, object, { metadata: { labels: { seen: "yes" } }, spec: { suspend: true } });
		assert.equal(changed.status, 200, JSON.stringify(changed.body));
		assert.equal(changed.at("spec.suspend"), true);
	}
	// And back again, as after a rollback: what only the newer release knows goes, and the rest is as it was.
	await define(api, FORMER_DEFINITIONS);
	for (const [i, object] of FORMER.entries()) {
		const back = await patch(api, object, { spec: { suspend: Object(stored[i]).suspend } });
		assert.equal(back.status, 200, JSON.stringify(back.body));
		assert.deepEqual(back.at("spec"), stored[i]);
	}
});

/** A definition that lets in whatever has the right types. */
const lax = (value: unknown): unknown => {
	if (Array.isArray(value)) return value.map(lax);
	if (typeof value !== "object" || value === null) return value;
	const strict = new Set(["x-kubernetes-validations", "enum", "pattern", "minimum", "maximum"]);
	return Object.fromEntries(
		Object.entries(value).flatMap(([name, child]) => (strict.has(name) ? [] : [[name, lax(child)]])),
	);
};

describe("rules that come later", () => {
	const bad = [
		{ kind: "Registry", spec: {}, wrong: { deletionPolicy: "Perhaps" } },
		...TENDED.map(({ kind, spec, wrong }) => ({ kind, spec, wrong })),
	];
	for (const { kind, spec, wrong } of bad) {
		it(`a ${kind} that was stored before a rule came can be changed in what is right of it`, async () => {
			await using api = await openTestApi();
			const definition = toCrd(ALL_KINDS.find((one) => one.kind === kind) ?? assert.fail());
			await define(api, [Object(lax(definition))]);
			const object = {
				apiVersion: "limani.dev/v1alpha1",
				kind,
				metadata: { name: "old" },
				spec: { ...spec, ...wrong },
			};
			await create(api, object);
			await define(api, [definition]);
			const elsewhere = await patch(api, object, { metadata: { labels: { a: "b" } }, spec: { suspend: true } });
			assert.equal(elsewhere.status, 200, JSON.stringify(elsewhere.body));
			assert.ok(contains(elsewhere.at("spec"), wrong), "what was wrong stays");
			const [field = ""] = Object.keys(wrong);
			const worse = await patch(api, object, { spec: { [field]: "Worse" } });
			assert.equal(worse.status, 422, JSON.stringify(worse.body));
			const mended = await patch(api, object, { spec: { [field]: Object(spec)[field] ?? null } });
			assert.equal(mended.status, 200, JSON.stringify(mended.body));
			const again = await patch(api, object, { spec: wrong });
			assert.equal(again.status, 422, "once mended it stays right");
		});
	}
});
