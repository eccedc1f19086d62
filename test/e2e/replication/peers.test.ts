// Real registries on the other side, in both directions.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import type { Digest } from "#/oci/digest.ts";
import { requirePart } from "../../support/parts.ts";
import { startPeer } from "../../support/registry-peer.ts";
import {
	makeImage,
	openRemote,
	pushTo,
	type ReplicatingLimani,
	startReplicatingLimani,
	tagsOf,
} from "../../support/replication-bench.ts";

const { signal } = new AbortController();

/** Either side of a policy that runs at `here`. */
interface World {
	readonly here: ReplicatingLimani;
	readonly source: RemoteRegistry;
	readonly target: RemoteRegistry;
}

/** Two repositories, layers that they share, and a signature. */
const seed = async (source: RemoteRegistry): Promise<{ readonly signed: Digest; readonly signature: Digest }> => {
	for (const tag of ["v1", "v2", "v3"]) await pushTo(source, "team/app", tag, makeImage(["base", tag]));
	await pushTo(source, "other/deep/er", "latest", makeImage(["base", "other"]));
	const big = Buffer.alloc(9 * 1024 * 1024, "layer of nine MiB ");
	const signed = await pushTo(source, "team/app", "signed", makeImage(["base", big]));
	const signature = makeImage(["signature"], { subject: signed, artifactType: "application/vnd.example.signature" });
	await pushTo(source, "team/app", undefined, signature);
	return { signed, signature: signature.digest };
};

const proof = async ({ here, source, target }: World): Promise<void> => {
	const { signed, signature } = await seed(source);
	const first = await here.agree("policy");
	assert.equal(first.copied, 5, String(first.message));
	assert.deepEqual(await tagsOf(target), await tagsOf(source));
	const referrers = async (): Promise<readonly Digest[]> =>
		(await target.referrers("team/app", signed, signal)).map(({ digest }) => digest);
	assert.deepEqual(await referrers(), [signature]);

	const second = await here.agree("policy");
	assert.deepEqual([second.copied, second.bytes, second.removed], [0, 0, 0]);

	const late = makeImage(["sbom"], { subject: signed, artifactType: "application/vnd.example.sbom" });
	await pushTo(source, "team/app", undefined, late);
	const moved = await pushTo(source, "team/app", "v1", makeImage(["base", "v1, again"]));
	const third = await here.agree("policy");
	assert.equal(third.copied, 2, String(third.message));
	assert.deepEqual((await referrers()).toSorted(), [signature, late.digest].toSorted());
	assert.equal((await tagsOf(target))["team/app:v1"], moved);

	// `own` is somebody's own at the target, and `v3` is moved there by somebody.
	const own = await pushTo(target, "team/app", "own", makeImage(["own"]));
	await pushTo(target, "team/app", "v3", makeImage(["not of the source"]));
	const { digest } = makeImage(["base", "v2"]);
	await source.remove("team/app", digest, signal);
	const fourth = await here.agree("policy");
	assert.equal(fourth.removed, 1, String(fourth.message));
	assert.deepEqual(await tagsOf(target), { ...(await tagsOf(source)), "team/app:own": own });
	const report = await here.report("policy");
	assert.deepEqual([report?.inSync, report?.behind, report?.diverged, report?.lagSeconds], [4, 0, 1, 0]);
};

for (const part of ["registry-2.8.2", "registry-3"]) {
	for (const direction of ["Pull", "Push"] as const) {
		test(`${direction}, with ${part} on the other side: copies, signatures, moves and removals`, async (context) => {
			const program = requirePart(context, part);
			if (program === undefined) return;
			await using peer = await startPeer(program);
			await using here = await startReplicatingLimani();
			await here.applyPolicy("policy", { direction, mode: "Mirror", remote: { url: peer.url } });
			await using ours = openRemote(here.url);
			await using theirs = openRemote(peer.url);
			const [source, target] = direction === "Pull" ? [theirs, ours] : [ours, theirs];
			await proof({ here, source, target });
		});
	}
}

for (const direction of ["Pull", "Push"] as const) {
	test(`${direction}, with Limani on the other side, which knows who asks`, async () => {
		await using there = await startReplicatingLimani();
		await using here = await startReplicatingLimani();
		await here.applyPolicy("policy", { direction, mode: "Mirror", remote: there.remote });
		await using ours = openRemote(here.url);
		await using theirs = openRemote(there.url);
		const [source, target] = direction === "Pull" ? [theirs, ours] : [ours, theirs];
		await proof({ here, source, target });
	});
}
