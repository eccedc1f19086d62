import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { KubeObject } from "#/kube/kube-object.ts";
import { manageFields } from "#/kube-embedded/patch/manage-fields.ts";
import { serverSideApply } from "#/kube-embedded/patch/server-side-apply.ts";
import { schemaRules } from "#/kube-embedded/schema/schema-rules.ts";
import { readSchema } from "#/kube-embedded/schema/structural-schema.ts";
import { withObjectMeta } from "#/kube-embedded/schema/with-object-meta.ts";

interface Step {
	readonly op: "apply" | "update";
	readonly manager: string;
	readonly force?: boolean;
	readonly object: KubeObject;
	readonly live: Readonly<Record<string, unknown>> | null;
	readonly causes?: readonly { readonly message: string; readonly field: string }[];
	readonly message?: string;
}

const fixture: {
	readonly spec: Readonly<Record<string, unknown>>;
	readonly scenarios: readonly { readonly name: string; readonly ops: readonly Step[] }[];
} = JSON.parse(await readFile(new URL("./fixtures/applied.json", import.meta.url), "utf8"));

const schema = { type: "object", properties: { spec: fixture.spec, status: fixture.spec } };
const rulesOf = (statusSubresource: boolean) =>
	schemaRules({ schema: readSchema(withObjectMeta(schema)), statusSubresource });
const rules = rulesOf(false);
const now = "2026-01-01T00:00:00Z";
const later = "2026-01-02T00:00:00Z";

const order = (entry: unknown): string => {
	const { operation, manager } = Object.assign({ operation: "", manager: "" }, entry);
	return `${operation} ${manager}`;
};

/** Without what differs from run to run; what Go empties it leaves as null. */
const compared = (object: unknown): unknown =>
	JSON.parse(JSON.stringify(object ?? {}), (key, value: unknown) => {
		if (key === "time" || key === "creationTimestamp") return undefined;
		if (key === "managedFields" && Array.isArray(value))
			return value.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
		return value === null ? {} : value;
	});

const updated = (before: KubeObject | undefined, object: KubeObject, manager: string, at = now): KubeObject => {
	const managedFields = manageFields({
		before,
		after: object,
		manager,
		operation: "Update",
		subresource: undefined,
		now: at,
		rules,
	});
	return { ...object, metadata: { ...object.metadata, ...(managedFields === undefined ? {} : { managedFields }) } };
};

const apply = (live: KubeObject | undefined, applied: KubeObject, manager: string, more: object = {}) =>
	serverSideApply({ live, applied, manager, force: false, rules, subresource: undefined, now, ...more });

const applied = (result: ReturnType<typeof apply>): KubeObject => {
	assert.ok("object" in result, JSON.stringify(result));
	return result.object;
};

describe("applies and updates give what Kubernetes gives", () => {
	for (const { name, ops } of fixture.scenarios)
		it(name, () => {
			let live: KubeObject | undefined;
			for (const { op, manager, force = false, object, message, causes = [], live: wanted } of ops) {
				const result =
					op === "apply" ? apply(live, object, manager, { force }) : { object: updated(live, object, manager) };
				if ("conflicts" in result) {
					assert.equal(result.message, message);
					assert.deepEqual(
						result.conflicts.map((one) => `${one.field} ${one.message}`).sort(),
						causes.map((one) => `${one.field} ${one.message}`).sort(),
					);
				} else {
					assert.equal(message, undefined);
					live = result.object;
				}
				assert.deepEqual(compared(live), compared(wanted));
			}
		});
});

const object = (spec: object, more: object = {}): KubeObject => ({
	apiVersion: "example.test/v1",
	kind: "Widget",
	metadata: { name: "a" },
	spec,
	...more,
});

