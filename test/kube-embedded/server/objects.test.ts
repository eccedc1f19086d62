import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
	CONFIG_MAPS,
	configMap,
	DEFINITIONS,
	openTestApi,
	type TestApi,
	WIDGET_CRD,
	WIDGETS,
	widget,
} from "../../support/embedded-api.ts";

const MODIFIED = "the object has been modified; please apply your changes to the latest version and try again";

describe("objects of the embedded API", () => {
	let api: TestApi;
	before(async () => {
		api = await openTestApi();
		assert.equal((await api.call("POST", DEFINITIONS, WIDGET_CRD)).status, 201);
	});
	after(() => api[Symbol.asyncDispose]());

	it("gives a new object what only the API server may say", async () => {
		const sent = configMap("made", {
			data: { a: "1" },
			metadata: { uid: "mine", creationTimestamp: "2000-01-01T00:00:00Z" },
		});
		const made = await api.call("POST", CONFIG_MAPS, sent);
		assert.equal(made.status, 201);
		assert.match(
			String(made.at("metadata.uid")),
			/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
		);
		assert.ok(Math.abs(Date.parse(String(made.at("metadata.creationTimestamp"))) - Date.now()) < 60_000);
		assert.match(String(made.at("metadata.resourceVersion")), /^\d+$/);
		assert.equal(made.at("metadata.namespace"), "default");
		const read = await api.call("GET", `${CONFIG_MAPS}/made`);
		assert.deepEqual(read.body, made.body);
	});

	it("leaves out metadata with nothing in it, in new objects and in changed ones", async () => {
		const hollow = { labels: {}, annotations: {}, finalizers: [], ownerReferences: [] };
		const made = await api.call("POST", CONFIG_MAPS, configMap("hollow", { metadata: hollow }));
		const put = await api.call("PUT", `${CONFIG_MAPS}/hollow`, configMap("hollow", { metadata: hollow }));
		for (const reply of [made, put]) {
			for (const field of Object.keys(hollow)) assert.equal(reply.at(`metadata.${field}`), undefined, field);
		}
		assert.equal(put.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
	});

	it("says in the words of Kubernetes what is not so", async () => {
		await api.call("POST", CONFIG_MAPS, configMap("twice"));
		const again = await api.call("POST", CONFIG_MAPS, configMap("twice"));
		assert.equal(again.status, 409);
		assert.equal(again.at("reason"), "AlreadyExists");
		assert.equal(again.at("message"), 'configmaps "twice" already exists');
		const missing = await api.call("GET", `${WIDGETS}/nobody`);
		assert.deepEqual(missing.body, {
			kind: "Status",
			apiVersion: "v1",
			metadata: {},
			status: "Failure",
			message: 'widgets.example.com "nobody" not found',
			reason: "NotFound",
			details: { name: "nobody", group: "example.com", kind: "widgets" },
			code: 404,
		});
		const elsewhere = await api.call("POST", "/api/v1/namespaces/nowhere/configmaps", configMap("x"));
		assert.equal(elsewhere.status, 404);
		assert.equal(elsewhere.at("message"), 'namespaces "nowhere" not found');
		const badName = await api.call("POST", CONFIG_MAPS, configMap("Not_A_Name"));
		assert.equal(badName.status, 422);
		assert.equal(badName.at("reason"), "Invalid");
		assert.equal(badName.at("details.causes.0.field"), "metadata.name");
		const invalid = await api.call("POST", WIDGETS, widget("pink", { color: "pink" }));
		assert.equal(invalid.status, 422);
		assert.match(String(invalid.at("message")), /^Widget\.example\.com "pink" is invalid: /);
		assert.equal((await api.call("GET", "/apis/nothing/v1/x")).status, 404);
		assert.equal((await api.call("GET", "/api/v1/namespaces/default/pods")).status, 404);
		assert.equal((await api.call("POST", `${CONFIG_MAPS}/twice`, {})).status, 405);
	});

	it("makes names from a prefix", async () => {
		const sent = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "gen-" } };
		const [one, other] = [await api.call("POST", CONFIG_MAPS, sent), await api.call("POST", CONFIG_MAPS, sent)];
		assert.match(String(one.at("metadata.name")), /^gen-[a-z0-9]{5}$/);
		assert.notEqual(one.at("metadata.name"), other.at("metadata.name"));
	});

	it("lets the first of two writers win who read the same version", async () => {
		await api.call("POST", CONFIG_MAPS, configMap("race"));
		const { body } = await api.call("GET", `${CONFIG_MAPS}/race`);
		const next = (value: string) => ({ ...Object(body), data: { value } });
		const both = await Promise.all(["a", "b"].map((value) => api.call("PUT", `${CONFIG_MAPS}/race`, next(value))));
		assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 409]);
		const loser = both.find(({ status }) => status === 409);
		assert.equal(loser?.at("message"), `Operation cannot be fulfilled on configmaps "race": ${MODIFIED}`);
	});

	it("replaces a custom object only for those who say which version of it", async () => {
		await api.call("POST", WIDGETS, widget("versioned"));
		const blind = await api.call("PUT", `${WIDGETS}/versioned`, widget("versioned"));
		assert.equal(blind.status, 422);
		assert.equal(blind.at("details.causes.0.field"), "metadata.resourceVersion");
	});

	it("applies a status on the server, to objects that are there", async () => {
		const type = "application/apply-patch+yaml";
		const path = (name: string) => `${WIDGETS}/${name}/status?fieldManager=controller&force=true`;
		const status = (name: string) => ({
			apiVersion: "example.com/v1",
			kind: "Widget",
			metadata: { name },
			status: { phase: "ok" },
		});
		assert.equal((await api.call("PATCH", path("absent"), status("absent"), { type })).status, 404);
		await api.call("POST", WIDGETS, widget("told"));
		const told = await api.call("PATCH", path("told"), status("told"), { type });
		assert.equal(told.at("status.phase"), "ok");
		assert.equal(told.at("metadata.generation"), 1);
		const again = await api.call("PATCH", path("told"), status("told"), { type });
		assert.equal(again.at("metadata.resourceVersion"), told.at("metadata.resourceVersion"));
	});

	it("keeps the version of an object that a write does not change", async () => {
		const made = await api.call("POST", CONFIG_MAPS, configMap("same", { data: { a: "1" } }));
		const again = await api.call("PUT", `${CONFIG_MAPS}/same`, configMap("same", { data: { a: "1" } }));
		assert.equal(again.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
	});

	it("counts changes of the spec alone as generations, and keeps spec and status apart", async () => {
		const made = await api.call("POST", WIDGETS, { ...widget("counted"), status: { phase: "forged" } });
		assert.equal(made.at("metadata.generation"), 1);
		assert.equal(made.at("status"), undefined);
		const merge = { type: "application/merge-patch+json" };
		const status = { spec: { shape: "round" }, status: { phase: "true" }, metadata: { labels: { a: "b" } } };
		const told = await api.call("PATCH", `${WIDGETS}/counted/status`, status, merge);
		assert.equal(told.at("metadata.generation"), 1);
		assert.equal(told.at("status.phase"), "true");
		assert.equal(told.at("spec.shape"), undefined);
		const labelled = await api.call("PATCH", `${WIDGETS}/counted`, { metadata: { labels: { a: "b" } } }, merge);
		assert.equal(labelled.at("metadata.generation"), 1);
		const shaped = await api.call(
			"PATCH",
			`${WIDGETS}/counted`,
			{ spec: { shape: "round" }, status: { phase: "no" } },
			merge,
		);
		assert.equal(shaped.at("metadata.generation"), 2);
		assert.equal(shaped.at("status.phase"), "true");
	});

	it("patches by every kind of patch, and refuses those that a kind does not take", async () => {
		await api.call("POST", CONFIG_MAPS, configMap("patched", { data: { a: "1", b: "2" } }));
		const json = [
			{ op: "test", path: "/data/a", value: "1" },
			{ op: "remove", path: "/data/b" },
		];
		const one = await api.call("PATCH", `${CONFIG_MAPS}/patched`, json, { type: "application/json-patch+json" });
		assert.deepEqual(one.at("data"), { a: "1" });
		const failed = [{ op: "test", path: "/data/a", value: "2" }];
		const no = await api.call("PATCH", `${CONFIG_MAPS}/patched`, failed, { type: "application/json-patch+json" });
		assert.equal(no.status, 422);
		const strategic = { type: "application/strategic-merge-patch+json" };
		const two = await api.call("PATCH", `${CONFIG_MAPS}/patched`, { data: { c: "3" } }, strategic);
		assert.deepEqual(two.at("data"), { a: "1", c: "3" });
		await api.call("POST", WIDGETS, widget("patched"));
		assert.equal((await api.call("PATCH", `${WIDGETS}/patched`, { spec: {} }, strategic)).status, 415);
		const lost = await api.call("PATCH", `${CONFIG_MAPS}/lost`, {}, strategic);
		assert.equal(lost.status, 404);
	});

	it("applies on the server: creates, says who owns what, refuses another manager unless forced", async () => {
		const type = "application/apply-patch+yaml";
		const path = (manager: string, more = "") => `${WIDGETS}/applied?fieldManager=${manager}${more}`;
		const made = await api.call("PATCH", path("one"), widget("applied", { color: "red", shape: "flat" }), { type });
		assert.equal(made.status, 201);
		assert.equal(made.at("metadata.managedFields.0.manager"), "one");
		const other = widget("applied", { color: "red", shape: "round" });
		const refused = await api.call("PATCH", path("two"), other, { type });
		assert.equal(refused.status, 409);
		assert.equal(refused.at("message"), 'Apply failed with 1 conflict: conflict with "one": .spec.shape');
		assert.deepEqual(refused.at("details.causes.0"), {
			reason: "FieldManagerConflict",
			message: 'conflict with "one"',
			field: ".spec.shape",
		});
		const forced = await api.call("PATCH", path("two", "&force=true"), other, { type });
		assert.equal(forced.at("spec.shape"), "round");
		const again = await api.call("PATCH", path("two"), other, { type });
		assert.equal(again.at("metadata.resourceVersion"), forced.at("metadata.resourceVersion"));
		assert.equal((await api.call("PATCH", `${WIDGETS}/applied`, other, { type })).status, 422);
	});

	it("judges a dry run and keeps nothing", async () => {
		const dry = await api.call("POST", `${WIDGETS}?dryRun=All`, widget("dry"));
		assert.equal(dry.status, 201);
		assert.equal(dry.at("spec.replicas"), 1);
		assert.equal((await api.call("GET", `${WIDGETS}/dry`)).status, 404);
		assert.equal((await api.call("POST", `${WIDGETS}?dryRun=All`, widget("dry", { color: "pink" }))).status, 422);
		assert.equal((await api.call("POST", `${WIDGETS}?dryRun=Some`, widget("dry"))).status, 422);
	});

	it("refuses, warns of or ignores unknown fields, as the client wants", async () => {
		const odd = (name: string) => widget(name, { color: "red", odd: 1 });
		const strict = await api.call("POST", `${WIDGETS}?fieldValidation=Strict`, odd("strict"));
		assert.equal(strict.status, 400);
		assert.match(String(strict.at("message")), /strict decoding error: unknown field "spec\.odd"$/);
		const warned = await api.call("POST", WIDGETS, odd("warned"));
		assert.equal(warned.status, 201);
		assert.equal(warned.headers.get("warning"), '299 - "unknown field \\"spec.odd\\""');
		assert.equal(warned.at("spec.odd"), undefined);
		const ignored = await api.call("POST", `${WIDGETS}?fieldValidation=Ignore`, odd("ignored"));
		assert.equal(ignored.headers.get("warning"), null);
	});

	it("sees the old object in rules, and lets old faults pass that a write does not touch", async () => {
		await api.call("POST", WIDGETS, widget("fixed"));
		const patch = { spec: { color: "green" } };
		const changed = await api.call("PATCH", `${WIDGETS}/fixed`, patch, { type: "application/merge-patch+json" });
		assert.equal(changed.status, 422);
		assert.match(String(changed.at("message")), /color is immutable$/);
	});

	it("scales through autoscaling/v1, within the rules of the kind", async () => {
		await api.call("POST", WIDGETS, widget("scaled", { color: "blue" }));
		const { body } = await api.call("GET", `${WIDGETS}/scaled/scale`);
		const scale: { spec: unknown } = Object(body);
		assert.deepEqual(scale.spec, { replicas: 1 });
		const two = await api.call("PUT", `${WIDGETS}/scaled/scale`, { ...scale, spec: { replicas: 2 } });
		assert.equal(two.at("spec.replicas"), 2);
		const merge = { type: "application/merge-patch+json" };
		const many = await api.call("PATCH", `${WIDGETS}/scaled/scale`, { spec: { replicas: 9 } }, merge);
		assert.equal(many.status, 422);
		assert.match(String(many.at("message")), /at most two blue ones/);
		const stale = await api.call("PUT", `${WIDGETS}/scaled/scale`, { ...scale, spec: { replicas: 0 } });
		assert.equal(stale.status, 409);
		assert.equal((await api.call("GET", `${WIDGETS}/scaled`)).at("metadata.generation"), 2);
	});

	it("keeps Secrets that say so as they are, and reads stringData", async () => {
		const path = "/api/v1/namespaces/default/secrets";
		const sent = {
			apiVersion: "v1",
			kind: "Secret",
			metadata: { name: "kept" },
			stringData: { a: "hello" },
			immutable: true,
		};
		const made = await api.call("POST", path, sent);
		assert.deepEqual(made.at("data"), { a: Buffer.from("hello").toString("base64") });
		assert.equal(made.at("stringData"), undefined);
		assert.equal(made.at("type"), "Opaque");
		const merge = { type: "application/merge-patch+json" };
		const changed = await api.call("PATCH", `${path}/kept`, { data: { a: "aGk=" } }, merge);
		assert.equal(changed.status, 422);
		assert.match(String(changed.at("message")), /data: Forbidden: field is immutable when `immutable` is set/);
		const retyped = await api.call("PATCH", `${path}/kept`, { type: "other" }, merge);
		assert.equal(retyped.status, 422);
	});

	it("answers in YAML and takes YAML", async () => {
		const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: b\n";
		assert.equal((await api.call("POST", CONFIG_MAPS, yaml, { type: "application/yaml" })).status, 201);
		const read = await api.call("GET", `${CONFIG_MAPS}/yaml`, undefined, { accept: "application/yaml" });
		assert.match(String(read.body), /^apiVersion: v1$/m);
		assert.equal((await api.call("POST", CONFIG_MAPS, "{", {})).status, 400);
		assert.equal((await api.call("POST", CONFIG_MAPS, "x", { type: "application/cbor" })).status, 415);
	});

	it("shows one event under both of its groups", async () => {
		const path = "/apis/events.k8s.io/v1/namespaces/default/events";
		const sent = {
			apiVersion: "events.k8s.io/v1",
			kind: "Event",
			metadata: { name: "seen" },
			eventTime: "2026-01-01T00:00:00.000000Z",
			reportingController: "limani.dev/test",
			reportingInstance: "one",
			action: "Look",
			reason: "Seen",
			note: "it was seen",
			type: "Normal",
			regarding: { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "made" },
		};
		assert.equal((await api.call("POST", path, sent)).status, 201);
		const core = await api.call("GET", "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=made");
		assert.equal(core.at("items.0.message"), "it was seen");
		assert.equal(core.at("items.0.reportingComponent"), "limani.dev/test");
		// As a cluster has it: what sorts by a field finds none where it is left out.
		const times = { source: {}, firstTimestamp: null, lastTimestamp: null };
		assert.partialDeepStrictEqual(core.at("items.0"), times);
		const again = await api.call("GET", `${path}/seen`);
		assert.equal(again.at("note"), "it was seen");
		assert.partialDeepStrictEqual(again.body, { deprecatedLastTimestamp: null, deprecatedSource: {} });
		const seen = { ...JSON.parse(JSON.stringify(again.body)), note: "it was seen again" };
		assert.equal((await api.call("PUT", `${path}/seen`, seen)).at("note"), "it was seen again");
	});
});
