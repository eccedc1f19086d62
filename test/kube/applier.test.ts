import assert from "node:assert/strict";
import { test } from "node:test";
import { Applier } from "#/kube/applier.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { projectFields } from "#/kube/project-fields.ts";
import { SECRETS } from "#/kube/resource-type.ts";

const signal = new AbortController().signal;

const wantedOf = (data: object): KubeObject => ({
	apiVersion: "v1",
	kind: "Secret",
	metadata: { namespace: "a", name: "x", labels: { mine: "yes" } },
	spec: data,
});

/** Writes values as the server pleases, and adds what others have put there. */
const open = () => {
	const applied: KubeObject[] = [];
	let fail = false;
	const applier = new Applier({
		fieldManager: "limani-test",
		client: {
			apply: async (_, object, { fieldManager, force }) => {
				assert.deepEqual([fieldManager, force], ["limani-test", true]);
				applied.push(object);
				if (fail) throw new Error("no answer");
				return served(object, String(applied.length));
			},
		},
	});
	return {
		applier,
		applied,
		fails: (value: boolean) => {
			fail = value;
		},
	};
};

const served = (object: KubeObject, resourceVersion: string, uid = "u1"): KubeObject => ({
	...object,
	metadata: { ...object.metadata, uid, resourceVersion, labels: { ...object.metadata.labels, theirs: "too" } },
	spec: { ...Object(JSON.parse(JSON.stringify(object.spec).replace("1000m", "1"))), defaulted: true },
});

test("what was applied and stands there unharmed is not applied again, in whatever order and form", async () => {
	const { applier, applied } = open();
	const first = await applier.apply(
		SECRETS,
		wantedOf({ cpu: "1000m", list: [{ name: "a", value: 1 }] }),
		undefined,
		signal,
	);
	const again = wantedOf({ list: [{ value: 1, name: "a" }], cpu: "1000m" });
	for (let i = 0; i < 5; i++) assert.equal(await applier.apply(SECRETS, again, first, signal), first);
	// Others change what is theirs.
	const touched = { ...first, metadata: { ...first.metadata, resourceVersion: "9" }, status: { ready: true } };
	assert.equal(await applier.apply(SECRETS, again, touched, signal), touched);
	assert.equal(applied.length, 1);
});

const harms: readonly (readonly [what: string, harm: (object: KubeObject) => KubeObject | undefined])[] = [
	["a field is changed", (object) => ({ ...object, spec: { ...Object(object.spec), cpu: "2" } })],
	["a field is removed", (object) => ({ ...object, spec: { list: [] } })],
	[
		"an entry is changed",
		(object) => ({ ...object, spec: { ...Object(object.spec), list: [{ name: "a", value: 2 }] } }),
	],
	["a label is taken", (object) => ({ ...object, metadata: { ...object.metadata, labels: {} } })],
	["it is another one", (object) => ({ ...object, metadata: { ...object.metadata, uid: "u2" } })],
	["it is gone", () => undefined],
];

for (const [what, harm] of harms) {
	test(`it is applied again when ${what}`, async () => {
		const { applier, applied } = open();
		const wanted = wantedOf({ cpu: "1", list: [{ name: "a", value: 1 }] });
		const first = await applier.apply(SECRETS, wanted, undefined, signal);
		await applier.apply(
			SECRETS,
			wanted,
			harm({ ...first, metadata: { ...first.metadata, resourceVersion: "9" } }),
			signal,
		);
		assert.equal(applied.length, 2);
	});
}

test("it is applied again when something else is wanted, even less of it, and after a failure", async () => {
	const { applier, applied, fails } = open();
	const first = await applier.apply(SECRETS, wantedOf({ a: 1, b: 2 }), undefined, signal);
	const second = await applier.apply(SECRETS, wantedOf({ a: 1 }), first, signal);
	assert.equal(applied.length, 2);
	fails(true);
	await assert.rejects(applier.apply(SECRETS, wantedOf({ a: 3 }), second, signal));
	fails(false);
	await applier.apply(SECRETS, wantedOf({ a: 1 }), second, signal);
	assert.equal(applied.length, 4);
	applier.forget(SECRETS, { namespace: "a", name: "x" });
	await applier.apply(SECRETS, wantedOf({ a: 1 }), second, signal);
	assert.equal(applied.length, 5);
});

test("a store that has not seen the last apply does not cause another one", async () => {
	const { applier, applied } = open();
	const first = await applier.apply(SECRETS, wantedOf({ a: 1 }), undefined, signal);
	const second = await applier.apply(SECRETS, wantedOf({ a: 2 }), first, signal);
	assert.equal(await applier.apply(SECRETS, wantedOf({ a: 2 }), first, signal), first);
	assert.equal(await applier.apply(SECRETS, wantedOf({ a: 2 }), second, signal), second);
	assert.equal(applied.length, 2);
});

test("fields of a shape are found in lists by what names their entries", () => {
	const value = {
		containers: [
			{ name: "sidecar", image: "s" },
			{ name: "main", image: "m", ports: [{ containerPort: 5, protocol: "TCP" }] },
		],
		finalizers: ["theirs", "ours"],
		args: ["a", "c"],
		extra: 1,
	};
	const shape = {
		containers: [{ name: "main", image: "?", ports: [{ containerPort: 5 }] }],
		finalizers: ["ours"],
		args: ["a", "b"],
		absent: {},
	};
	assert.deepEqual(projectFields(value, shape), {
		containers: [{ name: "main", image: "m", ports: [{ containerPort: 5 }] }],
		finalizers: ["ours"],
		args: ["a", "c"],
	});
});