describe("server-side apply", () => {
	it("gives the live object itself when nothing changes, times and all", () => {
		const live = applied(apply(undefined, object({ replicas: 1, tags: ["a"] }), "x"));
		assert.equal(applied(apply(live, object({ replicas: 1, tags: ["a"] }), "x", { now: later })), live);
	});

	it("changes the time of its own entry alone", () => {
		const first = applied(apply(undefined, object({ replicas: 1 }), "x"));
		const second = applied(apply(first, object({ text: "t" }), "y", { now: later }));
		assert.deepEqual(
			second.metadata.managedFields?.map(({ manager, time }) => [manager, time]),
			[
				["x", now],
				["y", later],
			],
		);
	});

	it("refuses applied managedFields", () => {
		const wrong = { ...object({}), metadata: { name: "a", managedFields: [{ manager: "x" }] } };
		assert.throws(() => apply(undefined, wrong, "x"), { code: "INVALID" });
	});

	it("counts what was there before anybody applied as somebody's", () => {
		const result = apply(object({ replicas: 1 }), object({ replicas: 2 }), "x");
		assert.ok("conflicts" in result);
		assert.equal(
			result.message,
			'Apply failed with 1 conflict: conflict with "before-first-apply" using example.test/v1: .spec.replicas',
		);
	});

	it("leaves fields that the schema does not know for the judge, and gives them to nobody", () => {
		const made = applied(apply(undefined, object({ replicas: 1, unheard: 1 }), "x"));
		assert.deepEqual(made.spec, { replicas: 1, unheard: 1 });
		assert.deepEqual(made.metadata.managedFields?.[0]?.fieldsV1, { "f:spec": { "f:replicas": {} } });
		const stored = rules.prune(made);
		const again = applied(apply(stored, object({ replicas: 1, unheard: 1 }), "x", { now: later }));
		assert.deepEqual(rules.prune(again), stored);
	});

	it("refuses elements that cannot be told apart", () => {
		const refused = (items: readonly object[], message: string) =>
			assert.throws(() => apply(undefined, object({ items }), "x"), { code: "INVALID", message });
		refused([{ name: "a" }, { name: "a" }], '.spec.items: duplicate entries for key [name="a"]');
		refused(
			[{ v: "1" }],
			'.spec.items: element 0: associative list with keys has an element that omits key field "name"',
		);
	});

	it("through the status writes the status alone, as a writer of its own", () => {
		const own = rulesOf(true);
		const first = applied(apply(undefined, object({ replicas: 1 }), "x", { rules: own }));
		const wanted = object({ replicas: 9 }, { status: { text: "t" } });
		const second = applied(apply(first, wanted, "x", { rules: own, subresource: "status" }));
		assert.deepEqual([second.spec, second.status], [{ replicas: 1 }, { text: "t" }]);
		assert.deepEqual(
			second.metadata.managedFields?.map(({ subresource, fieldsV1 }) => [subresource, fieldsV1]).toSorted(),
			[
				["status", { "f:status": { "f:text": {} } }],
				[undefined, { "f:spec": { "f:replicas": {} } }],
			].toSorted(),
		);
	});

	it("takes over from a writer that its manager replaces, when that one's entry is given away", () => {
		const created = updated(undefined, object({ replicas: 1 }), "kubectl-client-side-apply");
		const entries = created.metadata.managedFields?.map((entry) => ({
			...entry,
			manager: "kubectl",
			operation: "Apply",
		}));
		const migrated = { ...created, metadata: { ...created.metadata, managedFields: entries ?? [] } };
		const patched = updated(created, migrated, "kubectl-client-side-apply");
		assert.deepEqual(
			patched.metadata.managedFields?.map(({ manager, operation }) => [manager, operation]),
			[["kubectl", "Apply"]],
		);
		assert.equal(applied(apply(patched, object({ text: "t" }), "kubectl")).spec === undefined, false);
		assert.deepEqual(applied(apply(patched, object({ text: "t" }), "kubectl")).spec, { text: "t" });
	});
});

const letters = fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 });
const word = fc.constantFrom("1", "2");
const items = letters.chain((names) =>
	fc.tuple(...names.map((name) => fc.record({ name: fc.constant(name), v: word }, { noNullPrototype: true }))),
);
const specs = fc.record(
	{
		replicas: fc.nat(2),
		tags: letters,
		atom: letters,
		labels: fc.dictionary(fc.constantFrom("k", "l"), word, { noNullPrototype: true }),
		items,
	},
	{ requiredKeys: [], noNullPrototype: true },
);

describe("whatever is applied", () => {
	it("is in the object, and applying it again changes nothing", () => {
		fc.assert(
			fc.property(specs, specs, (before, wanted) => {
				const live = updated(undefined, object(before), "e");
				const once = applied(apply(live, object(wanted), "x", { force: true }));
				assert.equal(applied(apply(once, object(wanted), "x", { now: later, force: false })), once);
			}),
		);
	});

	it("is gone when its applier gives it up and nobody else has it", () => {
		fc.assert(
			fc.property(specs, (wanted) => {
				const live = applied(apply(undefined, object(wanted), "x"));
				const left = applied(apply(live, object({}), "x"));
				assert.deepEqual(left.spec, {});
			}),
		);
	});
});
