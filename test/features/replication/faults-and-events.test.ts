import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteError } from "#/client/remote-error.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { countWrites, HandRunPolicy, inWorld, openPlace } from "../../support/replication-world.ts";

test("Pull: what would lie in no project of the policy is not copied, and says so; the others are", () =>
	inWorld({ direction: "Pull", projects: { uids: ["uid-p"] } }, async ({ source, target, policy }) => {
		await source.push("p/app", "v1", { layers: ["a"] });
		await source.push("q/app", "v1", { layers: ["a"] });
		const run = await policy.run();
		assert.equal(run.outcome, "Failed");
		assert.match(run.message, /q\/app: cannot be copied to q\/app: the policy is not for project q/);
		assert.deepEqual(Object.keys(await target.tags()), ["p/app:v1"]);
	}));

test("Push: repositories of other projects are none of the policy's", () =>
	inWorld({ direction: "Push", projects: { uids: ["uid-p"] } }, async ({ source, target, policy }) => {
		await source.push("p/app", "v1", { layers: ["a"] });
		await source.push("q/app", "v1", { layers: ["a"] });
		await policy.agree();
		assert.deepEqual(Object.keys(await target.tags()), ["p/app:v1"]);
	}));

test("Push: an event goes only to what changed, and a copy that changes nothing is none", () =>
	inWorld({ direction: "Push", onEvent: true, projects: { uids: ["uid-p"] } }, async ({ source, target, policy }) => {
		assert.equal(await policy.hasEvent(), true, "it never ran");
		await source.push("p/app", "v1", { layers: ["a"] });
		await policy.agree("Event");
		while (await policy.hasEvent()) await policy.agree("Event");
		const image = await source.push("p/app", "v2", { layers: ["b"] });
		assert.equal(await policy.hasEvent(), true);
		const run = await policy.agree("Event");
		assert.equal(run.figures?.copied, 1);
		assert.equal((await target.tags())["p/app:v2"], image);
		assert.equal(await policy.hasEvent(), false);
		await source.push("p/app", "v2", { layers: ["b"] });
		assert.equal(await policy.hasEvent(), false, "the same again moves nothing");
		await source.push("q/app", "v1", { layers: ["b"] });
		assert.equal(await policy.hasEvent(), false, "another project");
		const signature = await source.push("p/app", undefined, { layers: ["sig"], subject: image });
		assert.equal(await policy.hasEvent(), true);
		await policy.agree("Event");
		assert.deepEqual(await target.referrers("p/app", image), [signature]);
	}));

for (const code of ["UNREACHABLE", "REFUSED", "FAILED", "INVALID"] as const) {
	test(`Pull: a source that answers everything with ${code} takes nothing away`, async () => {
		let isBroken = false;
		const failing = (remote: RemoteRegistry): RemoteRegistry =>
			new Proxy(remote, {
				get: (target, name, receiver) => {
					if (isBroken && typeof name === "string") {
						return () => {
							throw new RemoteError(code, `no ${name}`);
						};
					}
					const value: unknown = Reflect.get(target, name, receiver);
					return typeof value === "function" ? value.bind(target) : value;
				},
			});
		await inWorld(
			{ direction: "Pull", mode: "Mirror", guard: { maxShare: 100, minimum: 100 } },
			async ({ source, target, policy }) => {
				for (const tag of ["v1", "v2", "v3"]) await source.push("p/app", tag, { layers: [tag] });
				await policy.agree();
				isBroken = true;
				const run = await policy.run();
				assert.equal(run.outcome, "Failed");
				assert.equal(run.figures?.removed, 0);
				assert.deepEqual(await target.tags(), await source.tags());
				isBroken = false;
				await policy.agree();
			},
			failing,
		);
	});
}

test("Pull: a source that says it has nothing at all is not taken for empty", async () => {
	let isEmpty = false;
	const forgetful = (remote: RemoteRegistry): RemoteRegistry => ({
		...countWrites(remote, { count: 0, uploaded: [] }),
		repositories: async function* (signal) {
			if (!isEmpty) yield* remote.repositories(signal);
		},
		tags: async (repository, signal) => (isEmpty ? undefined : remote.tags(repository, signal)),
		head: async (repository, reference, signal) => (isEmpty ? undefined : remote.head(repository, reference, signal)),
	});
	await inWorld(
		{ direction: "Pull", mode: "Mirror", guard: { maxShare: 100, minimum: 100 } },
		async ({ source, target, policy }) => {
			for (const tag of ["v1", "v2", "v3"]) await source.push("p/app", tag, { layers: [tag] });
			await policy.agree();
			isEmpty = true;
			const run = await policy.run();
			assert.equal(run.outcome, "Stopped");
			assert.match(run.message, /shows no tag at all/);
			assert.deepEqual(await target.tags(), await source.tags());
		},
		forgetful,
	);
});

