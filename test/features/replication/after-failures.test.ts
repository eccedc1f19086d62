import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteError } from "#/client/remote-error.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { forever } from "../../support/registry.ts";
import { countWrites, inWorld } from "../../support/replication-world.ts";

const passed = (remote: RemoteRegistry): RemoteRegistry => countWrites(remote, { count: 0, uploaded: [] });

test("Push: what is new is copied while a tag that is refused waits, which is not tried again for that", async () => {
	let attempts = 0;
	let isRefused = true;
	const picky = (remote: RemoteRegistry): RemoteRegistry => ({
		...passed(remote),
		putManifest: async (repository, reference, manifest, signal) => {
			if (reference === "bad") {
				attempts += 1;
				if (isRefused) throw new RemoteError("REFUSED", "the tag is immutable");
			}
			await remote.putManifest(repository, reference, manifest, signal);
		},
	});
	await inWorld(
		{ direction: "Push", onEvent: true },
		async ({ source, target, policy }) => {
			await source.push("p/app", "bad", { layers: ["a"] });
			assert.equal((await policy.run("Event")).outcome, "Failed");
			assert.equal(attempts, 1);
			assert.equal(await policy.hasEvent(), false, "it was seen");
			for (const tag of ["v1", "v2"]) {
				await source.push("p/other", tag, { layers: [tag] });
				assert.equal(await policy.hasEvent(), true);
				const run = await policy.agree("Event");
				assert.equal(run.figures?.copied, 1);
				assert.deepEqual([run.report?.inSync, run.report?.behind], [tag === "v1" ? 1 : 2, 1]);
				assert.equal(await policy.hasEvent(), false);
			}
			assert.equal(attempts, 1);
			assert.equal((await policy.run("Event", forever, true)).outcome, "Failed");
			assert.equal(attempts, 2);
			assert.equal(await policy.hasEvent(), false);
			isRefused = false;
			assert.equal((await policy.run("Event", forever, true)).outcome, "Succeeded");
			assert.deepEqual(await target.tags(), await source.tags());
			assert.equal(await policy.hasEvent(), false);
		},
		picky,
	);
});

test("Push: a change of what failed already is an event again, and what is repaired by it waits no more", async () => {
	let isRefused = false;
	const picky = (remote: RemoteRegistry): RemoteRegistry => ({
		...passed(remote),
		putManifest: async (repository, reference, manifest, signal) => {
			if (isRefused && reference === "v1") throw new RemoteError("REFUSED", "the tag is immutable");
			await remote.putManifest(repository, reference, manifest, signal);
		},
	});
	await inWorld(
		{ direction: "Push", onEvent: true },
		async ({ source, target, policy }) => {
			await source.push("p/app", "v1", { layers: ["a"] });
			await policy.agree("Event");
			while (await policy.hasEvent()) await policy.agree("Event");
			isRefused = true;
			await source.push("p/app", "v1", { layers: ["b"] });
			assert.equal(await policy.hasEvent(), true);
			assert.equal((await policy.run("Event")).outcome, "Failed");
			assert.equal(await policy.hasEvent(), false);
			isRefused = false;
			await source.push("p/app", "v2", { layers: ["c"] });
			assert.equal(await policy.hasEvent(), true);
			await policy.agree("Event");
			assert.deepEqual(await target.tags(), await source.tags());
			assert.equal(await policy.hasEvent(), false);
		},
		picky,
	);
});

test("Push: while the target is away each change is an event once, and all of them come over when it is back", async () => {
	let isAway = false;
	const leaving = (remote: RemoteRegistry): RemoteRegistry => ({
		...passed(remote),
		head: async (repository, reference, signal) => {
			if (isAway) throw new RemoteError("UNREACHABLE", "no answer");
			return await remote.head(repository, reference, signal);
		},
	});
	await inWorld(
		{ direction: "Push", onEvent: true },
		async ({ source, target, policy }) => {
			await source.push("p/app", "v1", { layers: ["a"] });
			await policy.agree("Event");
			while (await policy.hasEvent()) await policy.agree("Event");
			isAway = true;
			for (const repository of ["p/a", "p/b"]) {
				await source.push(repository, "v1", { layers: ["b"] });
				assert.equal(await policy.hasEvent(), true);
				assert.equal((await policy.run("Event")).outcome, "Failed");
				assert.equal(await policy.hasEvent(), false);
			}
			isAway = false;
			assert.equal((await policy.run("Event", forever, true)).outcome, "Succeeded");
			assert.deepEqual(await target.tags(), await source.tags());
			assert.equal(await policy.hasEvent(), false);
		},
		leaving,
	);
});

