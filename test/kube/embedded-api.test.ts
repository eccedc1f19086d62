import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Applier } from "#/kube/applier.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { LeaseElector } from "#/kube/lease-elector.ts";
import { Reflector } from "#/kube/reflector.ts";
import { LEASES, type ResourceType } from "#/kube/resource-type.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import type { Faults, RequestFault, WatchFault } from "#/kube-embedded/faults.ts";
import { systemTiming } from "#/lib/timing.ts";
import { openTestApi } from "../support/embedded-api.ts";
import { pick, seededRandom } from "../support/seeded-random.ts";

const CONFIG_MAPS: ResourceType = {
	group: "",
	version: "v1",
	plural: "configmaps",
	kind: "ConfigMap",
	namespaced: true,
};
const signal = new AbortController().signal;
const by = { fieldManager: "limani-test" };

const config = (name: string, data: { readonly [name: string]: string } = {}): KubeObject => ({
	apiVersion: "v1",
	kind: "ConfigMap",
	metadata: { namespace: "default", name },
	data,
});

/** Waits are a fiftieth as long. */
const quick = { ...systemTiming, sleep: (ms: number, signal: AbortSignal) => systemTiming.sleep(ms / 50, signal) };

const open = async (t: TestContext, faults: Faults = {}) => {
	const api = await openTestApi({ faults });
	const connection = plainConnection(api);
	const client = new RestClient({ connection, timing: systemTiming });
	const hasty = new RestClient({ connection, timing: quick }, { tries: 1, timeoutMs: 1000 });
	t.after(async () => {
		await client[Symbol.asyncDispose]();
		await hasty[Symbol.asyncDispose]();
		await api[Symbol.asyncDispose]();
	});
	return { client, hasty };
};

test("every verb does against an API server what it promises", async (t) => {
	const { client } = await open(t);
	const ref = { namespace: "default", name: "x" };
	assert.equal(await client.find(CONFIG_MAPS, ref, signal), undefined);
	const made = await client.create(CONFIG_MAPS, config("x", { a: "1" }), by, signal);
	assert.ok(made.metadata.uid !== undefined && made.metadata.resourceVersion !== undefined);
	await assert.rejects(client.create(CONFIG_MAPS, config("x"), by, signal), { code: "EXISTS", status: 409 });
	const changed = await client.replace(CONFIG_MAPS, { ...made, data: { a: "2" } }, by, signal);
	await assert.rejects(client.replace(CONFIG_MAPS, { ...made, data: {} }, by, signal), { code: "CONFLICT" });
	await assert.rejects(client.replace(CONFIG_MAPS, config("none"), by, signal), { code: "NOT_FOUND" });
	const merge = { kind: "merge", body: { data: { b: "3" } } } as const;
	assert.deepEqual((await client.patch(CONFIG_MAPS, ref, merge, by, signal)).data, { a: "2", b: "3" });
	const failing = { kind: "json", body: [{ op: "test", path: "/data/a", value: "9" }] } as const;
	await assert.rejects(client.patch(CONFIG_MAPS, ref, failing, by, signal), { code: "INVALID" });
	const wanted = config("x", { c: "4" });
	const applied = await client.apply(CONFIG_MAPS, wanted, { fieldManager: "other", force: false }, signal);
	assert.deepEqual(applied.data, { a: "2", b: "3", c: "4" });
	const stolen = config("x", { a: "5" });
	await assert.rejects(client.apply(CONFIG_MAPS, stolen, { fieldManager: "other", force: false }, signal), {
		code: "CONFLICT",
	});
	await client.apply(CONFIG_MAPS, stolen, { fieldManager: "other", force: true }, signal);
	const dry = { ...by, dryRun: true };
	await client.create(CONFIG_MAPS, config("dry"), dry, signal);
	assert.equal(await client.find(CONFIG_MAPS, { namespace: "default", name: "dry" }, signal), undefined);
	await assert.rejects(client.delete(CONFIG_MAPS, ref, { uid: "another" }, signal), { code: "CONFLICT" });
	await client.delete(CONFIG_MAPS, ref, { uid: changed.metadata.uid, propagation: "Background" }, signal);
	await client.delete(CONFIG_MAPS, ref, {}, signal);
	const unknown = { ...CONFIG_MAPS, group: "example.org", plural: "things", kind: "Thing" };
	await assert.rejects(client.find(unknown, ref, signal), { code: "NOT_FOUND" });
	await assert.rejects(client.create(CONFIG_MAPS, config("Not A Name"), by, signal), { code: "INVALID", status: 422 });
});

test("what a watch tells goes on from what a list told, page by page", async (t) => {
	const { client } = await open(t);
	for (let i = 0; i < 7; i++) await client.create(CONFIG_MAPS, config(`c${i}`), by, signal);
	const names: string[] = [];
	let next: string | undefined;
	let resourceVersion = "";
	do {
		const page = await client.list(CONFIG_MAPS, { namespace: "default", limit: 3, next }, signal);
		names.push(...page.items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith("c")));
		({ next, resourceVersion } = page);
	} while (next !== undefined);
	assert.deepEqual(names, ["c0", "c1", "c2", "c3", "c4", "c5", "c6"]);
	const ending = new AbortController();
	const watch = client.watch(CONFIG_MAPS, { namespace: "default", resourceVersion }, ending.signal);
	const events = watch[Symbol.asyncIterator]();
	await client.create(CONFIG_MAPS, config("later"), by, signal);
	await client.delete(CONFIG_MAPS, { namespace: "default", name: "c3" }, {}, signal);
	const seen = [await events.next(), await events.next()].map(
		({ value }) => `${value?.type} ${value?.object.metadata.name}`,
	);
	assert.deepEqual(seen, ["ADDED later", "DELETED c3"]);
	ending.abort();
});

