import assert from "node:assert/strict";
import { it } from "node:test";
import type { RequestFault, WatchFault } from "#/kube-embedded/faults.ts";
import { CONFIG_MAPS, configMap, openTestApi } from "../../support/embedded-api.ts";

const SECRETS = "/api/v1/namespaces/default/secrets";
const WATCH = `${CONFIG_MAPS}?watch=true&resourceVersion=1`;

/** An API whose watches of ConfigMaps have this fault, with three of them made. */
const withWatchFault = async (fault: WatchFault) => {
	const api = await openTestApi({ faults: { watch: ({ plural }) => (plural === "configmaps" ? fault : undefined) } });
	for (const name of ["a", "b", "c"]) await api.call("POST", CONFIG_MAPS, configMap(name));
	return api;
};

it("drops a watch after so many events", async () => {
	await using api = await withWatchFault({ dropAfter: 2 });
	await using watch = await api.watch(WATCH);
	assert.deepEqual([(await watch.next())?.type, (await watch.next())?.type], ["ADDED", "ADDED"]);
	assert.equal(await watch.next(), undefined);
});

it("says 410 in the middle of a watch", async () => {
	await using api = await withWatchFault({ goneAfter: 1 });
	await using watch = await api.watch(WATCH);
	assert.equal((await watch.next())?.type, "ADDED");
	assert.equal((await watch.next())?.at("code"), 410);
});

it("tells events twice, and late", async () => {
	await using api = await withWatchFault({ duplicate: true, delayMs: 50 });
	const began = performance.now();
	await using watch = await api.watch(WATCH);
	const [one, again] = [await watch.next(), await watch.next()];
	assert.deepEqual(again?.object, one?.object);
	assert.ok(performance.now() - began >= 45);
});

it("tells events of one kind before earlier ones of another", async () => {
	// Longer than any machine needs for what is not delayed.
	const late = ({ plural }: { readonly plural: string | undefined }) =>
		plural === "configmaps" ? { delayMs: 60_000 } : undefined;
	await using api = await openTestApi({ faults: { watch: late } });
	await using earlier = await api.watch(WATCH);
	await using later = await api.watch(`${SECRETS}?watch=true&resourceVersion=1`);
	await api.call("POST", CONFIG_MAPS, configMap("first"));
	await api.call("POST", SECRETS, { apiVersion: "v1", kind: "Secret", metadata: { name: "second" } });
	const told = [earlier, later].map(async (watch) => (await watch.next())?.at("metadata.name"));
	assert.equal(await Promise.race(told), "second");
});

it("falls silent and leaves the connection open", async () => {
	await using api = await withWatchFault({ silentAfter: 1 });
	await using watch = await api.watch(WATCH);
	assert.equal((await watch.next())?.type, "ADDED");
	const more = watch.next().then(
		() => "something",
		() => "cut",
	);
	const nothing = new Promise((resolve) => setTimeout(resolve, 300, "nothing"));
	assert.equal(await Promise.race([more, nothing]), "nothing");
});

it("answers requests with errors, late, or not at all", async () => {
	let fault: RequestFault | undefined;
	await using api = await openTestApi({ faults: { request: () => fault } });
	fault = { kind: "answer", status: 429, retryAfterSeconds: 3 };
	const busy = await api.call("GET", CONFIG_MAPS);
	assert.deepEqual([busy.status, busy.headers.get("retry-after"), busy.at("reason")], [429, "3", "TooManyRequests"]);
	fault = { kind: "answer", status: 503 };
	assert.equal((await api.call("GET", CONFIG_MAPS)).status, 503);
	fault = { kind: "cut" };
	await assert.rejects(api.call("GET", CONFIG_MAPS));
	fault = { kind: "cut-after" };
	await assert.rejects(api.call("POST", CONFIG_MAPS, configMap("made")));
	fault = { kind: "delay", ms: 30 };
	const began = performance.now();
	assert.equal((await api.call("GET", `${CONFIG_MAPS}/made`)).status, 200);
	assert.ok(performance.now() - began >= 25);
	fault = { kind: "hang" };
	const unanswered = api.call("GET", CONFIG_MAPS).then(
		() => "answered",
		() => "cut",
	);
	assert.equal(
		await Promise.race([unanswered, new Promise((resolve) => setTimeout(resolve, 300, "nothing"))]),
		"nothing",
	);
});
