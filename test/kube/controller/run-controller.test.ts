import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { INITIAL_PRIORITY, mappedObjects } from "#/kube/controller/source.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { ReconcileError } from "#/kube/reconciler.ts";
import { settle } from "../../support/manual-timing.ts";
import { widget } from "../../support/widgets.ts";
import { openStore, startController } from "./controller-harness.ts";

const well = async () => ({});

/** A reconcile whose runs end when the test says so. */
const held = () => {
	const runs: { key: string; signal: AbortSignal; end: PromiseWithResolvers<object> }[] = [];
	return {
		runs,
		reconcile: (key: string, signal: AbortSignal) => {
			const end = Promise.withResolvers<object>();
			runs.push({ key, signal, end });
			return end.promise;
		},
	};
};

describe("a controller", () => {
	it("looks at every object once its caches are filled, and not before", async () => {
		const other = openStore();
		const only = openStore();
		const { fill, runs, timing, stop, ended } = startController(well, {
			sources: [mappedObjects("gadgets", other, () => [])],
			caches: { secrets: only },
		});
		await fill(widget("a"), widget("b"));
		assert.deepEqual(runs, []);
		other.replaceAll([]);
		await timing.advance(1000);
		assert.deepEqual(runs, []);
		only.replaceAll([]);
		await timing.advance(50);
		assert.deepEqual(runs, ["team/a", "team/b"]);
		stop();
		await ended;
	});

	it("gives up when the caches do not fill in time, and says which", async () => {
		const { timing, ended, runs } = startController(well, { caches: { secrets: openStore() } });
		await timing.advance(121_000);
		await assert.rejects(ended, { code: "UNAVAILABLE", message: "not filled after 120 s: widget, secrets" });
		assert.deepEqual(runs, []);
		assert.equal(timing.sleeping, 0);
	});

	it("can be stopped while the caches fill, and when it had been before it began", async () => {
		const { timing, ended, stop } = startController(well);
		await settle();
		stop();
		await ended;
		assert.equal(timing.sleeping, 0);
	});

	it("looks again at an object that changes, at once and once", async () => {
		const { fill, objects, runs, stop, ended } = startController(well);
		await fill(widget("a"), widget("b"));
		objects.put(widget("a", { generation: 2, resourceVersion: "2" }));
		objects.remove(widget("b"));
		await settle();
		assert.deepEqual(runs, ["team/a", "team/b", "team/a", "team/b"]);
		stop();
		await ended;
	});

	it("never works on one object twice at a time, and on no more objects than it has workers", async () => {
		const { runs, reconcile } = held();
		const { fill, objects, meters, stop, ended } = startController(reconcile, { workers: 2 });
		await fill(widget("a"), widget("b"), widget("c"));
		assert.deepEqual(
			runs.map(({ key }) => key),
			["team/a", "team/b"],
		);
		for (let i = 2; i < 6; i++) objects.put(widget("a", { generation: i, resourceVersion: `${i}` }));
		runs[1]?.end.resolve({});
		await settle();
		runs[2]?.end.resolve({});
		await settle();
		assert.deepEqual(
			runs.map(({ key }) => key),
			["team/a", "team/b", "team/c"],
		);
		runs[0]?.end.resolve({});
		await settle();
		assert.deepEqual(
			runs.map(({ key }) => key),
			["team/a", "team/b", "team/c", "team/a"],
		);
		runs[3]?.end.resolve({});
		await settle();
		assert.equal(runs.length, 4);
		assert.equal(meters.active.most, 2);
		stop();
		await ended;
	});

	it("tries again what failed, later each time, and begins anew after a success", async () => {
		let fails = true;
		const { fill, runs, timing, objects, stop, ended } = startController(async () => {
			if (fails) throw new Error("the registry does not answer");
			return {};
		});
		await fill(widget("a"));
		// Chance is always the middle: 375, 750, 1500 ms.
		for (const ms of [375, 750, 1500]) {
			const before = runs.length;
			await timing.advance(ms - 1);
			assert.equal(runs.length, before);
			await timing.advance(1);
			assert.equal(runs.length, before + 1);
		}
		fails = false;
		await timing.advance(3000);
		assert.equal(runs.length, 5);
		fails = true;
		objects.put(widget("a", { generation: 2, resourceVersion: "2" }));
		await timing.advance(374);
		assert.equal(runs.length, 6);
		await timing.advance(1);
		assert.equal(runs.length, 7);
		stop();
		await ended;
	});

	it("waits as long as the API server asks for", async () => {
		const { fill, runs, timing, stop, ended } = startController(async () => {
			throw new KubeError("UNAVAILABLE", "too many requests", { status: 429, retryAfterMs: 9_000 });
		});
		await fill(widget("a"));
		await timing.advance(8_999);
		assert.equal(runs.length, 1);
		await timing.advance(1);
		assert.equal(runs.length, 2);
		stop();
		await ended;
	});

	it("does not try again what is refused for good, until it changes", async () => {
		const { fill, runs, timing, objects, stop, ended } = startController(async () => {
			throw new ReconcileError("TERMINAL", "there is no such project");
		});
		await fill(widget("a"));
		await timing.advance(86_400_000);
		assert.equal(runs.length, 1);
		objects.put(widget("a", { generation: 2, resourceVersion: "2" }));
		await settle();
		assert.equal(runs.length, 2);
		stop();
		await ended;
	});

	it("looks again after half a minute for what an object waits for, or when that comes", async () => {
		const gadgets = openStore();
		gadgets.replaceAll([]);
		const { fill, runs, timing, stop, ended } = startController(
			async () => {
				throw new ReconcileError("WAIT", "the registry is not there yet");
			},
			{ sources: [mappedObjects("gadgets", gadgets, () => ["team/a"])] },
		);
		await fill(widget("a"));
		await timing.advance(30_000);
		assert.equal(runs.length, 1);
		await timing.advance(3_000);
		assert.equal(runs.length, 2);
		gadgets.put(widget("gadget"));
		await settle();
		assert.equal(runs.length, 3);
		stop();
		await ended;
	});

	it("runs again when a reconcile asked for it, and forgets that when something changes before", async () => {
		const { fill, runs, timing, objects, stop, ended } = startController(async () => ({ againMs: 10_000 }));
		await fill(widget("a"));
		await timing.advance(10_000);
		assert.equal(runs.length, 2);
		await timing.advance(9_000);
		objects.put(widget("a", { generation: 2, resourceVersion: "2" }));
		await timing.advance(9_999);
		assert.equal(runs.length, 3);
		await timing.advance(1);
		assert.equal(runs.length, 4);
		stop();
		await ended;
	});

	it("is as quick with an edited object until it is settled, whatever wakes it meanwhile", async () => {
		const echoes = openStore();
		echoes.replaceAll([]);
		const waiting: (() => void)[] = [];
		let againMs = 15_000;
		const source = mappedObjects(
			"echoes",
			echoes,
			({ metadata }) => [`team/${metadata.name}`],
			() => INITIAL_PRIORITY,
		);
		const { fill, runs, objects, stop, ended } = startController(
			async () => {
				await new Promise<void>((resolve) => waiting.push(resolve));
				return { againMs };
			},
			{ workers: 1, sources: [source] },
		);
		const letGo = async () => {
			waiting.shift()?.();
			await settle();
		};
		await fill(widget("a"), widget("b"), widget("c"), widget("d"));
		objects.put(widget("d", { generation: 2, resourceVersion: "2" }));
		await letGo();
		assert.deepEqual(runs, ["team/a", "team/d"], "the edited one overtakes those of the start");
		await letGo();
		echoes.put(widget("a"));
		echoes.put(widget("d"));
		againMs = 3_600_000;
		await letGo();
		assert.deepEqual(runs.slice(2), ["team/b", "team/d"], "it is not settled yet");
		await letGo();
		echoes.put(widget("d", { resourceVersion: "2" }));
		await letGo();
		await letGo();
		await letGo();
		assert.deepEqual(runs.slice(4), ["team/c", "team/a", "team/d"], "nobody waits for it any more");
		await letGo();
		stop();
		await ended;
	});

	it("goes on with all others when one object's reconcile makes a mistake, at once or later", async () => {
		const { fill, runs, meters, lines, stop, ended } = startController((key) => {
			if (key === "team/a") throw new TypeError("undefined is not a function");
			return key === "team/b" ? Promise.reject("no error at all") : well();
		});
		await fill(widget("a"), widget("b"), widget("c"));
		assert.deepEqual(runs, ["team/a", "team/b", "team/c"]);
		assert.deepEqual(meters.told.toSorted(), ["error 0 panic", "error 0 panic", "success 0", "widget with 4"]);
		assert.deepEqual(lines.map(({ level }) => level).toSorted(), ["error", "error", "info"]);
		stop();
		await ended;
	});

	it("treats a time that makes no sense as a mistake", async () => {
		const { fill, meters, stop, ended } = startController(async () => ({ againMs: Number.NaN }));
		await fill(widget("a"));
		assert.deepEqual(meters.told, ["widget with 4", "error 0 panic"]);
		stop();
		await ended;
	});

	it("aborts a reconcile at its deadline, and tries again later", async () => {
		const { fill, runs, meters, timing, lines, stop, ended } = startController((_, signal) => {
			const { promise, reject } = Promise.withResolvers<object>();
			signal.addEventListener("abort", () => reject(signal.reason));
			return promise;
		});
		await fill(widget("a"));
		await timing.advance(59_999);
		assert.deepEqual(lines, []);
		await timing.advance(1);
		assert.deepEqual(meters.told, ["widget with 4", "error 60000 timeout"]);
		await timing.advance(375);
		assert.equal(runs.length, 2);
		stop();
		await timing.advance(30_000);
		await ended;
	});

	it("lets what runs end when it is stopped, begins nothing new, and aborts what goes on too long", async () => {
		const { runs, reconcile } = held();
		const { fill, timing, stop, ended } = startController(reconcile, { workers: 2 });
		await fill(widget("a"), widget("b"), widget("c"));
		const reason = new Error("the lease is lost");
		stop(reason);
		runs[0]?.end.resolve({});
		await timing.advance(29_999);
		assert.equal(runs.length, 2);
		assert.equal(runs[1]?.signal.aborted, false);
		await timing.advance(1);
		assert.equal(runs[1]?.signal.reason, reason);
		let over = false;
		void ended.then(() => {
			over = true;
		});
		await settle();
		assert.equal(over, false);
		runs[1]?.end.reject(reason);
		await ended;
		assert.equal(timing.sleeping, 0);
	});

	it("writes one line for each reconcile", async () => {
		const { fill, lines, stop, ended } = startController(async (key) => {
			if (key === "cluster-wide") throw new ReconcileError("TERMINAL", "refused");
			return { againMs: 5_000 };
		});
		await fill(widget("a", { generation: 3 }), {
			apiVersion: "v1",
			kind: "Widget",
			metadata: { name: "cluster-wide", resourceVersion: "1" },
		});
		const common = { controller: "widget", durationMs: 0 };
		assert.deepEqual(
			lines.map(({ error, ...line }) => line).toSorted((a, b) => a.name.localeCompare(b.name)),
			[
				{
					...common,
					level: "info",
					namespace: "team",
					name: "a",
					generation: 3,
					reconcileID: lines.find(({ name }) => name === "a")?.reconcileID,
					result: "requeue_after",
					againMs: 5_000,
				},
				{
					...common,
					level: "warn",
					namespace: undefined,
					name: "cluster-wide",
					generation: undefined,
					reconcileID: lines.find(({ name }) => name === "cluster-wide")?.reconcileID,
					result: "error",
					againMs: undefined,
				},
			],
		);
		assert.deepEqual(new Set(lines.map(({ reconcileID }) => reconcileID)), new Set(["id-1", "id-2"]));
		stop();
		await ended;
	});

	it("looks at an edit next, while thousands of objects of the first list wait", async () => {
		const { runs, reconcile } = held();
		const { fill, objects, stop, ended } = startController(reconcile, { workers: 1 });
		await fill(...Array.from({ length: 10_000 }, (_, i) => widget(`w${i}`)));
		objects.put(widget("w9000", { generation: 2, resourceVersion: "2" }));
		runs[0]?.end.resolve({});
		await settle();
		assert.deepEqual(
			runs.map(({ key }) => key),
			["team/w0", "team/w9000"],
		);
		stop();
		runs[1]?.end.resolve({});
		await ended;
	});
});
