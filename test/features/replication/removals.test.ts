import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteError } from "#/client/remote-error.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { isDigest } from "#/oci/digest.ts";
import { countWrites, filters, inWorld } from "../../support/replication-world.ts";

const ALL = { maxShare: 100, minimum: 100 };

/** A registry that deletes manifests, but no tag alone. */
const withoutTagDeletion = (remote: RemoteRegistry): RemoteRegistry => ({
	...countWrites(remote, { count: 0, uploaded: [] }),
	remove: async (repository, reference, signal) => {
		if (!isDigest(reference)) throw new RemoteError("INVALID", "it does not delete tags alone");
		return remote.remove(repository, reference, signal);
	},
});

/** A registry that looks after no index: what one names can be deleted all the same. */
const careless = (remote: RemoteRegistry, deleted: Set<string>): RemoteRegistry => ({
	...withoutTagDeletion(remote),
	remove: async (_repository, reference) => {
		if (!isDigest(reference)) throw new RemoteError("INVALID", "it does not delete tags alone");
		deleted.add(reference);
		return "removed";
	},
});

test("Pull: a mirror takes nothing out of a project that is none of the policy's any more", () =>
	inWorld(
		{ direction: "Pull", mode: "Mirror", guard: ALL, projects: { uids: ["uid-p", "uid-q"] } },
		async ({ source, target, policy }) => {
			await source.push("p/app", "v1", { layers: ["a"] });
			await source.push("q/app", "v1", { layers: ["b"] });
			await source.push("q/gone", "v1", { layers: ["c"] });
			await policy.agree();
			policy.change({
				projects: { uids: ["uid-p"] },
				filters: filters({ repositories: { matching: ["p/**"], excluding: [] } }),
			});
			await source.remove("q/app", "v1");
			await source.remove("q/gone", "v1");
			const run = await policy.run();
			assert.equal(run.figures?.removed, 0, run.message);
			assert.deepEqual(Object.keys(await target.tags()).toSorted(), ["p/app:v1", "q/app:v1", "q/gone:v1"]);
		},
	));

test("Push: where tags do not go alone, a manifest stays that an index of the target names", async () => {
	const deleted = new Set<string>();
	await inWorld(
		{ direction: "Push", mode: "Mirror", guard: ALL },
		async ({ source, policy }) => {
			const amd64 = await source.push("p/app", "v1-amd64", { layers: ["a"] });
			const arm64 = await source.push("p/app", "v1-arm64", { layers: ["b"], platform: ["linux", "arm64"] });
			await source.pushIndex("p/app", "v1", [{ digest: amd64 }, { digest: arm64 }]);
			const lonely = await source.push("p/app", "old", { layers: ["c"] });
			await policy.agree();
			await source.remove("p/app", "v1-amd64");
			await source.remove("p/app", lonely);
			const run = await policy.run();
			assert.equal(run.outcome, "Failed");
			assert.match(run.message, /p\/app v1-amd64: .*an index of the target names what it is/);
			assert.deepEqual([...deleted], [lonely]);
		},
		(remote) => careless(remote, deleted),
	);
});

test("Push: what somebody else put at another destination is not the policy's own there", () =>
	inWorld({ direction: "Push", mode: "Mirror", guard: ALL }, async ({ source, target, policy }) => {
		await source.push("p/app", "v1", { layers: ["a"] });
		await source.push("p/app", "v2", { layers: ["b"] });
		await policy.agree();
		// The same copies as there, but put by nobody that the policy knows.
		policy.change({ remote: { type: "Generic", url: "https://elsewhere.example.com" } });
		const moved = await policy.agree();
		assert.equal(moved.figures?.copied, 0);
		await source.remove("p/app", "v1");
		const run = await policy.agree();
		assert.equal(run.figures?.removed, 0);
		assert.deepEqual(Object.keys(await target.tags()).toSorted(), ["p/app:v1", "p/app:v2"]);
	}));

test("Pull: what another source never had is not gone from it", () =>
	inWorld({ direction: "Pull", mode: "Mirror", guard: ALL }, async ({ source, target, policy }) => {
		await source.push("p/app", "v1", { layers: ["a"] });
		await source.push("p/app", "v2", { layers: ["b"] });
		await policy.agree();
		await source.remove("p/app", "v1");
		policy.change({ remote: { type: "Generic", url: "https://elsewhere.example.com" } });
		const run = await policy.agree();
		assert.equal(run.figures?.removed, 0, run.message);
		assert.deepEqual(Object.keys(await target.tags()).toSorted(), ["p/app:v1", "p/app:v2"]);
		await source.push("p/app", "v3", { layers: ["c"] });
		await policy.agree();
		await source.remove("p/app", "v3");
		assert.equal((await policy.agree()).figures?.removed, 1, "what it put there since is its own");
	}));
