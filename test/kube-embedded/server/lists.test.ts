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

const namesIn = (list: unknown): string[] => {
	const { items }: { items: { metadata: { name: string } }[] } = Object(list);
	return items.map(({ metadata }) => metadata.name);
};

describe("lists of the embedded API", () => {
	let api: TestApi;
	before(async () => {
		api = await openTestApi();
		await api.call("POST", DEFINITIONS, WIDGET_CRD);
	});
	after(() => api[Symbol.asyncDispose]());

	const inNamespace = async (namespace: string): Promise<string> => {
		const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
		assert.equal((await api.call("POST", "/api/v1/namespaces", object)).status, 201);
		return `/api/v1/namespaces/${namespace}/configmaps`;
	};

	it("gives pages of one moment, whatever is written meanwhile", async () => {
		const path = await inNamespace("pages");
		const names = Array.from({ length: 7 }, (_, at) => `n${at}`);
		await Promise.all(names.map((name) => api.call("POST", path, configMap(name, { data: { v: "old" } }))));
		const first = await api.call("GET", `${path}?limit=3`);
		assert.deepEqual(namesIn(first.body), ["n0", "n1", "n2"]);
		assert.equal(first.at("metadata.remainingItemCount"), 4);
		await api.call("DELETE", `${path}/n4`);
		await api.call("POST", path, configMap("n3a"));
		await api.call("PUT", `${path}/n5`, configMap("n5", { data: { v: "new" } }));
		const second = await api.call("GET", `${path}?limit=3&continue=${first.at("metadata.continue")}`);
		assert.deepEqual(namesIn(second.body), ["n3", "n4", "n5"]);
		assert.equal(second.at("items.2.data.v"), "old");
		assert.equal(second.at("metadata.remainingItemCount"), 1);
		assert.equal(second.at("metadata.resourceVersion"), first.at("metadata.resourceVersion"));
		const third = await api.call("GET", `${path}?limit=3&continue=${second.at("metadata.continue")}`);
		assert.deepEqual(namesIn(third.body), ["n6"]);
		assert.equal(third.at("metadata.continue"), undefined);
		const exact = `resourceVersion=${first.at("metadata.resourceVersion")}&resourceVersionMatch=Exact`;
		assert.deepEqual(namesIn((await api.call("GET", `${path}?${exact}`)).body), names);
	});

	it("pages over namespaces in order", async () => {
		const [one, other] = [await inNamespace("pair-a"), await inNamespace("pair-b")];
		await Promise.all(
			[one, other].map((path) => api.call("POST", path, configMap("x", { metadata: { labels: { pair: "yes" } } }))),
		);
		const path = "/api/v1/configmaps?labelSelector=pair%3Dyes&limit=1";
		const first = await api.call("GET", path);
		const second = await api.call("GET", `${path}&continue=${first.at("metadata.continue")}`);
		assert.deepEqual(
			[first, second].map((page) => page.at("items.0.metadata.namespace")),
			["pair-a", "pair-b"],
		);
	});

	it("selects by labels as kubectl writes them", async () => {
		const path = await inNamespace("labels");
		const labels = { a: { app: "x", tier: "1" }, b: { app: "y" }, c: { other: "z", tier: "3" } };
		for (const [name, own] of Object.entries(labels))
			await api.call("POST", path, configMap(name, { metadata: { labels: own } }));
		const cases: readonly (readonly [string, readonly string[]])[] = [
			["app=x", ["a"]],
			["app==y", ["b"]],
			["app!=x", ["b", "c"]],
			["app", ["a", "b"]],
			["!app", ["c"]],
			["app in (x, y)", ["a", "b"]],
			["app notin (x)", ["b", "c"]],
			["app in (x,y),tier", ["a"]],
			["tier>1", ["c"]],
		];
		for (const [selector, expected] of cases) {
			const found = await api.call("GET", `${path}?labelSelector=${encodeURIComponent(selector)}`);
			assert.deepEqual(namesIn(found.body), expected, selector);
		}
		assert.equal((await api.call("GET", `${path}?labelSelector=${encodeURIComponent("a in (")}`)).status, 400);
	});

	it("selects by fields: names, and those that a kind declares", async () => {
		await api.call("POST", WIDGETS, widget("red", { color: "red" }));
		await api.call("POST", WIDGETS, widget("green", { color: "green" }));
		const select = async (selector: string) =>
			namesIn((await api.call("GET", `${WIDGETS}?fieldSelector=${encodeURIComponent(selector)}`)).body);
		assert.deepEqual(await select("metadata.name=red"), ["red"]);
		assert.deepEqual(await select("spec.color=green"), ["green"]);
		assert.deepEqual(await select("spec.color!=green,metadata.namespace=default"), ["red"]);
		const unknown = await api.call("GET", `${WIDGETS}?fieldSelector=spec.shape%3Dx`);
		assert.equal(unknown.status, 400);
		assert.equal(unknown.at("message"), "field label not supported: spec.shape");
	});

	it("deletes all that is selected", async () => {
		const path = await inNamespace("sweep");
		for (const name of ["a", "b", "c"])
			await api.call("POST", path, configMap(name, { metadata: { labels: { gone: String(name !== "b") } } }));
		const swept = await api.call("DELETE", `${path}?labelSelector=gone%3Dtrue`);
		assert.equal(swept.status, 200);
		assert.deepEqual(namesIn((await api.call("GET", path)).body), ["b"]);
	});

	it("asks to come again for a version that is not yet", async () => {
		const early = await api.call("GET", `${CONFIG_MAPS}?resourceVersion=99999999`);
		assert.equal(early.status, 504);
		assert.equal(early.headers.get("retry-after"), "1");
		assert.equal(early.at("details.causes.0.reason"), "ResourceVersionTooLarge");
	});

	it("says that a page is too old when the log no longer reaches back", async () => {
		let time = Date.now();
		await using small = await openTestApi({ now: () => time, retention: { events: 2, age: 60_000, every: 20 } });
		for (const name of ["a", "b", "c"]) await small.call("POST", CONFIG_MAPS, configMap(name));
		const first = await small.call("GET", `${CONFIG_MAPS}?limit=1`);
		time += 120_000;
		for (const name of ["d", "e", "f"]) await small.call("POST", CONFIG_MAPS, configMap(name));
		const path = `${CONFIG_MAPS}?limit=1&continue=${first.at("metadata.continue")}`;
		const old = await small.until(path, ({ status }) => status === 410);
		assert.equal(old.at("reason"), "Expired");
		// The rest, as it is by now, is to be had with what is offered instead.
		const rest = await small.call("GET", `${CONFIG_MAPS}?continue=${old.at("metadata.continue")}`);
		assert.deepEqual(namesIn(rest.body), ["b", "c", "d", "e", "f"]);
		const exact = await small.call("GET", `${CONFIG_MAPS}?resourceVersion=2&resourceVersionMatch=Exact`);
		assert.equal(exact.status, 410);
		assert.equal(exact.at("metadata.continue"), undefined);
	});
});

