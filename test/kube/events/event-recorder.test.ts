import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventRecorder } from "#/kube/events/event-recorder.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { FakeKube } from "../../support/fake-kube.ts";
import { ManualTiming, settle } from "../../support/manual-timing.ts";
import { widget } from "../../support/widgets.ts";

const open = () => {
	const kube = new FakeKube();
	const timing = new ManualTiming();
	const reported: unknown[] = [];
	let ids = 0;
	const recorder = new EventRecorder({
		client: kube,
		timing,
		now: () => Date.UTC(2026, 0, 1) + timing.monotonic(),
		newId: () => `ID${++ids}`,
		controller: "limani.dev/widget",
		instance: "pod-1",
		report: (error) => reported.push(error),
	});
	const record = (note: string, name = "a") =>
		recorder.record({ regarding: widget(name), type: "Warning", reason: "Foreign", action: "Apply", note });
	return { kube, timing, reported, recorder, record };
};

describe("a recorder of events", () => {
	it("writes an event as events.k8s.io/v1 has it", async () => {
		const { kube, record, recorder } = open();
		record("the Secret is another's");
		await recorder.drain(new AbortController().signal);
		assert.deepEqual(
			kube.writes.map(({ body }) => body),
			[
				{
					apiVersion: "events.k8s.io/v1",
					kind: "Event",
					metadata: { name: "a.id1", namespace: "team" },
					eventTime: "2026-01-01T00:00:00.000000Z",
					reportingController: "limani.dev/widget",
					reportingInstance: "pod-1",
					regarding: {
						apiVersion: "test.example/v1",
						kind: "Widget",
						namespace: "team",
						name: "a",
						uid: "uid-a",
						resourceVersion: "1",
					},
					type: "Warning",
					reason: "Foreign",
					action: "Apply",
					note: "the Secret is another's",
				},
			],
		);
	});

	it("makes a series of what happens again within ten minutes, and a new event of what comes later", async () => {
		const { kube, timing, record } = open();
		record("again");
		await timing.advance(300_000);
		record("again");
		await settle();
		assert.deepEqual(kube.writes[1], {
			verb: "patch",
			key: "team/a.id1",
			subresource: undefined,
			body: { series: { count: 2, lastObservedTime: "2026-01-01T00:05:00.000000Z" } },
		});
		await timing.advance(600_000);
		record("again");
		await settle();
		assert.equal(kube.writes[2]?.key, "team/a.id2");
	});

	it("gives ten similar texts events of their own, and the others one together", async () => {
		const { kube, record } = open();
		for (let i = 0; i < 14; i++) {
			record(`no ${i}`);
			await settle();
		}
		assert.equal(kube.objects.size, 11);
		const combined = kube.objects.get("team/a.id11");
		assert.equal(combined?.note, "(combined from similar events): no 10");
		assert.deepEqual(combined?.series, { count: 4, lastObservedTime: "2026-01-01T00:00:00.000000Z" });
	});

	it("lets an object have 25 at once and then one in five minutes, and others theirs", async () => {
		const { kube, timing, record } = open();
		const writesOf = async (name: string, times: number): Promise<number> => {
			const before = kube.writes.length;
			for (let i = 0; i < times; i++) {
				record("again and again", name);
				await settle();
			}
			return kube.writes.length - before;
		};
		assert.equal(await writesOf("a", 40), 25);
		assert.equal(await writesOf("b", 3), 3);
		await timing.advance(300_000);
		assert.equal(await writesOf("a", 5), 1);
		// What was not written is counted all the same.
		const [event] = kube.objects.values();
		assert.deepEqual(event?.series, { count: 41, lastObservedTime: "2026-01-01T00:05:00.000000Z" });
	});

	it("tries again while the API server does not answer, counting what happens meanwhile", async () => {
		const { kube, timing, record, reported } = open();
		kube.meddle = () => {
			if (kube.writes.length < 3) throw new KubeError("UNAVAILABLE", "no answer");
		};
		record("again");
		await settle();
		record("again");
		await timing.advance(60_000);
		assert.deepEqual(
			kube.writes.map(({ verb }) => verb),
			["create", "create", "create", "patch"],
		);
		assert.deepEqual(reported, []);
	});

	it("loses what is refused, or fails five times, and goes on with the next", async () => {
		const { kube, timing, record, reported } = open();
		kube.meddle = () => {
			if (kube.writes.length === 1) throw new KubeError("FORBIDDEN", "the namespace is going");
			if (kube.writes.length <= 6) throw new KubeError("UNAVAILABLE", "no answer");
		};
		for (const note of ["one", "two", "three"]) record(note);
		await timing.advance(600_000);
		assert.deepEqual(
			reported.map((error) => error instanceof KubeError && error.code),
			["FORBIDDEN", "UNAVAILABLE"],
		);
		assert.deepEqual(
			[...kube.objects.values()].map(({ note }) => note),
			["three"],
		);
	});

	it("counts what happens while an event waits to be written as part of it, and takes nothing from the object's share", async () => {
		const { kube, timing, record } = open();
		for (let i = 0; i < 100; i++) record("again");
		await settle();
		for (let i = 0; i < 24; i++) {
			record(`other ${i}`);
			await settle();
		}
		await timing.advance(0);
		const [event] = kube.objects.values();
		assert.deepEqual(event?.series, { count: 100, lastObservedTime: "2026-01-01T00:00:00.000000Z" });
		assert.equal(kube.writes.length, 25);
	});

	it("writes an event anew when the API server has dropped it", async () => {
		const { kube, record } = open();
		record("again");
		await settle();
		kube.objects.clear();
		record("again");
		await settle();
		assert.deepEqual(
			[...kube.objects.values()].map(({ series }) => series),
			[{ count: 2, lastObservedTime: "2026-01-01T00:00:00.000000Z" }],
		);
	});

	it("keeps no more than a thousand that wait, and never makes anybody wait for it", async () => {
		const { kube, record, recorder, reported } = open();
		kube.meddle = () => Promise.withResolvers<void>().promise;
		for (let i = 0; i < 1500; i++) record("one", `w${i}`);
		// One is being written, a thousand wait.
		assert.equal(reported.length, 499);
		const stop = AbortSignal.abort(new Error("no time left"));
		await assert.rejects(recorder.drain(stop), { message: "no time left" });
	});

	it("writes nothing more once it is closed, and leaves no timer", async () => {
		const { kube, timing, record, recorder, reported } = open();
		kube.meddle = () => {
			throw new KubeError("UNAVAILABLE", "no answer");
		};
		record("one");
		record("two");
		await settle();
		assert.equal(timing.sleeping, 1);
		await recorder[Symbol.asyncDispose]();
		record("three");
		await settle();
		assert.deepEqual([timing.sleeping, kube.writes.length, reported.length], [0, 1, 0]);
	});

	it("cuts long notes, and finds a place for objects that are in no namespace", async () => {
		const { kube, recorder } = open();
		const regarding = { apiVersion: "v1", kind: "Namespace", metadata: { name: "n", uid: "n" } };
		recorder.record({ regarding, type: "Normal", reason: "Said", action: "Say", note: "x".repeat(5000) });
		await settle();
		const event = kube.objects.get("default/n.id1");
		assert.equal(Buffer.byteLength(String(event?.note)), 1024);
	});
});
