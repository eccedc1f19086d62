import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeClient, ObjectRef } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { type ElectionOutcome, type LeaderTerm, LeaseElector, type LeaseElectorOpts } from "#/kube/lease-elector.ts";
import { microTime, readLease } from "#/kube/lease-record.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { settle, VirtualTiming } from "../support/virtual-timing.ts";

const never = (signal: AbortSignal): Promise<never> =>
	new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

/** One Lease, as several clients see it. */
class LeaseApi {
	lease: KubeObject | undefined;
	writes = 0;
	#version = 0;

	find(): KubeObject | undefined {
		return this.lease;
	}

	create(object: KubeObject): KubeObject {
		if (this.lease !== undefined) throw new KubeError("EXISTS", "there is one");
		return this.#store({ ...object, metadata: { ...object.metadata, uid: `uid-${this.#version + 1}` } });
	}

	replace(object: KubeObject): KubeObject {
		if (this.lease === undefined) throw new KubeError("NOT_FOUND", "there is none");
		if (object.metadata.resourceVersion !== this.lease.metadata.resourceVersion) {
			throw new KubeError("CONFLICT", "it was changed");
		}
		return this.#store(object);
	}

	/** Somebody puts a label on it. */
	label(): void {
		if (this.lease === undefined) throw new Error("there is none");
		const { metadata } = this.lease;
		this.#store({ ...this.lease, metadata: { ...metadata, labels: { seen: String(this.#version) } } });
	}

	#store(object: KubeObject): KubeObject {
		this.writes++;
		const resourceVersion = String(++this.#version);
		this.lease = { ...object, metadata: { ...object.metadata, resourceVersion } };
		return this.lease;
	}
}

/** How one client's way to the API is. */
type Line = "up" | "refusing" | "hanging" | "deaf";

/** A candidate in its own process: own clocks, own line. */
class Candidate {
	line: Line = "up";
	/** The term it works in. */
	term: LeaderTerm | undefined;
	/** Ends its work by itself. */
	readonly work = Promise.withResolvers<void>();
	readonly tokens: string[] = [];
	readonly reported: unknown[] = [];
	readonly ending = new AbortController();
	/** How long its work takes to end when it is told to, milliseconds. */
	slowMs = 0;
	outcome: ElectionOutcome | undefined;
	error: unknown;
	readonly #elector: LeaseElector;
	readonly #timing: VirtualTiming;

	constructor(
		api: LeaseApi,
		timing: VirtualTiming,
		opts: Partial<LeaseElectorOpts> & { identity: string },
		skewMs = 0,
	) {
		this.#timing = timing;
		const client: Pick<KubeClient, "find" | "create" | "replace"> = {
			find: (_: ResourceType, __: ObjectRef, signal) => this.#ask(() => api.find(), signal),
			create: (_, object, __, signal) => this.#ask(() => api.create(object), signal),
			replace: (_, object, __, signal) => this.#ask(() => api.replace(object), signal),
		};
		this.#elector = new LeaseElector(
			{
				client,
				timing,
				now: () => timing.monotonic() + skewMs,
				report: (error) => this.reported.push(error),
			},
			{ namespace: "limani", name: "operator", ...opts },
		);
	}

	start(): Promise<void> {
		return this.#elector
			.run((term) => this.#lead(term), this.ending.signal)
			.then(
				(outcome) => {
					this.outcome = outcome;
				},
				(error: unknown) => {
					this.error = error;
				},
			);
	}

	get leads(): boolean {
		return this.term !== undefined;
	}

	async #lead(term: LeaderTerm): Promise<void> {
		this.term = term;
		this.tokens.push(`${term.token.uid}/${term.token.transitions}`);
		try {
			await Promise.race([never(term.signal).catch(() => {}), this.work.promise]);
			if (this.slowMs > 0) await this.#timing.sleep(this.slowMs, new AbortController().signal);
		} finally {
			this.term = undefined;
		}
	}

	async #ask<T>(work: () => T, signal: AbortSignal): Promise<T> {
		if (this.line === "hanging") return never(signal);
		if (this.line === "refusing") throw new KubeError("UNAVAILABLE", "refused");
		const result = work();
		// It was done, but the answer is lost.
		if (this.line === "deaf") throw new KubeError("UNAVAILABLE", "no answer");
		return result;
	}
}

const holderOf = (api: LeaseApi): string => (api.lease === undefined ? "" : readLease(api.lease).holder);

