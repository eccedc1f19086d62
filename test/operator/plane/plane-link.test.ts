import assert from "node:assert/strict";
import { test } from "node:test";
import type { Control } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { systemTiming } from "#/lib/timing.ts";
import { PlaneError } from "#/operator/plane/plane-error.ts";
import { PlaneLink, type PlaneLinkOpts, type Wish } from "#/operator/plane/plane-link.ts";
import { observedOf, reasons, soon } from "../../conformance/control/bench.ts";
import { openControlPlane, openQuickState } from "../../support/control-planes.ts";

type Apply = Control["apply"];
type Change = Parameters<Apply>[0];

const POLL = { minPollMs: 5, maxPollMs: 20 };

const robotWish = (uid: string, fields: { readonly [field: string]: unknown } = {}): Wish => ({
	kind: "RobotAccount",
	uid,
	spec: { name: `robot$team+${uid}`, verifiers: [{ hash: "0".repeat(64) }], ...fields },
});

/** A data plane, its Control with every apply noted and passed through `meddle`, and links to it. */
const openBench = async (meddle: (apply: Apply, call: number) => Apply = (apply) => apply) => {
	const stack = new AsyncDisposableStack();
	const plane = stack.use(await openControlPlane(await openQuickState()));
	const changes: Change[] = [];
	let calls = 0;
	const control: Control = {
		begin: (...call) => plane.control.begin(...call),
		apply: (change, signal) => {
			changes.push(change);
			return meddle((...call) => plane.control.apply(...call), calls++)(change, signal);
		},
		resync: (...call) => plane.control.resync(...call),
		observe: (...call) => plane.control.observe(...call),
		usage: (...call) => plane.control.usage(...call),
		totals: (...call) => plane.control.totals(...call),
		archive: (...call) => plane.control.archive(...call),
		explain: (...call) => plane.control.explain(...call),
		history: (...call) => plane.control.history(...call),
		restore: (...call) => plane.control.restore(...call),
		run: (...call) => plane.control.run(...call),
	};
	const start = (holder = "operator", opts: PlaneLinkOpts = {}) => {
		const leaving = new AbortController();
		const link = new PlaneLink({ control, holder, timing: systemTiming }, { ...POLL, ...opts });
		const ended = link.run(leaving.signal).catch((error: unknown) => error);
		stack.defer(async () => {
			leaving.abort();
			await ended;
		});
		return { link, ended, stop: () => leaving.abort() };
	};
	return { plane, changes, start, [Symbol.asyncDispose]: () => stack.disposeAsync() };
};

/** Resolves once `done` holds, looked at after every change of the link. */
const until = async (link: PlaneLink, done: () => boolean): Promise<void> => {
	const signal = soon();
	while (!done()) {
		signal.throwIfAborted();
		await new Promise((resolve) => setTimeout(resolve, 2));
	}
	assert.ok(link.synced);
};

/** Wants it until the data plane has spoken of it. */
const settle = async (link: PlaneLink, wish: Wish) => {
	await until(link, () => link.want(wish) !== undefined);
	return link.want(wish);
};

test("what is wanted is handed over and judged, and wanting it again sends nothing", async () => {
	await using bench = await openBench();
	const { link } = bench.start();
	assert.equal((await settle(link, robotWish("a")))?.ready, true);
	const refused = await settle(link, robotWish("b", { permissions: [{ project: "", actions: ["pull"] }] }));
	assert.equal(refused?.reason, "Invalid");
	const sent = bench.changes.length;
	for (let i = 0; i < 50; i++) link.want(robotWish("a"));
	await new Promise((resolve) => setTimeout(resolve, 60));
	assert.equal(bench.changes.length, sent);
});

test("one change among ten thousand robots sends one change, also by a link that knows nothing yet", async () => {
	await using bench = await openBench();
	const first = bench.start();
	const wishes = Array.from({ length: 10_000 }, (_, i) => robotWish(`r${i}`));
	for (const wish of wishes) first.link.want(wish);
	await until(first.link, () => wishes.every((wish) => first.link.find(wish.uid) !== undefined));
	assert.ok(bench.changes.length < 20, `they are sent together, not in ${bench.changes.length} calls`);
	for (const fields of [{ disabled: true }, {}]) {
		const { link, stop } = "disabled" in fields ? first : bench.start("the next operator");
		await until(link, () => link.find("r77") !== undefined);
		const before = bench.changes.length;
		const wish = robotWish("r77", fields);
		for (const other of wishes) if (other.uid !== "r77") link.want(other);
		assert.equal((await settle(link, wish))?.ready, true);
		const sent = bench.changes.slice(before).flatMap(({ upserts, deletes }) => [...upserts, ...deletes]);
		assert.deepEqual(
			sent.map((one) => (typeof one === "string" ? one : one.uid)),
			["r77"],
		);
		stop();
	}
});

test("an answer that is lost makes nothing happen twice and loses nothing", async () => {
	await using bench = await openBench((apply, call) => async (change, signal) => {
		const applied = await apply(change, signal);
		if (call % 2 === 0) throw new ControlError("UNAVAILABLE", "the connection broke");
		return applied;
	});
	const { link } = bench.start();
	await settle(link, robotWish("a"));
	await until(link, () => link.drop("a"));
	assert.equal((await observedOf(bench.plane.control, "a")).deleted, true);
	await settle(link, robotWish("a"));
	assert.deepEqual(await reasons(bench.plane.control), ["a: Applied"]);
});

