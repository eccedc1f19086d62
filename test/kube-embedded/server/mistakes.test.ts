import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEFINITIONS, openTestApi, type TestApi, WIDGET_CRD, WIDGETS, widget } from "../../support/embedded-api.ts";

const MERGE = { type: "application/merge-patch+json" };
const APPLY = { type: "application/apply-patch+yaml" };
const LAST = "kubectl.kubernetes.io/last-applied-configuration";

describe("what the embedded API says of mistakes, and of kubectl's change of ways", () => {
	let api: TestApi;
	before(async () => {
		api = await openTestApi();
		await api.call("POST", DEFINITIONS, WIDGET_CRD);
	});
	after(() => api[Symbol.asyncDispose]());

	const complaints = async (spec: Readonly<Record<string, unknown>>, more: object = {}) => {
		const answer = await api.call("POST", WIDGETS, { ...widget("wrong", spec), ...more });
		assert.equal(answer.status, 422);
		return String(answer.at("message"));
	};

	it("looks at the numbers of a scale as the scale does", async () => {
		assert.match(
			await complaints({ color: "red", replicas: -1 }),
			/\.spec\.replicas: Invalid value: -1: should be a non-negative integer/,
		);
		assert.match(
			await complaints({ color: "red", replicas: 2 ** 31 }),
			/\.spec\.replicas: Invalid value: 2147483648: should be less than or equal to 2147483647/,
		);
		assert.match(
			await complaints({ color: "red", replicas: "two" }),
			/\.spec\.replicas accessor error: two is of the type string, expected int64/,
		);
		assert.match(
			await complaints({}, { spec: [] }),
			/\.spec\.replicas accessor error: \[\] is of the type \[\]interface \{\}, expected map\[string\]interface\{\}/,
		);
		await api.call("POST", WIDGETS, widget("scaled"));
		const odd = await api.call("PATCH", `${WIDGETS}/scaled/status`, { status: { selector: 7 } }, MERGE);
		assert.match(
			String(odd.at("message")),
			/\.status\.selector: Invalid value: "": \.status\.selector accessor error: 7 is of the type int64, expected string/,
		);
	});

	it("tells of a strict patch what it would make of the object", async () => {
		await api.call("POST", WIDGETS, widget("strict"));
		const answer = await api.call("PATCH", `${WIDGETS}/strict?fieldValidation=Strict`, { spec: { odd: 1 } }, MERGE);
		assert.equal(answer.status, 422);
		assert.match(
			String(answer.at("message")),
			/^ "" is invalid: patch: Invalid value: ".*": strict decoding error: unknown field "spec\.odd"$/,
		);
		assert.equal(answer.at("details.causes.0.field"), "patch");
	});

	const applyAs = (manager: string, object: object) =>
		api.call("PATCH", `${WIDGETS}/moved?fieldManager=${manager}`, JSON.stringify(object), APPLY);

	it("lets kubectl go over from the client's side to the server's without a conflict with itself", async () => {
		const first = widget("moved", { color: "red", shape: "flat" });
		const annotations = { [LAST]: `${JSON.stringify(first)}\n` };
		const made = { ...first, metadata: { ...first.metadata, annotations } };
		await api.call("POST", `${WIDGETS}?fieldManager=kubectl-client-side-apply`, made);
		const round = widget("moved", { color: "red", shape: "round" });
		const other = await applyAs("somebody", round);
		assert.equal(other.status, 409);
		const moved = await applyAs("kubectl", round);
		assert.equal(moved.status, 200);
		assert.equal(moved.at("spec.shape"), "round");
		const text = String(Object(moved.at("metadata.annotations"))[LAST]);
		assert.deepEqual(JSON.parse(text), round);
		assert.ok(text.startsWith('{"apiVersion":') && text.endsWith("}\n"));
		// What somebody changed since is not kubectl's to take.
		await api.call("PATCH", `${WIDGETS}/moved?fieldManager=somebody`, { spec: { replicas: 2 } }, MERGE);
		const refused = await applyAs("kubectl", widget("moved", { color: "red", shape: "round", replicas: 1 }));
		assert.equal(refused.status, 409);
		assert.match(String(refused.at("message")), /conflict with "somebody" using example\.com\/v1: \.spec\.replicas/);
	});

	it("says that two entries of one key cannot be applied", async () => {
		const metadata = { name: "twice", finalizers: ["example.com/a", "example.com/a"] };
		const path = `${WIDGETS}/twice?fieldManager=kubectl`;
		const answer = await api.call("PATCH", path, JSON.stringify({ ...widget("twice"), metadata }), APPLY);
		assert.equal(answer.status, 500);
		assert.match(
			String(answer.at("message")),
			/^failed to create typed patch object \(\/twice; example\.com\/v1, Kind=Widget\): \.metadata\.finalizers: duplicate entries for key \[="example\.com\/a"\]$/,
		);
	});
});
