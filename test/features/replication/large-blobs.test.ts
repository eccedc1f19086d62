import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlobSpan, RemoteRegistry } from "#/client/remote-registry.ts";
import { countWrites, inWorld } from "../../support/replication-world.ts";

const MIB = 1024 * 1024;

test("Pull: a large layer comes over in ranges, several at once, and a run later nothing is left to do", async () => {
	const spans: BlobSpan[] = [];
	let open = 0;
	let most = 0;
	const counted = (remote: RemoteRegistry): RemoteRegistry => ({
		...countWrites(remote, { count: 0, uploaded: [] }),
		blob: async (repository, digest, span, signal) => {
			const blob = await remote.blob(repository, digest, span, signal);
			if (blob === undefined) return undefined;
			spans.push(span);
			open += 1;
			most = Math.max(most, open);
			return {
				...blob,
				[Symbol.asyncDispose]: async () => {
					open -= 1;
					await blob[Symbol.asyncDispose]();
				},
			};
		},
	});
	await inWorld(
		{ direction: "Pull", concurrency: 4 },
		async ({ source, target, policy }) => {
			await source.push("p/app", "v1", { layers: ["0123456789abcdef".repeat(66 * (MIB / 16))] });
			const run = await policy.agree();
			assert.deepEqual(await target.tags(), await source.tags());
			assert.ok(Number(run.figures?.bytes) >= 66 * MIB);
			assert.equal(spans.filter((span) => typeof span !== "number").length, 9);
			assert.ok(most > 1 && most <= 4, `${most} at once`);
			assert.equal(open, 0);
			assert.equal((await policy.agree()).figures?.copied, 0);
		},
		counted,
	);
});