/** Advances in small steps and sees to it that never two lead at once. */
const watchOver = async (timing: VirtualTiming, candidates: readonly Candidate[], ms: number): Promise<void> => {
	for (let passed = 0; passed < ms; passed += 100) {
		await timing.advance(100);
		const leaders = candidates.filter(({ leads }) => leads).length;
		assert.ok(leaders <= 1, `${leaders} lead at once`);
	}
};

const pair = (opts: Partial<LeaseElectorOpts> = {}) => {
	const [api, timing] = [new LeaseApi(), new VirtualTiming()];
	const a = new Candidate(api, timing, { ...opts, identity: "a" }, -3_600_000);
	const b = new Candidate(api, timing, { ...opts, identity: "b" }, 3_600_000);
	return { api, timing, a, b, both: [a, b] };
};

test("one of two leads, however far their clocks are apart, and renews while the other waits", async () => {
	const { api, timing, a, b, both } = pair();
	const running = [a.start(), b.start()];
	await watchOver(timing, both, 120_000);
	assert.deepEqual([a.leads, b.leads, holderOf(api)], [true, false, "a"]);
	assert.ok(api.writes >= 50 && api.writes <= 62, `${api.writes} writes in two minutes`);
	assert.deepEqual([...a.reported, ...b.reported], []);
	assert.equal(a.term?.held, true);
	for (const one of both) one.ending.abort();
	await Promise.all(running);
	assert.deepEqual([a.outcome, b.outcome, timing.sleeping], ["stopped", "stopped", 0]);
});

test("a leader that is stopped works to its end, renewing, and hands over within three seconds then", async () => {
	const { api, timing, a, b, both } = pair();
	timing.chance = 0.999;
	a.slowMs = 20_000;
	const running = [a.start()];
	await timing.advance(10);
	running.push(b.start());
	await watchOver(timing, both, 30_000);
	a.ending.abort();
	await watchOver(timing, both, 19_900);
	assert.deepEqual([a.leads, a.term?.held, b.leads], [true, true, false]);
	await watchOver(timing, both, 3000);
	assert.deepEqual([a.outcome, b.leads, holderOf(api)], ["stopped", true, "b"]);
	assert.deepEqual([a.tokens, b.tokens], [["uid-1/0"], ["uid-1/1"]]);
	b.ending.abort();
	await Promise.all(running);
	assert.equal(holderOf(api), "");
	assert.equal(api.lease === undefined ? 0 : readLease(api.lease).durationMs, 1000);
});

test("a leader that is killed is followed within twenty seconds, and not within fifteen", async () => {
	const { api, timing, a, b } = pair();
	timing.chance = 0.999;
	const running = [a.start()];
	await timing.advance(10);
	running.push(b.start());
	await timing.advance(60_000);
	// Gone without a word: it neither asks nor hears anything any more.
	a.line = "hanging";
	const killedAt = timing.monotonic();
	while (!b.leads) await timing.advance(100);
	const took = timing.monotonic() - killedAt;
	assert.ok(took > 12_000 && took < 20_000, `${took} ms`);
	assert.deepEqual(b.tokens, ["uid-1/1"]);
	for (const one of [a, b]) one.ending.abort();
	await Promise.all(running);
	assert.equal(holderOf(api), "");
});

for (const line of ["refusing", "hanging", "deaf"] as const) {
	test(`a leader whose line is ${line} stops before anybody else begins`, async () => {
		const { timing, a, b, both } = pair();
		const running = [a.start()];
		await timing.advance(10);
		running.push(b.start());
		await watchOver(timing, both, 20_000);
		a.line = line;
		// Deaf: its renewals arrive, so the other must not take over before it has really stopped.
		const { term } = a;
		assert.ok(term !== undefined);
		const downAt = timing.monotonic();
		while (a.leads) {
			assert.equal(b.leads, false);
			await timing.advance(100);
		}
		const stoppedAfter = timing.monotonic() - downAt;
		assert.ok(stoppedAfter <= 10_100, `${stoppedAfter} ms`);
		assert.equal(term.held, false);
		await watchOver(timing, both, 20_000);
		assert.deepEqual([a.outcome, b.leads], ["lost", true]);
		b.ending.abort();
		await Promise.all(running);
	});
}

