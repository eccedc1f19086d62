import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { isRefused } from "#/metadata/refusal.ts";
import { actor, type Bench, done, type MetadataCase, project, refusalOf } from "./bench.ts";

const releases = { tags: { matching: ["v*"], excluding: ["v*-rc"] } };

/** A project whose releases stay where they are, but for those of `tmp/`. */
const strict = (bench: Bench, rules: readonly object[] = [{ ...releases, repositories: { excluding: ["tmp/**"] } }]) =>
	bench.apply([project("a", { immutability: rules })]);

const guarded = async (outcome: Promise<object>): Promise<string> => {
	const refusal = await refusalOf(outcome);
	assert.ok(refusal.reason === "guarded" && refusal.guard === "immutability", JSON.stringify(refusal));
	return refusal.message;
};

/** Tags that stay where they are. */
export const immutabilityCases: readonly MetadataCase[] = [
	{
		name: "an immutable tag can be made, and pushed again, but neither moved nor deleted, nor its manifest",
		async run(bench) {
			await strict(bench);
			const { manifests, artifacts, outbox } = bench.metadata;
			const digest = await bench.put("a/x", { text: "1", tags: ["v1", "latest"] });
			const records = (await outbox.unjournaled(99, 1e6)).length;
			await bench.put("a/x", { text: "1", tags: ["v1"] });
			const message = await guarded(bench.tryPut("a/x", { text: "2", tags: ["latest", "v1"] }));
			assert.match(message, /v1 .* project a/);
			await guarded(manifests.removeTag("a/x", "v1", undefined, actor));
			await guarded(manifests.remove("a/x", digest, actor));
			const [artifact] = await artifacts.list("a/x", { limit: 9 });
			assert.ok(artifact?.isImmutable);
			await guarded(artifacts.retire("a/x", artifact, actor));
			assert.equal((await outbox.unjournaled(99, 1e6)).length, records, "nothing was changed");
			assert.deepEqual([await bench.tag("a/x", "v1"), await bench.tag("a/x", "latest")], [digest, digest]);
			await done(manifests.removeTag("a/x", "latest", undefined, actor));
			await bench.put("a/x", { text: "2", tags: ["v2", "v1-rc", "latest"] });
			await bench.put("a/x", { text: "3", tags: ["v1-rc", "latest"] });
		},
	},
	{
		name: "rules are about names below the project, hold as they stand now, and in their project alone",
		async run(bench) {
			await strict(bench);
			await bench.projects("b");
			for (const repository of ["a/tmp/x", "a/tmpx", "b/x"]) await bench.put(repository, { text: "1", tags: ["v1"] });
			for (const repository of ["a/tmp/x", "b/x"]) await bench.put(repository, { text: "2", tags: ["v1"] });
			await guarded(bench.tryPut("a/tmpx", { text: "2", tags: ["v1"] }));
			await strict(bench, []);
			await bench.put("a/tmpx", { text: "2", tags: ["v1"] });
			await strict(bench, [{ repositories: { matching: ["tmpx"] } }]);
			await guarded(bench.tryPut("a/tmpx", { text: "3", tags: ["v1"] }));
			await bench.put("a/tmp/x", { text: "3", tags: ["v1"] });
		},
	},
	{
		name: "restoring a tag that is elsewhere is a move, and restoring one that is gone is none",
		async run(bench) {
			await strict(bench, []);
			const { history, manifests } = bench.metadata;
			const first = await bench.put("a/x", { text: "1", tags: ["v1", "v2"] });
			// The instant of the first move must not be that of the second.
			await sleep(3);
			const second = await bench.put("a/x", { text: "2", tags: ["v1"] });
			await done(manifests.removeTag("a/x", "v2", undefined, actor));
			const place = await history.ofTag({ repository: "a/x", tag: "v1", limit: 9 });
			await strict(bench);
			const at = place?.entries.at(-1)?.startedAt;
			const outcome = await history.restoreTag({ repository: "a/x", tag: "v1", at, actor });
			assert.ok("refused" in outcome && outcome.refused.reason === "immutable", JSON.stringify(outcome));
			assert.equal(await bench.tag("a/x", "v1"), second);
			assert.deepEqual(await history.restoreTag({ repository: "a/x", tag: "v2", actor }), {
				digest: first,
				manifests: [],
				tags: ["v2"],
				moved: [],
			});
		},
	},
	{
		name: "one of many pushes at once makes an immutable tag, and no other moves it",
		async run(bench) {
			await strict(bench);
			const texts = Array.from({ length: 12 }, (_, i) => String(i));
			const outcomes = await Promise.all(texts.map((text) => bench.tryPut("a/x", { text, tags: ["v1"] })));
			assert.equal(outcomes.filter((outcome) => !isRefused(outcome)).length, 1);
			const history = await bench.metadata.history.ofTag({ repository: "a/x", tag: "v1", limit: 99 });
			assert.equal(history?.entries.length, 1);
			await bench.checkUsage();
		},
	},
];
