import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { builtInRules } from "#/kube-embedded/schema/built-in-rules.ts";
import type { Judged } from "#/kube-embedded/schema/kind-rules.ts";

const judge = (key: string, apiVersion: string, more: object): Judged => {
	const rules = builtInRules.get(key);
	assert.ok(rules);
	const kind = key.split("/")[1] ?? "";
	return rules.judgeCreate({ apiVersion, kind, metadata: { name: "a" }, ...more }, { unknownFields: "Strict" });
};

const messages = (judged: Judged): readonly string[] => {
	if ("undecodable" in judged) return [judged.undecodable];
	return "causes" in judged ? judged.causes.map(({ field, message }) => `${field}: ${message}`) : [];
};

const base64 = (text: string): string => Buffer.from(text).toString("base64");

const secrets: readonly (readonly [string, object, RegExp | undefined])[] = [
	["is opaque when it says nothing", { data: { a: base64("x") } }, undefined],
	["holds base64", { data: { a: "*" } }, /^illegal base64 data at input byte 0$/],
	[
		"has keys of certain letters",
		{ data: { "a/b": "" } },
		/^data\[a\/b\]: Invalid value: "a\/b": a valid config key must consist/,
	],
	[
		"of the docker type needs its key",
		{ type: "kubernetes.io/dockerconfigjson" },
		/^data\[\.dockerconfigjson\]: Required value/,
	],
	[
		"of the docker type holds JSON, which is not shown when it is none",
		{ type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": base64("hush") } },
		/<secret contents redacted>/,
	],
	[
		"of the docker type is good with JSON",
		{ type: "kubernetes.io/dockerconfigjson", stringData: { ".dockerconfigjson": "{}" } },
		undefined,
	],
	[
		"of the TLS type needs both keys",
		{ type: "kubernetes.io/tls", data: { "tls.crt": "" } },
		/^data\[tls\.key\]: Required value/,
	],
	[
		"holds at most a MiB",
		{ data: { a: base64("x".repeat(1024 * 1024 + 1)) } },
		/^data: Too long: may not be more than 1048576 bytes/,
	],
	["has no other fields", { dataa: {} }, /unknown field "dataa"/],
];

describe("a Secret", () => {
	for (const [name, more, wanted] of secrets)
		it(name, () => {
			const found = messages(judge("/Secret", "v1", more));
			if (wanted === undefined) assert.deepEqual(found, []);
			else assert.match(found.join("\n"), wanted);
		});

	it("gets its type by default", () => {
		const judged = judge("/Secret", "v1", {});
		assert.equal("object" in judged && judged.object.type, "Opaque");
	});
});

describe("a ConfigMap", () => {
	it("holds texts, and no key twice", () => {
		assert.deepEqual(messages(judge("/ConfigMap", "v1", { data: { a: "1" }, binaryData: { b: "AA==" } })), []);
		assert.deepEqual(messages(judge("/ConfigMap", "v1", { data: { a: 1 } })), [
			"json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
		]);
		assert.deepEqual(messages(judge("/ConfigMap", "v1", { metadata: { name: "a", labels: "x" } })), [
			"json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string",
		]);
		assert.match(
			messages(judge("/ConfigMap", "v1", { data: { a: "1" }, binaryData: { a: "AA==" } })).join(),
			/duplicate of key/,
		);
	});
});

describe("the other built-in kinds", () => {
	it("are all there", () => {
		assert.deepEqual([...builtInRules.keys()].sort(), [
			"/ConfigMap",
			"/Event",
			"/Namespace",
			"/Secret",
			"/ServiceAccount",
			"apiextensions.k8s.io/CustomResourceDefinition",
			"coordination.k8s.io/Lease",
			"events.k8s.io/Event",
		]);
	});

	it("take what clients write", () => {
		const micro = "2026-01-02T03:04:05.000006Z";
		const spec = { holderIdentity: "me", leaseDurationSeconds: 15, renewTime: micro, acquireTime: null };
		assert.deepEqual(messages(judge("coordination.k8s.io/Lease", "coordination.k8s.io/v1", { spec })), []);
		const event = { involvedObject: { kind: "Registry", name: "main" }, reason: "R", count: 1, eventTime: null };
		assert.deepEqual(messages(judge("/Event", "v1", event)), []);
		const account = { secrets: [{ name: "a" }], imagePullSecrets: [{ name: "b" }] };
		assert.deepEqual(messages(judge("/ServiceAccount", "v1", account)), []);
		assert.deepEqual(messages(judge("/Namespace", "v1", { spec: { finalizers: ["kubernetes"] } })), []);
	});

	it("merge their lists by the keys that Kubernetes merges them by", () => {
		const accounts = builtInRules.get("/ServiceAccount");
		assert.deepEqual(accounts?.listType(["secrets"]), { keys: ["name"], fallbacks: {} });
		assert.equal(accounts?.listType(["imagePullSecrets"]), "atomic");
	});
});