test("Pull: a repository that the source lists twice is copied once, and is no failure", async () => {
	const stuttering = (remote: RemoteRegistry): RemoteRegistry => ({
		...countWrites(remote, { count: 0, uploaded: [] }),
		repositories: async function* (signal) {
			for await (const page of remote.repositories(signal)) yield* [page, page];
		},
	});
	await inWorld(
		{ direction: "Pull" },
		async ({ source, target, policy }) => {
			await source.push("p/app", "v1", { layers: ["a"] });
			const { figures } = await policy.agree();
			assert.deepEqual([figures?.copied, figures?.failed], [1, 0]);
			assert.deepEqual(await target.tags(), await source.tags());
		},
		stuttering,
	);
});

test("one tag that cannot be copied stops no other, and is behind until it can", async () => {
	let poisoned: string | undefined;
	const picky = (remote: RemoteRegistry): RemoteRegistry => ({
		...countWrites(remote, { count: 0, uploaded: [] }),
		putManifest: async (repository, reference, manifest, signal) => {
			if (reference === poisoned) throw new RemoteError("REFUSED", "the tag is immutable");
			await remote.putManifest(repository, reference, manifest, signal);
		},
	});
	await inWorld(
		{ direction: "Push" },
		async ({ source, target, policy }) => {
			for (const tag of ["v1", "v2", "v3"]) await source.push("p/app", tag, { layers: [tag] });
			poisoned = "v2";
			const run = await policy.run();
			assert.equal(run.outcome, "Failed");
			assert.match(run.message, /2 copied, 0 in sync, 0 removed, 1 failed; p\/app:v2: the tag is immutable/);
			assert.deepEqual([run.report?.inSync, run.report?.behind], [2, 1]);
			poisoned = undefined;
			await policy.agree();
			assert.deepEqual(await target.tags(), await source.tags());
		},
		picky,
	);
});

test("two mirrors in a circle come to rest, and what is deleted at its origin stays deleted", async () => {
	await using a = await openPlace();
	await using b = await openPlace();
	const writes = { a: { count: 0, uploaded: [] }, b: { count: 0, uploaded: [] } };
	const toB = new HandRunPolicy(a, () => countWrites(b.asRemote(), writes.b), { direction: "Push", mode: "Mirror" });
	const toA = new HandRunPolicy(b, () => countWrites(a.asRemote(), writes.a), { direction: "Push", mode: "Mirror" });
	await a.push("p/app", "v1", { layers: ["one"] });
	await a.push("p/app", "v2", { layers: ["two"] });
	await b.push("p/app", "v3", { layers: ["three"] });
	for (const policy of [toB, toA, toB, toA]) await policy.agree();
	assert.deepEqual(await a.tags(), await b.tags());
	const before = writes.a.count + writes.b.count;
	for (const policy of [toB, toA, toA, toB]) await policy.agree();
	assert.equal(writes.a.count + writes.b.count, before);
	await a.remove("p/app", "v2");
	// The policy that would bring it back is the first to look.
	for (const policy of [toA, toB, toA, toB]) await policy.agree();
	assert.deepEqual(Object.keys(await a.tags()), ["p/app:v1", "p/app:v3"]);
	assert.deepEqual(await b.tags(), await a.tags());
});

test("a run that is cut short is gone on with: nothing is sent twice, and what it had put there it knows for its own", async () => {
	const ending = new AbortController();
	const writes = { count: 0, uploaded: [] };
	let cutAt: string | undefined;
	const cut = (remote: RemoteRegistry): RemoteRegistry => ({
		...countWrites(remote, writes),
		putManifest: async (repository, reference, manifest, signal) => {
			await remote.putManifest(repository, reference, manifest, signal);
			if (reference === cutAt) {
				ending.abort(new Error("killed"));
				throw ending.signal.reason;
			}
		},
	});
	await inWorld(
		{ direction: "Push", mode: "Mirror", concurrency: 1 },
		async ({ source, target, policy }) => {
			for (const tag of ["v1", "v2", "v3", "v4"]) await source.push("p/app", tag, { layers: ["base", tag] });
			cutAt = "v2";
			await assert.rejects(policy.run("Schedule", ending.signal), /killed/);
			assert.deepEqual(Object.keys(await target.tags()), ["p/app:v1", "p/app:v2"]);
			cutAt = undefined;
			await source.remove("p/app", "v2");
			await policy.agree();
			assert.deepEqual(await target.tags(), await source.tags(), "what was put there last is taken away too");
			assert.deepEqual(writes.uploaded, [...new Set(writes.uploaded)]);
		},
		cut,
	);
});