for (const seed of [1, 2, 3]) {
	test(`a store comes to be like the API server whatever happens to its requests and watches (${seed})`, async (t) => {
		const random = seededRandom(seed);
		let calm = false;
		const { client, hasty } = await open(t, {
			request: ({ isWatch, method }) => {
				// Writes are the test's own.
				if (calm || method !== "GET" || random() < (isWatch ? 0.5 : 0.6)) return undefined;
				return pick<RequestFault>(random, [
					{ kind: "answer", status: 429, retryAfterSeconds: 1 },
					{ kind: "answer", status: 500 },
					{ kind: "cut" },
					{ kind: "hang" },
					{ kind: "delay", ms: 30 },
				]);
			},
			watch: () => {
				if (calm) return undefined;
				const count = 1 + Math.floor(random() * 8);
				return pick<WatchFault>(random, [
					{ dropAfter: count },
					{ goneAfter: count },
					{ duplicate: true, dropAfter: 2 * count },
				]);
			},
		});
		const reflector = new Reflector(
			{ client: hasty, timing: quick, report: () => {} },
			{
				type: CONFIG_MAPS,
				selection: { namespace: "default" },
				indexes: { data: ({ data }) => Object.values(Object(data)) },
			},
		);
		// What listeners were told must come to the same as what is there.
		const told = new Map<string, string>();
		reflector.store.subscribe(({ key, before, after }) => {
			if (before !== undefined) assert.equal(told.get(key), before.metadata.uid);
			if (after === undefined) told.delete(key);
			else told.set(key, after.metadata.uid ?? "");
		});
		const ending = new AbortController();
		const running = reflector.run(ending.signal);
		const alive = new Set<string>();
		for (let step = 0; step < 150; step++) {
			const name = `c${Math.floor(random() * 12)}`;
			const ref = { namespace: "default", name };
			if (!alive.has(name)) {
				await client.create(CONFIG_MAPS, config(name, { v: String(step) }), by, signal);
				alive.add(name);
			} else if (random() < 0.5) {
				await client.patch(CONFIG_MAPS, ref, { kind: "merge", body: { data: { v: String(step) } } }, by, signal);
			} else {
				await client.delete(CONFIG_MAPS, ref, {}, signal);
				alive.delete(name);
			}
		}
		calm = true;
		const { items } = await client.list(CONFIG_MAPS, { namespace: "default", limit: 500 }, signal);
		const versionsOf = (objects: Iterable<KubeObject>) =>
			Array.from(objects, ({ metadata }) => `${keyOf(metadata)}@${metadata.resourceVersion}`).toSorted();
		const expected = versionsOf(items);
		const late = AbortSignal.timeout(30_000);
		while (versionsOf(reflector.store.list()).join() !== expected.join()) await systemTiming.sleep(20, late);
		assert.equal(reflector.store.synced, true);
		assert.deepEqual([...told].toSorted(), items.map(({ metadata }) => [keyOf(metadata), metadata.uid]).toSorted());
		for (const { data } of items)
			for (const value of Object.values(Object(data))) {
				assert.equal(reflector.store.by("data", String(value)).length >= 1, true);
			}
		ending.abort();
		await running;
	});
}

test("applying the same again and again writes once, and once more after somebody else has changed it", async (t) => {
	const { client } = await open(t);
	const applier = new Applier({ client, fieldManager: "limani-test" });
	const reread = () => client.find(CONFIG_MAPS, { namespace: "default", name: "x" }, signal);
	const first = await applier.apply(CONFIG_MAPS, config("x", { a: "1" }), undefined, signal);
	for (let i = 0; i < 3; i++) await applier.apply(CONFIG_MAPS, config("x", { a: "1" }), await reread(), signal);
	assert.equal((await reread())?.metadata.resourceVersion, first.metadata.resourceVersion);
	const theirs = { kind: "merge", body: { data: { a: "2", b: "theirs" } } } as const;
	await client.patch(CONFIG_MAPS, { namespace: "default", name: "x" }, theirs, { fieldManager: "them" }, signal);
	await applier.apply(CONFIG_MAPS, config("x", { a: "1" }), await reread(), signal);
	assert.deepEqual((await reread())?.data, { a: "1", b: "theirs" });
});

test("two candidates before an API server lead one after the other", async (t) => {
	const { client } = await open(t);
	const times = { leaseMs: 20_000, renewDeadlineMs: 15_000, retryMs: 50, callMs: 10_000 };
	const terms: string[] = [];
	let leading = 0;
	const ending = new AbortController();
	const candidate = async (identity: string) => {
		const elector = new LeaseElector(
			{ client, timing: systemTiming, now: Date.now, report: () => {} },
			{ ...times, namespace: "default", name: "limani", identity },
		);
		for (let term = 0; term < 2; term++) {
			await elector.run(async ({ token, held }) => {
				leading++;
				assert.deepEqual([leading, held], [1, true]);
				terms.push(`${identity} ${token.transitions}`);
				await systemTiming.sleep(100, signal);
				leading--;
			}, ending.signal);
		}
	};
	await Promise.all([candidate("a"), candidate("b")]);
	assert.equal(terms.length, 4);
	assert.deepEqual(
		terms.map((term) => term.split(" ")[1]),
		["0", "1", "2", "3"],
	);
	const lease = await client.find(LEASES, { namespace: "default", name: "limani" }, signal);
	assert.equal(Object(lease?.spec).holderIdentity, "");
});
