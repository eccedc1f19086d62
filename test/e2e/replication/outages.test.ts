// The other side is down, fails at everything, or this registry is killed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { eventually } from "../../support/eventually.ts";
import { FaultyProxy } from "../../support/faulty-proxy.ts";
import { requirePart } from "../../support/parts.ts";
import { startPeer } from "../../support/registry-peer.ts";
import {
	eventuallyHas,
	makeImage,
	openRemote,
	pushTo,
	startReplicatingLimani,
	tagsOf,
} from "../../support/replication-bench.ts";

test("a target that is down for the length of many retries is brought up to date by itself once it is back", async (context) => {
	const program = requirePart(context, "registry-3");
	if (program === undefined) return;
	await using peer = await startPeer(program);
	await using here = await startReplicatingLimani();
	await here.applyPolicy("policy", { direction: "Push", onEvent: true, remote: { url: peer.url } });
	await using ours = openRemote(here.url);
	await using theirs = openRemote(peer.url);
	await pushTo(ours, "team/app", "v1", makeImage(["base", "v1"]));
	await eventuallyHas(theirs, await tagsOf(ours));

	await peer.stop();
	await pushTo(ours, "team/app", "v2", makeImage(["base", "v2"]));
	const failed = await eventually(async () => {
		const report = await here.report("policy");
		const last = report?.runs.find(({ outcome }) => outcome === "Failed");
		assert.ok(last !== undefined && report !== undefined);
		return { last, report };
	});
	assert.match(failed.last.message, /127\.0\.0\.1/);
	assert.ok(failed.report.behind >= 1, "what is not there yet is told of");
	await pushTo(ours, "team/app", "v1", makeImage(["base", "v1, again"]));
	await pushTo(ours, "other/late", "v1", makeImage(["base", "late"]));
	await sleep(5_000);
	const outage = await here.report("policy");
	assert.ok(outage !== undefined && outage.lagSeconds > 0, "and for how long");

	await peer.start();
	await eventuallyHas(theirs, await tagsOf(ours));
	await eventually(async () => {
		const report = await here.report("policy");
		assert.deepEqual([report?.behind, report?.lagSeconds, report?.inSync], [0, 0, 3]);
	});
});

const ANSWERS = {
	"404 without a word": { status: 404, body: "not found" },
	"404 in the words of the specification": {
		status: 404,
		body: JSON.stringify({ errors: [{ code: "NAME_UNKNOWN", message: "repository name not known to registry" }] }),
	},
	401: { status: 401, body: JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "no" }] }) },
	403: { status: 403, body: JSON.stringify({ errors: [{ code: "DENIED", message: "no" }] }) },
	500: { status: 500, body: "it broke" },
} as const;

test("a source that answers 404, 401, 403 or 500 to everything, or to all but its catalog, takes nothing away", async (context) => {
	const program = requirePart(context, "registry-3");
	if (program === undefined) return;
	await using peer = await startPeer(program);
	await using proxy = new FaultyProxy(peer.url);
	const url = await proxy.start();
	await using here = await startReplicatingLimani();
	// The guard alone would let it all go.
	const guard = { maxShare: 100, minimum: 1_000 };
	await here.applyPolicy("policy", { direction: "Pull", mode: "Mirror", guard, remote: { url } });
	await using ours = openRemote(here.url);
	await using theirs = openRemote(peer.url);
	for (const tag of ["v1", "v2"]) await pushTo(theirs, "team/app", tag, makeImage(["base", tag]));
	await pushTo(theirs, "team/lib", "v1", makeImage(["base", "lib"]));
	await here.agree("policy");
	const before = await tagsOf(ours);
	assert.equal(Object.keys(before).length, 3);
	for (const [name, answer] of Object.entries(ANSWERS)) {
		for (const spared of [undefined, "/v2/_catalog"]) {
			proxy.plan = ({ url: path = "" }) => {
				const isSpared = path === "/v2/" || (spared !== undefined && path.startsWith(spared));
				return isSpared ? undefined : { answer };
			};
			const ran = await here.run("policy");
			assert.notEqual(ran.outcome, "Succeeded", `${name}: ${ran.message}`);
			assert.equal(ran.removed, 0, name);
			assert.deepEqual(await tagsOf(ours), before, name);
		}
	}
	proxy.plan = () => undefined;
	await theirs.remove("team/app", makeImage(["base", "v2"]).digest, new AbortController().signal);
	assert.equal((await here.agree("policy")).removed, 1);
});

test("killed in the middle of a copy it goes on, and sends nothing twice but what was under way", async (context) => {
	const program = requirePart(context, "registry-3");
	if (program === undefined) return;
	await using peer = await startPeer(program);
	await using proxy = new FaultyProxy(peer.url);
	const url = await proxy.start();
	await using here = await startReplicatingLimani();
	await using theirs = openRemote(peer.url);
	await using ours = openRemote(here.url);
	const layers = Array.from({ length: 12 }, (_, i) => Buffer.alloc(1024 * 1024, `layer ${i} `));
	for (const [i, layer] of layers.entries()) await pushTo(theirs, "team/app", `v${i}`, makeImage([layer]));
	const pulls = (): string[] => proxy.seen.filter((request) => /^GET .*\/blobs\//.test(request));
	const bounds = { concurrency: 2, bandwidth: 3 * 1024 * 1024 };
	await here.applyPolicy("policy", { direction: "Pull", remote: { url }, requestedAt: "now", ...bounds });
	await eventually(() => assert.ok(pulls().length >= 8));
	await here.kill();
	const before = pulls();
	await here.restart();
	// What was cut short is run again by itself, once the dead process's hold on it has run out.
	await eventually(async () => assert.deepEqual(await tagsOf(ours), await tagsOf(theirs)), 150_000);
	const again = pulls().filter((request, i, all) => all.indexOf(request) !== i);
	assert.ok(again.length <= bounds.concurrency, `sent twice: ${again.join(", ")}`);
	assert.ok(before.length < pulls().length);
	for (const layer of layers) assert.ok(await ours.hasBlob("team/app", digestOf(layer), new AbortController().signal));
	const report = await here.report("policy");
	assert.ok(
		report?.runs.some(({ outcome }) => outcome === "Interrupted"),
		JSON.stringify(report?.runs),
	);
});