test("layers that another repository of the target has are mounted, and shared ones sent once", async () => {
	const outcomes: string[] = [];
	const told = (remote: RemoteRegistry): RemoteRegistry => ({
		...countWrites(remote, { count: 0, uploaded: [] }),
		putBlob: async (repository, blob, signal) => {
			const outcome = await remote.putBlob(repository, blob, signal);
			outcomes.push(outcome);
			return outcome;
		},
	});
	await inWorld(
		{ direction: "Push" },
		async ({ source, policy }) => {
			await source.push("p/a", "v1", { layers: ["base", "a"] });
			await policy.agree();
			assert.deepEqual(outcomes.splice(0), ["uploaded", "uploaded", "uploaded"]);
			await source.push("p/b", "v1", { layers: ["base", "b"] });
			await source.push("p/b", "v2", { layers: ["base", "c"] });
			await policy.agree();
			assert.deepEqual(outcomes.toSorted(), ["mounted", "mounted", "uploaded", "uploaded"]);
		},
		told,
	);
});

test("Pull: a tag that is immutable here stays where it is, a quota that is full stops what is new, and both are told of", () =>
	inWorld({ direction: "Pull" }, async ({ source, target, policy }) => {
		await source.push("p/app", "v1", { layers: ["one"] });
		await policy.agree();
		const { epoch, base } = await target.metadata.controlState.begin("test");
		const change = (name: string, spec: object) =>
			({ kind: "Project", uid: `uid-${name}`, generation: 2, spec: { name, ...spec } }) as const;
		const upserts = [
			change("p", { immutability: [{ repositories: { matching: ["**"] }, tags: { matching: ["v*"] } }] }),
			change("q", { quotaBytes: 10 }),
		];
		assert.ok("base" in (await target.metadata.controlState.apply({ epoch, base, upserts, deletes: [] })));
		const before = await target.tags();
		await source.push("p/app", "v1", { layers: ["one, again"] });
		const fresh = await source.push("p/app", "dev", { layers: ["two"] });
		await source.push("q/app", "v1", { layers: ["more than ten bytes"] });
		const run = await policy.run();
		assert.equal(run.outcome, "Failed");
		assert.deepEqual([run.figures?.copied, run.figures?.failed], [1, 2]);
		assert.match(run.message, /p\/app:v1: this registry: .*immutable/);
		assert.match(run.message, /q\/app:v1: this registry: .*quota/);
		assert.deepEqual(await target.tags(), { ...before, "p/app:dev": fresh });
	}));

test("a mirror leaves what the target had before it copied anything there, also when it goes at the source", () =>
	inWorld({ direction: "Push", mode: "Mirror" }, async ({ source, target, policy }) => {
		for (const place of [source, target]) await place.push("p/app", "v1", { layers: ["one"] });
		await source.push("p/app", "v2", { layers: ["two"] });
		await policy.agree();
		const before = await target.tags();
		await source.remove("p/app", "v1");
		assert.equal((await policy.agree()).figures?.removed, 0);
		assert.deepEqual(await target.tags(), before);
	}));

test("a tag that the source moves while it is copied comes over as it is at the end, and never as it was", async () => {
	let onRead: (() => Promise<unknown>) | undefined;
	const put: string[] = [];
	const watched = (remote: RemoteRegistry): RemoteRegistry => ({
		...countWrites(remote, { count: 0, uploaded: [] }),
		putBlob: async (repository, blob, signal) => {
			const work = onRead;
			onRead = undefined;
			await work?.();
			return await remote.putBlob(repository, blob, signal);
		},
		putManifest: async (repository, reference, manifest, signal) => {
			put.push(`${reference} ${manifest.digest}`);
			await remote.putManifest(repository, reference, manifest, signal);
		},
	});
	await inWorld(
		{ direction: "Push" },
		async ({ source, target, policy }) => {
			await source.push("p/app", "v1", { layers: ["one"] });
			onRead = () => source.push("p/app", "v1", { layers: ["two"] });
			await policy.agree();
			const tags = await source.tags();
			assert.deepEqual(await target.tags(), tags);
			assert.deepEqual(put, [`v1 ${tags["p/app:v1"]}`]);
			assert.equal((await policy.agree()).figures?.copied, 0);
		},
		watched,
	);
});