describe("tables of the embedded API", () => {
	let api: TestApi;
	before(async () => {
		api = await openTestApi();
		await api.call("POST", DEFINITIONS, WIDGET_CRD);
		await api.call("POST", WIDGETS, widget("one", { color: "red" }));
		const status = {
			status: {
				conditions: [
					{ type: "Other", status: "False" },
					{ type: "Ready", status: "True" },
				],
			},
		};
		await api.call("PATCH", `${WIDGETS}/one/status`, status, { type: "application/merge-patch+json" });
	});
	after(() => api[Symbol.asyncDispose]());

	const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

	it("shows the columns of a definition", async () => {
		const table = await api.call("GET", WIDGETS, undefined, { accept });
		assert.equal(table.at("kind"), "Table");
		const { columnDefinitions }: { columnDefinitions: { name: string; priority: number }[] } = Object(table.body);
		assert.deepEqual(
			columnDefinitions.map(({ name, priority }) => [name, priority]),
			[
				["Name", 0],
				["Color", 0],
				["Ready", 0],
				["Replicas", 1],
				["Age", 0],
			],
		);
		const cells = table.at("rows.0.cells");
		assert.ok(Array.isArray(cells));
		assert.deepEqual(cells.slice(0, 4), ["one", "red", "True", 1]);
		assert.match(String(cells[4]), /^\d+s$/);
		assert.equal(table.at("rows.0.object.kind"), "PartialObjectMetadata");
		assert.equal(table.at("rows.0.object.spec"), undefined);
		const whole = await api.call("GET", `${WIDGETS}?includeObject=Object`, undefined, { accept });
		assert.equal(whole.at("rows.0.object.spec.color"), "red");
	});

	it("shows built-in kinds as kubectl's users know them", async () => {
		const columnsOf = async (path: string) => {
			const { body } = await api.call("GET", path, undefined, { accept });
			const { columnDefinitions }: { columnDefinitions: { name: string }[] } = Object(body);
			return columnDefinitions.map(({ name }) => name);
		};
		assert.deepEqual(await columnsOf("/api/v1/secrets"), ["Name", "Type", "Data", "Age"]);
		assert.deepEqual(await columnsOf("/api/v1/namespaces"), ["Name", "Status", "Age"]);
		assert.deepEqual((await columnsOf("/api/v1/events")).slice(0, 4), ["Last Seen", "Type", "Reason", "Object"]);
	});

	it("gives the metadata alone to those who want no more", async () => {
		const one = { accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1" };
		const object = await api.call("GET", `${WIDGETS}/one`, undefined, one);
		assert.equal(object.at("kind"), "PartialObjectMetadata");
		assert.equal(object.at("spec"), undefined);
		const all = { accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" };
		const list = await api.call("GET", WIDGETS, undefined, all);
		assert.equal(list.at("kind"), "PartialObjectMetadataList");
		assert.equal(list.at("items.0.metadata.name"), "one");
		const none = await api.call("GET", WIDGETS, undefined, { accept: "application/vnd.kubernetes.protobuf" });
		assert.equal(none.status, 406);
	});
});