test("an outage for all that ends before the renew deadline changes nothing", async () => {
	const { timing, a, b, both } = pair();
	const running = [a.start()];
	await timing.advance(10);
	running.push(b.start());
	await watchOver(timing, both, 20_000);
	for (const one of both) one.line = "refusing";
	await watchOver(timing, both, 7000);
	for (const one of both) one.line = "up";
	await watchOver(timing, both, 60_000);
	assert.deepEqual([a.leads, a.tokens.length, b.leads], [true, 1, false]);
	for (const one of both) one.ending.abort();
	await Promise.all(running);
});

test("work that does not end after a loss is told to be overrun when another may begin", async () => {
	const { timing, a } = pair();
	a.slowMs = 1e9;
	const running = a.start();
	await timing.advance(1);
	const startedAt = timing.monotonic();
	a.line = "refusing";
	await timing.advance(14_900);
	assert.equal(a.outcome, undefined);
	assert.equal(a.term?.signal.aborted, true);
	await timing.advance(startedAt + 15_000 - timing.monotonic());
	await running;
	assert.equal(a.outcome, "overrun");
});

test("a leader that stood still knows upon waking that it is none any more, before its timers do", async () => {
	const { timing, a } = pair();
	const running = a.start();
	await timing.advance(1);
	const { term } = a;
	assert.equal(term?.held, true);
	timing.pause(60_000);
	assert.equal(term?.held, false);
	await timing.advance(0);
	await running;
	assert.equal(a.outcome, "lost");
});

test("a label on the lease, or an answer that got lost, costs a leader nothing", async () => {
	const { api, timing, a } = pair();
	const running = a.start();
	await timing.advance(1);
	for (let round = 0; round < 10; round++) {
		if (round % 2 === 0) api.label();
		else a.line = "deaf";
		await timing.advance(2100);
		a.line = "up";
		await timing.advance(2100);
	}
	assert.deepEqual([a.leads, a.tokens.length], [true, 1]);
	assert.ok(api.lease?.metadata.labels !== undefined, "the label stays");
	a.ending.abort();
	await running;
});

test("a leader whose lease was taken or deleted stops with its next renewal", async () => {
	for (const act of ["take", "delete"]) {
		const { api, timing, a } = pair();
		const running = a.start();
		await timing.advance(1);
		const { lease } = api;
		assert.ok(lease !== undefined);
		if (act === "delete") api.lease = undefined;
		else api.replace({ ...lease, spec: { ...Object(lease.spec), holderIdentity: "c", leaseTransitions: 9 } });
		await timing.advance(2500);
		await running;
		assert.equal(a.outcome, "lost");
		assert.equal(holderOf(api), act === "delete" ? "" : "c");
	}
});

test("each term has a token of its own, even of the same process", async () => {
	const { api, timing } = pair();
	const tokens: string[] = [];
	for (let term = 0; term < 3; term++) {
		const one = new Candidate(api, timing, { identity: "same" });
		const running = one.start();
		await timing.advance(1);
		one.work.resolve();
		await running;
		assert.equal(one.outcome, "stopped");
		tokens.push(...one.tokens);
	}
	assert.deepEqual(tokens, ["uid-1/0", "uid-1/1", "uid-1/2"]);
	assert.equal(timing.sleeping, 0);
});

test("what the work throws is thrown after the lease is released", async () => {
	const { api, timing, a } = pair();
	const running = a.start();
	await timing.advance(1);
	a.work.reject(new Error("broken"));
	await running;
	assert.equal(String(a.error), "Error: broken");
	assert.equal(holderOf(api), "");
});

test("a candidate that is stopped while it waits, or while it takes the lease, keeps nobody waiting", async () => {
	for (const ticks of [0, 1, 2, 3, 4, 5, 6]) {
		const { api, timing, a } = pair();
		const running = a.start();
		for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
		a.ending.abort();
		await running;
		await settle();
		assert.deepEqual([a.outcome, holderOf(api), timing.sleeping], ["stopped", "", 0]);
	}
});

test("times that would let two lead are refused, and so is having no name", () => {
	const { api, timing } = pair();
	const wrong: (Partial<LeaseElectorOpts> & { identity: string })[] = [
		{ identity: "" },
		{ identity: "a", leaseMs: 10_000 },
		{ identity: "a", retryMs: 9000 },
		{ identity: "a", callMs: 10_000 },
	];
	for (const opts of wrong) assert.throws(() => new Candidate(api, timing, opts), RangeError);
});

test("times are written with microseconds, as Kubernetes wants them", () => {
	assert.equal(microTime(Date.UTC(2026, 0, 2, 3, 4, 5, 67)), "2026-01-02T03:04:05.067000Z");
});
