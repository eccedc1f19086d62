import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeClient, ObjectPage, WatchEvent } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { Reflector, type ReflectorAct } from "#/kube/reflector.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { settle, VirtualTiming } from "../support/virtual-timing.ts";

const secret = (name: string, uid: string, version: string): KubeObject => ({
	apiVersion: "v1",
	kind: "Secret",
	metadata: { namespace: "a", name, uid, resourceVersion: version },
});

const page = (resourceVersion: string, items: readonly KubeObject[], next?: string): ObjectPage => ({
	items,
	resourceVersion,
	next,
});

/** What a watch does: events, `pause` until that much time has passed, `hang` until it is aborted, or a failure. */
type Step = WatchEvent | KubeError | { readonly pause: number } | "hang";

const down = new KubeError("UNAVAILABLE", "down");
const gone = new KubeError("GONE", "too old");
const bookmark = (version: string): WatchEvent => ({ type: "BOOKMARK", object: secret("", "", version) });

class Script implements Pick<KubeClient, "list" | "watch"> {
	/** `list 500 next` and `watch version`, each with its time in seconds. */
	readonly calls: string[] = [];
	readonly lists: (ObjectPage | KubeError)[] = [];
	readonly watches: Step[][] = [];
	readonly #timing: VirtualTiming;
	readonly #from: number;

	constructor(timing: VirtualTiming) {
		this.#timing = timing;
		this.#from = timing.monotonic();
	}

	async list(_: unknown, { limit, next }: { readonly limit: number; readonly next?: string | undefined }) {
		this.#note(`list ${limit}${next === undefined ? "" : ` ${next}`}`);
		const answer = this.lists.shift() ?? page("1", []);
		if (answer instanceof KubeError) throw answer;
		return answer;
	}

	async *watch(_: unknown, { resourceVersion }: { readonly resourceVersion: string }, signal: AbortSignal) {
		this.#note(`watch ${resourceVersion}`);
		for (const step of this.watches.shift() ?? ["hang"]) {
			if (step === "hang") await this.#timing.sleep(1e9, signal);
			else if (step instanceof KubeError) throw step;
			else if ("pause" in step) await this.#timing.sleep(step.pause, signal);
			else yield step;
		}
	}

	#note(call: string): void {
		this.calls.push(`${(this.#timing.monotonic() - this.#from) / 1000}s ${call}`);
	}
}

const open = () => {
	const timing = new VirtualTiming();
	const client = new Script(timing);
	const reported: unknown[] = [];
	const acts: ReflectorAct[] = [];
	const reflector = new Reflector(
		{ client, timing, report: (error) => reported.push(error), observe: (act) => acts.push(act) },
		{ type: SECRETS, selection: { labelSelector: "a=b" }, indexes: { name: ({ metadata }) => [metadata.name] } },
	);
	const ending = new AbortController();
	return { timing, client, reported, acts, reflector, ending };
};

