import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
	CONFIG_MAPS,
	configMap,
	DEFINITIONS,
	openTestApi,
	type TestApi,
	type TestWatch,
	WIDGET_CRD,
	WIDGETS,
	widget,
} from "../../support/embedded-api.ts";

const merge = { type: "application/merge-patch+json" };

/** The next events as type and name. */
const take = async (watch: TestWatch, count: number): Promise<string[]> => {
	const seen: string[] = [];
	for (let at = 0; at < count; at++) {
		const event = await watch.next();
		seen.push(event === undefined ? "END" : `${event.type} ${event.at("metadata.name")}`);
	}
	return seen;
};

describe("watches of the embedded API", () => {
	let api: TestApi;
	before(async () => {
		api = await openTestApi({ bookmarkEvery: 50 });
		await api.call("POST", DEFINITIONS, WIDGET_CRD);
	});
	after(() => api[Symbol.asyncDispose]());

	it("tells everything after a version once and in order, past and future", async () => {
		const { body } = await api.call("GET", CONFIG_MAPS);
		const from: string = Object(body).metadata.resourceVersion;
		await api.call("POST", CONFIG_MAPS, configMap("a"));
		await api.call("PATCH", `${CONFIG_MAPS}/a`, { data: { x: "1" } }, merge);
		await using watch = await api.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${from}`);
		assert.deepEqual(await take(watch, 2), ["ADDED a", "MODIFIED a"]);
		await api.call("DELETE", `${CONFIG_MAPS}/a`);
		await api.call("POST", CONFIG_MAPS, configMap("b"));
		const gone = await watch.next();
		assert.equal(gone?.type, "DELETED");
		assert.deepEqual(gone.at("data"), { x: "1" });
		const { body: list } = await api.call("GET", CONFIG_MAPS);
		assert.ok(Number(gone.at("metadata.resourceVersion")) < Number(Object(list).metadata.resourceVersion));
		assert.deepEqual(await take(watch, 1), ["ADDED b"]);
	});

	it("begins with what there is when no version is named", async () => {
		await api.call("POST", WIDGETS, widget("there"));
		await using watch = await api.watch(`${WIDGETS}?watch=true`);
		assert.deepEqual(await take(watch, 1), ["ADDED there"]);
		await api.call("POST", WIDGETS, widget("comes"));
		assert.deepEqual(await take(watch, 1), ["ADDED comes"]);
	});

	it("says where what there is ends, to those who stream their lists", async () => {
		const query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
		await using watch = await api.watch(`/api/v1/namespaces?${query}`);
		assert.deepEqual(await take(watch, 2), ["ADDED default", "ADDED kube-system"]);
		const end = await watch.next();
		assert.equal(end?.type, "BOOKMARK");
		assert.deepEqual(end.at("metadata.annotations"), { "k8s.io/initial-events-end": "true" });
		const odd = await api.call("GET", "/api/v1/namespaces?watch=1&sendInitialEvents=true");
		assert.equal(odd.status, 422);
	});

	it("tells of objects that come into a selection and leave it", async () => {
		const path = `${CONFIG_MAPS}?watch=true&labelSelector=in%3Dyes&resourceVersion=1`;
		await using watch = await api.watch(path);
		await api.call("POST", CONFIG_MAPS, configMap("moving"));
		const label = (value: string) => ({ metadata: { labels: { in: value } } });
		await api.call("PATCH", `${CONFIG_MAPS}/moving`, label("yes"), merge);
		await api.call("PATCH", `${CONFIG_MAPS}/moving`, { data: { x: "1" } }, merge);
		await api.call("PATCH", `${CONFIG_MAPS}/moving`, label("no"), merge);
		assert.deepEqual(await take(watch, 3), ["ADDED moving", "MODIFIED moving", "DELETED moving"]);
	});

	it("sends bookmarks to those who want them, from which they can go on", async () => {
		await using watch = await api.watch(
			`${WIDGETS}?watch=true&allowWatchBookmarks=true&resourceVersion=1&fieldSelector=metadata.name%3Dnobody`,
		);
		const bookmark = await watch.next();
		assert.equal(bookmark?.type, "BOOKMARK");
		assert.equal(bookmark.at("kind"), "Widget");
		const version = String(bookmark.at("metadata.resourceVersion"));
		await using further = await api.watch(`${WIDGETS}?watch=true&resourceVersion=${version}`);
		await api.call("POST", WIDGETS, widget("after-bookmark"));
		assert.deepEqual(await take(further, 1), ["ADDED after-bookmark"]);
	});

	it("shows rows of a table, headings first", async () => {
		const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
		await using watch = await api.watch(`${WIDGETS}?watch=true`, { accept });
		const [first, second] = [await watch.next(), await watch.next()];
		assert.equal(first?.at("kind"), "Table");
		assert.equal(first.at("columnDefinitions.0.name"), "Name");
		assert.equal(second?.at("columnDefinitions"), null);
		assert.equal(typeof second?.at("rows.0.cells.0"), "string");
	});

	it("ends when its time is up", async () => {
		await using watch = await api.watch(
			`${CONFIG_MAPS}?watch=true&timeoutSeconds=1&resourceVersion=1&labelSelector=no%3Done`,
		);
		assert.equal(await watch.next(), undefined);
	});

	it("says 410 to whom the log no longer reaches back", async () => {
		await using small = await openTestApi({ retention: { events: 2, every: 20 } });
		for (const name of ["a", "b", "c", "d"]) await small.call("POST", CONFIG_MAPS, configMap(name));
		await small.until(
			`${CONFIG_MAPS}?limit=1&resourceVersion=1&resourceVersionMatch=Exact`,
			({ status }) => status === 410,
		);
		await using watch = await small.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=1`);
		const event = await watch.next();
		assert.equal(event?.type, "ERROR");
		assert.equal(event.at("code"), 410);
		assert.equal(event.at("reason"), "Expired");
		assert.match(String(event.at("message")), /^too old resource version: 1 \(\d+\)$/);
		assert.equal(await watch.next(), undefined);
	});

	it("ends when what it watches is defined anew, and serves the new definition at once", async () => {
		await using other = await openTestApi();
		await other.call("POST", DEFINITIONS, WIDGET_CRD);
		await using watch = await other.watch(`${WIDGETS}?watch=true&resourceVersion=1`);
		const rename = [{ op: "replace", path: "/spec/names/shortNames", value: ["wid"] }];
		const changed = await other.call("PATCH", `${DEFINITIONS}/widgets.example.com`, rename, {
			type: "application/json-patch+json",
		});
		assert.equal(changed.status, 200);
		assert.equal(await watch.next(), undefined);
		const { body } = await other.call("GET", "/apis/example.com/v1");
		assert.deepEqual(Object(body).resources[0].shortNames, ["wid"]);
	});
});
