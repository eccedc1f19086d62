import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench } from "../conformance/metadata/bench.ts";
import { metadataCases } from "../conformance/metadata.ts";
import { openInspectedMetadata, wallClock } from "../support/sqlite-metadata.ts";

/** Steps that are bounded although they scan or sort, by their step and statement. */
const bounded: readonly RegExp[] = [
	/^SCAN (\d+ )?CONSTANT ROWS?/, // no table at all
	/^SCAN (gc_link_queue|gc_blob_queue|objects) USING .*INDEX .* LIMIT \?/, // the first of a queue
	/^SCAN (wanted|named|sealed|picked|counted|l)\b/, // parameters, and results of bounded statements
	/^SCAN outbox: SELECT .* ORDER BY seq LIMIT/, // by its row number
	/^USE TEMP .* json_each\(\?\) AS wanted/, // as many rows as the page wants
	/^USE TEMP .* FROM \( SELECT repository_id FROM repository_blobs .* LIMIT \?/,
	/^SCAN signing_keys|: SELECT kid/, // a handful of keys
	/^SCAN control_snapshots/, // those of one epoch
	/^SCAN control_resources .*snapshot <> \?/, // the last page of a resynchronisation looks at all that it compares
	/^SCAN \w+( USING COVERING INDEX \w+)?: SELECT 1 AS found FROM \w+ LIMIT 1$/, // whether there is anything
	/^SCAN projects USING INDEX projects_moving/, // those that are on their way alone
	/^(USE TEMP|SCAN left_behind).* FROM repository_blobs WHERE repository_id = \? UNION/, // what one repository has, when it moves
	/FROM projects p ORDER BY p\.name$/, // a recount reads everything
];

test("no statement reads a table from end to end, or sorts more than a page", async () => {
	await using planner = await openInspectedMetadata();
	const offences = new Set<string>();
	const texts = new Set<string>();
	for (const { run } of metadataCases) {
		await using on = await openInspectedMetadata(wallClock);
		await run(new Bench(on.metadata));
		for (const text of on.texts) texts.add(text);
	}
	for (const text of texts) {
		for (const { detail } of planner.rows(`EXPLAIN QUERY PLAN ${text}`)) {
			const step = `${detail}: ${text.replaceAll(/\s+/g, " ")}`;
			if (/^(SCAN|USE TEMP)/.test(step) && !bounded.some((one) => one.test(step))) offences.add(step);
		}
	}
	assert.deepEqual([...offences], []);
	assert.ok(texts.size > 100, `${texts.size} statements were seen`);
});

test("a page of attached manifests reads no others", async () => {
	await using on = await openInspectedMetadata(wallClock);
	const bench = new Bench(on.metadata);
	await bench.projects("a");
	await bench.put("a/x", { text: "one" });
	await on.metadata.tagStates.attached("a/x", { limit: 1 });
	const text = [...on.texts].find((each) => each.includes("FROM manifests m") && each.includes("json_group_array"));
	const plan = on.rows(`EXPLAIN QUERY PLAN ${text}`).map(({ detail }) => String(detail));
	assert.ok(
		plan.some((step) => step.includes("manifests_attached")),
		plan.join("\n"),
	);
});
