// Policies that copy to each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import {
	eventuallyHas,
	makeImage,
	openRemote,
	pushTo,
	startReplicatingLimani,
	tagsOf,
} from "../../support/replication-bench.ts";

const { signal } = new AbortController();

test("two mirrors in a circle bring a push to the other side within seconds, and come to rest; a deletion at the origin holds", async () => {
	await using a = await startReplicatingLimani();
	await using b = await startReplicatingLimani();
	const mirror = { direction: "Push", mode: "Mirror", onEvent: true } as const;
	await a.applyPolicy("to-b", { ...mirror, remote: b.remote });
	await b.applyPolicy("to-a", { ...mirror, remote: a.remote });
	await using atA = openRemote(a.url);
	await using atB = openRemote(b.url);
	await pushTo(atA, "team/app", "v1", makeImage(["base", "v1"]));
	await pushTo(atB, "team/app", "v2", makeImage(["base", "v2"]));
	await eventually(async () => {
		const tags = await tagsOf(atA);
		assert.equal(Object.keys(tags).length, 2);
		assert.deepEqual(await tagsOf(atB), tags);
	});
	const runs = async (): Promise<string[]> =>
		[...((await a.report("to-b"))?.runs ?? []), ...((await b.report("to-a"))?.runs ?? [])].map(({ id }) => id);
	// Each may look once more at what the other one wrote. Then it is quiet.
	await eventually(async () => {
		const before = await runs();
		await sleep(8_000);
		assert.deepEqual(await runs(), before);
	}, 90_000);
	const from = performance.now();
	const image = await pushTo(atA, "team/app", "v3", makeImage(["base", "v3"]));
	await eventually(async () => assert.equal(await atB.head("team/app", "v3", signal), image));
	assert.ok(performance.now() - from < 20_000, "an event is no matter of minutes");
	// Until the other policy has seen it on both sides, a tag that goes at its origin looks like a new one of the copy.
	await eventually(async () => assert.equal((await b.report("to-a"))?.inSync, 3));
	await atA.remove("team/app", "v3", signal);
	await eventually(async () => assert.equal(await atB.head("team/app", "v3", signal), undefined));
	await eventuallyHas(atA, await tagsOf(atB));
	await sleep(8_000);
	assert.equal(await atA.head("team/app", "v3", signal), undefined, "it does not come back");
});