test("what may still come to pass is not called gone", async () => {
	let land: () => Promise<unknown> = async () => undefined;
	await using bench = await openBench((apply, call) => async (change, signal) => {
		if (call > 0) return await apply(change, signal);
		land = () => apply(change, soon());
		throw new ControlError("UNAVAILABLE", "no answer within 30 s");
	});
	const { link } = bench.start();
	link.want(robotWish("late"));
	await until(link, () => link.trouble !== undefined);
	assert.equal(link.drop("late"), false);
	await until(link, () => link.drop("late"));
	assert.deepEqual(Object.keys(Object(await land())), ["refused"], "what lands late is refused");
	assert.equal((await observedOf(bench.plane.control, "late")).deleted, true);
});

test("while the data plane is away wishes wait, and nothing known is forgotten", async () => {
	let away = false;
	await using bench = await openBench((apply) => (change, signal) => {
		if (away) throw new ControlError("UNAVAILABLE", "away");
		return apply(change, signal);
	});
	const { link } = bench.start();
	await settle(link, robotWish("a"));
	away = true;
	link.want(robotWish("b"));
	await until(link, () => link.trouble !== undefined);
	assert.equal(link.want(robotWish("a"))?.ready, true);
	assert.equal(link.want(robotWish("b")), undefined);
	away = false;
	await until(link, () => link.find("b") !== undefined);
	assert.equal(link.trouble, undefined);
});

test("a resource that breaks the contract, or weighs too much, stops no other", async () => {
	await using bench = await openBench();
	const { link } = bench.start();
	const long = "x".repeat(200);
	const wishes = [robotWish("a"), robotWish(long), robotWish("b"), robotWish("c")];
	for (const wish of wishes) link.want(wish);
	await until(link, () => wishes.every((wish) => link.want(wish) !== undefined));
	assert.deepEqual(
		wishes.map((wish) => link.want(wish)?.reason),
		["Applied", "Invalid", "Applied", "Applied"],
	);
	const heavy = robotWish("d", { padding: "x".repeat(1024 * 1024) });
	assert.equal(link.want(heavy)?.reason, "TooLarge");
});

test("what one process of a data plane refuses to look at is taken by another one, and meanwhile stands as refused", async () => {
	let isOld = true;
	await using bench = await openBench((apply) => (change, signal) => {
		if (isOld && change.upserts.some(({ uid }) => uid === "b")) throw new ControlError("INVALID", "no such kind");
		return apply(change, signal);
	});
	const { link } = bench.start("operator", { refusedMs: 40 });
	assert.equal((await settle(link, robotWish("a")))?.ready, true);
	let woken = 0;
	using _ = link.subscribe((uids) => {
		if (!uids.has("b")) return;
		woken += 1;
		const standing = link.want(robotWish("b"));
		if (isOld) assert.equal(standing?.reason, "Invalid", "it is never told as under way");
	});
	assert.equal((await settle(link, robotWish("b")))?.reason, "Invalid");
	const before = woken;
	await until(link, () => woken > before + 3);
	isOld = false;
	await until(link, () => link.find("b") !== undefined);
	await until(link, () => link.want(robotWish("b"))?.ready === true);
	const sent = bench.changes.length;
	await new Promise((resolve) => setTimeout(resolve, 100));
	assert.equal(bench.changes.length, sent, "and that is all");
});

test("a link that is overtaken ends, and the other's word holds", async () => {
	await using bench = await openBench();
	const old = bench.start();
	await settle(old.link, robotWish("a"));
	const young = bench.start("another operator");
	await settle(young.link, robotWish("a", { disabled: true }));
	await until(old.link, () => old.link.want(robotWish("a")) === undefined);
	const error = await old.ended;
	assert.ok(error instanceof PlaneError);
	assert.equal(error.code, "STALE");
	assert.equal(young.link.want(robotWish("a", { disabled: true }))?.ready, true);
});

test("a released project stays as it is and is nobody's", async () => {
	await using bench = await openBench();
	const { link } = bench.start();
	const project = { kind: "Project", uid: "p", spec: { name: "web", owner: "team/web" } } as const;
	await settle(link, project);
	await until(link, () => link.release("p"));
	assert.equal(link.find("p"), undefined);
	assert.equal((await bench.plane.metadata.projects.find("web"))?.name, "web");
	const again = { kind: "Project", uid: "q", spec: { name: "web", owner: "team/web" } } as const;
	assert.equal((await settle(link, again))?.ready, true);
});

test("what was not sent yet is taken back, and what was sent counts as there until it is known", async () => {
	let answer = (): void => undefined;
	const answered = new Promise<void>((resolve) => {
		answer = resolve;
	});
	await using bench = await openBench((apply) => async (change, signal) => {
		const applied = await apply(change, signal);
		await answered;
		return applied;
	});
	const { link } = bench.start();
	await until(link, () => link.synced);
	link.want(robotWish("unsent"));
	assert.equal(link.withdraw("unsent"), false);
	link.want(robotWish("sent"));
	await until(link, () => bench.changes.length === 1);
	link.want(robotWish("behind"));
	assert.equal(link.withdraw("behind"), false);
	assert.equal(link.find("sent"), undefined);
	assert.equal(link.withdraw("sent"), true);
	answer();
	await until(link, () => link.find("sent") !== undefined);
	assert.deepEqual(
		bench.changes.flatMap(({ upserts }) => upserts.map(({ uid }) => uid)),
		["sent"],
	);
});