test("it lists page by page, then watches from there, and follows", async () => {
	const { timing, client, reflector, ending, acts } = open();
	client.lists.push(page("5", [secret("x", "1", "3")], "more"), page("5", [secret("y", "2", "4")]));
	client.watches.push([
		{ type: "MODIFIED", object: secret("x", "1", "6") },
		{ type: "DELETED", object: secret("y", "2", "7") },
		{ type: "ADDED", object: secret("z", "3", "8") },
		"hang",
	]);
	const synced = reflector.whenSynced(ending.signal);
	const running = reflector.run(ending.signal);
	await synced;
	await timing.advance(0);
	assert.deepEqual(
		Array.from(reflector.store.list(), ({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`),
		["x@6", "z@8"],
	);
	assert.equal(reflector.store.by("name", "z").length, 1);
	assert.deepEqual(client.calls, ["0s list 500", "0s list 500 more", "0s watch 5"]);
	assert.deepEqual(acts, ["list", "watch", "event", "event", "event"]);
	ending.abort();
	await running;
	assert.equal(timing.sleeping, 0);
});

test("a quiet kind that tells bookmarks is listed once in a day", async () => {
	const { timing, client, reflector, ending } = open();
	client.lists.push(page("5", []));
	const minutes = 24 * 60;
	for (let version = 5; version < 5 + minutes; version += 5) {
		const step = (i: number): Step[] => [{ pause: 60_000 }, bookmark(String(version + i))];
		client.watches.push([1, 2, 3, 4, 5].flatMap(step));
	}
	const running = reflector.run(ending.signal);
	await timing.advance(minutes * 60_000 - 1);
	assert.equal(client.calls.filter((call) => call.includes("list")).length, 1);
	assert.equal(client.calls.length, 1 + minutes / 5);
	assert.ok(client.calls.at(-1)?.endsWith(`watch ${minutes}`), client.calls.at(-1) ?? "no call");
	assert.deepEqual(
		timing.slept.filter((ms) => ms < 60_000),
		[],
	);
	ending.abort();
	await running;
});

const faults: readonly (readonly [what: string, steps: Step[], calls: string[]])[] = [
	["a connection that breaks: it watches on from the last event", [bookmark("9"), down], ["0.8s watch 9"]],
	["too old a version: it lists again", [bookmark("9"), gone], ["0.8s list 500", "0.8s watch 6"]],
	["an error of another kind: it lists again", [new KubeError("UNKNOWN", "etcd")], ["0.8s list 500", "0.8s watch 6"]],
	[
		"a server that asks for patience: it waits as long",
		[new KubeError("UNAVAILABLE", "busy", { retryAfterMs: 9000 })],
		["9s watch 5"],
	],
	["an end at once: it does not watch in a circle", [], ["0.8s watch 5"]],
	["an end after a while: it watches on at once", [{ pause: 5000 }], ["5s watch 5"]],
	[
		"an exception of another kind: it lists again",
		[{ type: "ADDED", object: JSON.parse("{}") }],
		["0.8s list 500", "0.8s watch 6"],
	],
];

for (const [what, steps, calls] of faults) {
	test(`it goes on after ${what}`, async () => {
		const { timing, client, reflector, ending, reported } = open();
		client.lists.push(page("5", []), page("6", []));
		client.watches.push(steps);
		const running = reflector.run(ending.signal);
		await timing.advance(60_000);
		assert.deepEqual(client.calls, ["0s list 500", "0s watch 5", ...calls]);
		assert.equal(reported.length, what.startsWith("an end after") ? 0 : 1);
		ending.abort();
		await running;
	});
}

test("lists that fail are tried again under back-off, and synced waits for the first that succeeds", async () => {
	const { timing, client, reflector, ending } = open();
	timing.chance = 1;
	client.lists.push(down, down, page("5", [], "more"), down, page("6", [secret("x", "1", "1")]));
	let synced = false;
	const waiting = reflector.whenSynced(ending.signal).then(() => {
		synced = true;
	});
	const running = reflector.run(ending.signal);
	await timing.advance(11_199);
	assert.deepEqual(
		[synced, reflector.store.synced, reflector.failure, reflector.lastContact],
		[false, false, down, undefined],
	);
	await timing.advance(1);
	await waiting;
	assert.deepEqual(client.calls, [
		"0s list 500",
		"1.6s list 500",
		"4.8s list 500",
		"4.8s list 500 more",
		"11.2s list 500",
		"11.2s watch 6",
	]);
	assert.equal(reflector.failure, undefined);
	assert.equal(reflector.lastContact, timing.monotonic());
	ending.abort();
	await running;
});

test("pages grow while their continuation runs out, and are of the usual size afterwards", async () => {
	const { timing, client, reflector, ending } = open();
	client.lists.push(page("5", [], "a"), gone, page("6", [], "b"), gone, page("7", []));
	client.watches.push([gone]);
	const running = reflector.run(ending.signal);
	await timing.advance(10_000);
	assert.deepEqual(
		client.calls.map((call) => call.replace(/^\S+ /, "")),
		["list 500", "list 500 a", "list 5000", "list 5000 b", "list 50000", "watch 7", "list 500", "watch 1"],
	);
	ending.abort();
	await running;
});

test("during an outage it asks no more often than every 0.8 seconds, and no less than every 30", async () => {
	const { timing, client, reflector, ending } = open();
	for (let i = 0; i < 4000; i++) client.lists.push(down);
	const running = reflector.run(ending.signal);
	for (const chance of [0, 0.3, 0.999]) {
		timing.chance = chance;
		await timing.advance(600_000);
	}
	assert.ok(timing.slept.every((ms) => ms >= 800 && ms <= 30_000));
	assert.ok(client.calls.length > 3 * (600 / 30), String(client.calls.length));
	ending.abort();
	await running;
	assert.equal(timing.sleeping, 0);
});

test("what was missed while the watch was down is found by the next list, a successor of the same name as well", async () => {
	const { timing, client, reflector, ending } = open();
	client.lists.push(
		page("5", [secret("x", "1", "1"), secret("y", "2", "2"), secret("z", "3", "3")]),
		page("9", [secret("x", "7", "7"), secret("z", "3", "3")]),
	);
	client.watches.push([gone]);
	const told: string[] = [];
	reflector.store.subscribe(({ key, before, after, initial }) => {
		told.push(`${before?.metadata.uid ?? ""}>${after?.metadata.uid ?? ""} ${key}${initial ? "!" : ""}`);
	});
	const running = reflector.run(ending.signal);
	await timing.advance(1000);
	assert.deepEqual(told, [">1 a/x!", ">2 a/y!", ">3 a/z!", "1> a/x", ">7 a/x", "3>3 a/z!", "2> a/y"]);
	ending.abort();
	await running;
});

test("stopping at any moment ends it with nothing told later", async () => {
	for (const at of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
		const { timing, client, reflector, ending } = open();
		client.lists.push(down, page("5", [secret("x", "1", "1")], "more"), page("5", []));
		client.watches.push([bookmark("6"), { type: "ADDED", object: secret("y", "2", "7") }, { pause: 1000 }, gone]);
		let told = 0;
		reflector.store.subscribe(() => {
			told++;
		});
		const running = reflector.run(ending.signal);
		const waiting = reflector.whenSynced(ending.signal).catch((error: unknown) => error);
		await timing.advance(at * 300);
		ending.abort(new Error("enough"));
		const toldBefore = told;
		await running;
		await waiting;
		await settle();
		assert.deepEqual([told, timing.sleeping], [toldBefore, 0], `after ${at * 300} ms`);
		await assert.rejects(reflector.whenSynced(ending.signal), /enough/);
	}
});