test("Push: an outage with many changes and a restart in it heals by what changed alone, and asks for nothing twice", async () => {
	let isAway = false;
	const asked: string[] = [];
	const leaving = (remote: RemoteRegistry): RemoteRegistry => ({
		...passed(remote),
		head: async (repository, reference, signal) => {
			if (isAway) throw new RemoteError("UNREACHABLE", "no answer");
			asked.push(`${repository}:${reference}`);
			return await remote.head(repository, reference, signal);
		},
	});
	await inWorld(
		{ direction: "Push", onEvent: true },
		async ({ source, target, policy }) => {
			const push = async (names: readonly string[]) => {
				for (const name of names) await source.push(`p/${name}`, "v1", { layers: [name] });
			};
			await push(["old1", "old2", "old3"]);
			await policy.agree("Event");
			while (await policy.hasEvent()) await policy.agree("Event");
			isAway = true;
			const names = Array.from({ length: 24 }, (_, i) => `new${i}`);
			for (let i = 0; i < names.length; i += 6) {
				if (i === 12) policy.restart();
				await push(names.slice(i, i + 6));
				assert.equal(await policy.hasEvent(), true);
				assert.equal((await policy.run("Event")).outcome, "Failed");
				assert.equal(await policy.hasEvent(), false);
			}
			assert.equal((await policy.run("Event", forever, true)).outcome, "Failed");
			assert.equal(await policy.hasEvent(), false);
			isAway = false;
			asked.length = 0;
			const healed = await policy.run("Event", forever, true);
			assert.deepEqual([healed.outcome, healed.figures?.copied], ["Succeeded", names.length]);
			const tags = asked.filter((name) => name.endsWith(":v1"));
			assert.deepEqual(tags.toSorted(), names.map((name) => `p/${name}:v1`).toSorted());
			assert.deepEqual(await target.tags(), await source.tags());
			assert.equal(await policy.hasEvent(), false);
		},
		leaving,
	);
});

test("Push: a command that failed leaves what changed an event", async () => {
	let isAway = true;
	const leaving = (remote: RemoteRegistry): RemoteRegistry => ({
		...passed(remote),
		head: async (repository, reference, signal) => {
			if (isAway) throw new RemoteError("UNREACHABLE", "no answer");
			return await remote.head(repository, reference, signal);
		},
	});
	await inWorld(
		{ direction: "Push", onEvent: true },
		async ({ source, target, policy }) => {
			await source.push("p/app", "v1", { layers: ["a"] });
			assert.equal((await policy.run("Command")).outcome, "Failed");
			assert.equal(await policy.hasEvent(), true);
			isAway = false;
			await policy.agree("Event");
			assert.deepEqual(await target.tags(), await source.tags());
		},
		leaving,
	);
});

test("Pull: the lag grows while the source cannot be reached, and is gone when all of it was seen again", async () => {
	let isAway = false;
	const leaving = (remote: RemoteRegistry): RemoteRegistry => ({
		...passed(remote),
		repositories: async function* (signal) {
			if (isAway) throw new RemoteError("UNREACHABLE", "no answer");
			yield* remote.repositories(signal);
		},
	});
	await inWorld(
		{ direction: "Pull" },
		async ({ source, policy }) => {
			await source.push("p/app", "v1", { layers: ["a"] });
			assert.equal((await policy.agree()).report?.lagSeconds, 0);
			isAway = true;
			for (const minutes of [10, 60]) {
				policy.aheadMs = minutes * 60_000;
				const { outcome, report } = await policy.run();
				assert.equal(outcome, "Failed");
				assert.deepEqual([report?.inSync, report?.behind], [1, 0], "nothing is known to be behind");
				const lag = Number(report?.lagSeconds);
				assert.ok(lag >= minutes * 60 && lag < minutes * 60 + 300, `${lag} s`);
			}
			isAway = false;
			assert.equal((await policy.agree()).report?.lagSeconds, 0);
		},
		leaving,
	);
});
