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
