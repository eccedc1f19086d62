import assert from "node:assert/strict";
import type { MetadataCase } from "./bench.ts";

/** Who metadata is, and what it was restored from. */
export const originCases: readonly MetadataCase[] = [
	{
		name: "its id is the first that it was told, whoever asks",
		async run({ metadata: { origins } }) {
			const told = await Promise.all(["a", "b", "c"].map((candidate) => origins.identify(candidate)));
			assert.equal(new Set(told).size, 1);
			assert.equal(await origins.identify("d"), told[0]);
		},
	},
	{
		name: "a restore that is begun is gone on with, and is over once; another one is refused",
		async run({ metadata: { origins } }) {
			assert.equal(await origins.restoration(), undefined);
			assert.equal(await origins.beginRestore("one"), "begun");
			assert.equal(await origins.beginRestore("one"), "begun");
			assert.equal(await origins.beginRestore("two"), "not-empty");
			assert.deepEqual(await origins.restoration(), { source: "one", endedAt: undefined });
			await origins.endRestore("one");
			assert.equal(await origins.beginRestore("one"), "done");
			assert.equal(await origins.beginRestore("two"), "not-empty");
			const { endedAt } = (await origins.restoration()) ?? {};
			assert.ok(endedAt !== undefined && Math.abs(endedAt - Date.now()) < 60_000, String(endedAt));
		},
	},
	{
		name: "whoever lost the lease of a restore begins none, writes nothing of it, and ends none",
		async run({ metadata: { origins, outbox, projects, signingKeys, snapshots } }) {
			const put = {
				uid: "u",
				owner: "u",
				name: "a",
				visibility: "Private",
				store: "default",
				revision: 1,
				generation: 1,
			};
			const body = JSON.stringify({ ...put, members: [], actor: "somebody" });
			const records = [{ kind: "project-put", body, store: "default", at: 1 }];
			const fresh = { kid: "fresh", publicJwk: "{}", sealedPrivate: new Uint8Array(1) };
			const late = await outbox.lease("restore", "late", 60_000);
			assert.equal(await origins.beginRestore("one", late), "begun");
			await outbox.lease("restore", "late", 0);
			assert.equal(await origins.beginRestore("one", late), "lost", "it ran out, and nobody has it yet");
			const next = await outbox.lease("restore", "next", 60_000);
			assert.equal(await origins.beginRestore("one", late), "lost");
			assert.equal(await snapshots.restore(records, late), false);
			assert.equal(await projects.find("a"), undefined);
			assert.equal(await signingKeys.replaceAll(fresh, late), false);
			assert.deepEqual(await signingKeys.list(), []);
			assert.equal(await origins.endRestore("one", late), false);
			assert.deepEqual(await origins.restoration(), { source: "one", endedAt: undefined });
			assert.equal(await snapshots.restore(records, next), true);
			assert.ok(await projects.find("a"));
			assert.equal(await signingKeys.replaceAll(fresh, next), true);
			assert.equal((await signingKeys.list())[0]?.kid, "fresh");
			assert.equal(await origins.endRestore("one", next), true);
			assert.ok((await origins.restoration())?.endedAt);
		},
	},
	{
		name: "a restore into what holds anything is refused",
		async run(bench) {
			await bench.projects("a");
			const { origins } = bench.metadata;
			assert.equal(await origins.beginRestore("one"), "not-empty");
			assert.equal(await origins.restoration(), undefined);
		},
	},
	{
		name: "metadata that holds nothing takes another id on, and what holds something keeps its own",
		async run(bench) {
			const { origins } = bench.metadata;
			await origins.identify("own");
			assert.equal(await origins.become("former"), true);
			assert.equal(await origins.identify("own"), "former");
			await bench.projects("a");
			assert.equal(await origins.become("another"), false);
			assert.equal(await origins.identify("own"), "former");
		},
	},
];
