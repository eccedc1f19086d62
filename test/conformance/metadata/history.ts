import assert from "node:assert/strict";
import type { HistoryEntry, HistoryPage, Restored, RestoreOutcome } from "#/metadata/history.ts";
import type { Digest } from "#/oci/digest.ts";
import { actor, type Bench, digestOf, done, type MetadataCase, project, sleep } from "./bench.ts";

/** What was restored; fails where nothing was. */
async function restored(outcome: Promise<RestoreOutcome>): Promise<Restored> {
	const known = await outcome;
	if ("refused" in known) assert.fail(`refused: ${JSON.stringify(known.refused)}`);
	return known;
}

/** Why nothing was restored. */
async function refused(outcome: Promise<RestoreOutcome>): Promise<string> {
	const known = await outcome;
	if (!("refused" in known)) assert.fail(`not refused: ${JSON.stringify(known)}`);
	return known.refused.reason;
}

/** All entries, read in small pages. */
async function readAll(page: (after: string | undefined) => Promise<HistoryPage | undefined>) {
	const entries: HistoryEntry[] = [];
	for (let after: string | undefined; ; ) {
		const { entries: found, next } = (await page(after)) ?? assert.fail("no such repository");
		entries.push(...found);
		if (next === undefined) return entries;
		after = next;
	}
}

const deletedIn = ({ metadata }: Bench, repository: string) =>
	readAll((after) => metadata.history.deleted({ repository, after, limit: 2 }));

const historyOf = ({ metadata }: Bench, repository: string, tag: string) =>
	readAll((after) => metadata.history.ofTag({ repository, tag, after, limit: 2 }));

/** A window that a slow machine does a few things within, and a test can wait for. */
const BRIEF_MS = 2_000;

/** The project `a`, with a window of so many milliseconds. */
const window = (bench: Bench, undoWindow: number) => bench.apply([project("a", { undoWindow })]);

/** What comes back, and for how long. */
export const historyCases: readonly MetadataCase[] = [
	{
		name: "a deleted manifest comes back as it was: its bytes, its blobs, its tags, its place among the referrers",
		async run(bench) {
			await bench.projects("a");
			const { manifests, history, blobs } = bench.metadata;
			await bench.push("a/x", "layer");
			const subject = digestOf("subject");
			const input = { blobs: ["layer"], subject, artifactType: "sbom", annotations: { k: "v" }, tags: ["v1", "v2"] };
			const digest = await bench.put("a/x", input);
			const reference = { kind: "digest", digest } as const;
			const before = await manifests.find("a/x", reference, { payload: true });
			const referrers = await manifests.referrers("a/x", subject, { limit: 9 });
			assert.equal(referrers.length, 1);
			await done(manifests.remove("a/x", digest, actor));
			assert.equal((await manifests.find("a/x", reference, { payload: false }))?.manifest, undefined);
			assert.deepEqual(await manifests.referrers("a/x", subject, { limit: 9 }), []);
			// Its blob may be unlinked meanwhile.
			await done(blobs.unlink("a/x", digestOf("layer"), actor));
			const wanted = { repository: "a/x", digest, actor: "eva" };
			const expected = { digest, manifests: [digest], tags: ["v1", "v2"], moved: [] };
			assert.deepEqual(await restored(history.restoreManifest(wanted)), expected);
			assert.deepEqual(await manifests.find("a/x", reference, { payload: true }), before);
			assert.deepEqual(await manifests.referrers("a/x", subject, { limit: 9 }), referrers);
			assert.equal(await bench.tag("a/x", "v1"), digest);
			assert.ok((await blobs.find("a/x", digestOf("layer")))?.blob);
			assert.deepEqual(await restored(history.restoreManifest(wanted)), { ...expected, manifests: [], tags: [] });
			await bench.checkUsage();
		},
	},
	{
		name: "a tag that was moved since stays where it is",
		async run(bench) {
			await bench.projects("a");
			const { manifests, history } = bench.metadata;
			const one = await bench.put("a/x", { text: "one", tags: ["here", "gone", "left"] });
			await done(manifests.remove("a/x", one, actor));
			const two = await bench.put("a/x", { text: "two", tags: ["here", "gone"] });
			await done(manifests.removeTag("a/x", "gone", undefined, actor));
			const back = await restored(history.restoreManifest({ repository: "a/x", digest: one, actor }));
			assert.deepEqual([back.tags, back.moved.toSorted()], [["left"], ["gone", "here"]]);
			assert.deepEqual([await bench.tag("a/x", "here"), await bench.tag("a/x", "gone")], [two, undefined]);
		},
	},
	{
		name: "an index comes back with its children, or not at all",
		async run(bench) {
			await bench.projects("a");
			const { manifests, history } = bench.metadata;
			await bench.push("a/x", "layer");
			const child = await bench.put("a/x", { text: "child", blobs: ["layer"] });
			const index = await bench.put("a/x", { text: "index", children: [child], tags: ["v"] });
			await done(manifests.remove("a/x", index, actor));
			await done(manifests.remove("a/x", child, actor));
			const wanted = { repository: "a/x", digest: index, actor };
			assert.deepEqual((await restored(history.restoreManifest(wanted))).manifests, [child, index]);
			await done(manifests.remove("a/x", index, actor));
			await window(bench, 0);
			await done(manifests.remove("a/x", child, actor));
			assert.equal(await refused(history.restoreManifest(wanted)), "content-unknown");
			assert.equal(
				(await manifests.find("a/x", { kind: "digest", digest: index }, { payload: false }))?.manifest,
				undefined,
			);
			await bench.checkUsage();
		},
	},
	{
		name: "a tag comes back where it was last, or where it was at a time, and its manifest with it",
		async run(bench) {
			await bench.projects("a");
			const { manifests, history } = bench.metadata;
			const one = await bench.put("a/x", { text: "one", tags: ["v"] });
			await sleep(5);
			const two = await bench.put("a/x", { text: "two", tags: ["v"] });
			const [second, first] = await historyOf(bench, "a/x", "v");
			assert.ok(first?.endedAt !== undefined && second !== undefined);
			await done(manifests.removeTag("a/x", "v", undefined, actor));
			const tag = { repository: "a/x", tag: "v", actor };
			assert.equal((await restored(history.restoreTag(tag))).digest, two);
			assert.deepEqual(await restored(history.restoreTag(tag)), { digest: two, manifests: [], tags: [], moved: [] });
			await done(manifests.remove("a/x", one, actor));
			const at = first.startedAt;
			const back = { digest: one, manifests: [one], tags: ["v"], moved: [] };
			assert.deepEqual(await restored(history.restoreTag({ ...tag, at })), back);
			assert.equal(await bench.tag("a/x", "v"), one);
			assert.equal(await refused(history.restoreTag({ ...tag, at: at - 1 })), "tag-unknown");
			assert.equal(await refused(history.restoreTag({ ...tag, tag: "never" })), "tag-unknown");
			assert.equal(await refused(history.restoreTag({ ...tag, repository: "a/none" })), "repository-unknown");
			await bench.checkUsage();
		},
	},
	{
		name: "the history of a tag tells every place that it had, the last first, in pages",
		async run(bench) {
			await bench.projects("a");
			const digests = [];
			for (const text of ["1", "2", "3", "4", "5"]) digests.unshift(await bench.put("a/x", { text, tags: ["v"] }));
			await bench.put("a/x", { text: "1", tags: ["other"] });
			const entries = await historyOf(bench, "a/x", "v");
			assert.deepEqual(
				entries.map(({ digest, tag, startedBy }) => [digest, tag, startedBy]),
				digests.map((digest) => [digest, "v", actor]),
			);
			const [last, ...former] = entries;
			assert.deepEqual([last?.endedAt, last?.endedBy, last?.restorableUntil], [undefined, undefined, undefined]);
			for (const { endedAt = 0, endedBy, restorableUntil } of former) {
				assert.deepEqual([endedBy, restorableUntil], [actor, endedAt + 7 * 86_400_000]);
			}
			assert.equal(await bench.metadata.history.ofTag({ repository: "a/none", tag: "v", limit: 1 }), undefined);
		},
	},
	{
		name: "what was deleted and can come back is listed: manifests, then tags that are not there again",
		async run(bench) {
			await bench.projects("a");
			const { manifests, history } = bench.metadata;
			const gone: Digest[] = [];
			for (const text of ["1", "2", "3"]) {
				gone.push(await bench.put("a/x", { text }));
			}
			const kept = await bench.put("a/x", { text: "kept", tags: ["a", "b", "c"] });
			for (const digest of gone) await done(manifests.remove("a/x", digest, actor));
			for (const tag of ["a", "b", "c"]) await done(manifests.removeTag("a/x", tag, undefined, "eva"));
			await bench.put("a/x", { text: "kept", tags: ["b"] });
			const listed = await deletedIn(bench, "a/x");
			assert.deepEqual(
				listed.map(({ tag, digest, endedBy }) => [tag, digest, endedBy]),
				[...gone.toSorted().map((digest) => [undefined, digest, actor]), ["a", kept, "eva"], ["c", kept, "eva"]],
			);
			for (const { restorableUntil = 0, endedAt = 0 } of listed)
				assert.equal(restorableUntil - endedAt, 7 * 86_400_000);
			assert.equal(await history.deleted({ repository: "a/none", limit: 1 }), undefined);
		},
	},
	{
		name: "without a window nothing comes back, nor after it; then it uses nothing, and its bytes can be collected",
		async run(bench) {
			await window(bench, 0);
			const { manifests, history, objects, blobs } = bench.metadata;
			const digest = await bench.put("a/x", { text: "no window", tags: ["v"] });
			await done(manifests.remove("a/x", digest, actor));
			assert.equal(await refused(history.restoreManifest({ repository: "a/x", digest, actor })), "manifest-unknown");
			assert.equal(await refused(history.restoreTag({ repository: "a/x", tag: "v", actor })), "window-ended");
			assert.equal((await bench.metadata.usages.find("a"))?.manifestBytes, 0);
			await window(bench, BRIEF_MS);
			await bench.push("a/x", "layer");
			const brief = await bench.put("a/x", { blobs: ["layer"] });
			const key = (await blobs.find("a/x", digestOf("layer")))?.blob?.key ?? assert.fail();
			await done(manifests.remove("a/x", brief, actor));
			await done(blobs.unlink("a/x", digestOf("layer"), actor));
			const used = await bench.metadata.usages.find("a");
			assert.ok(used !== undefined && used.manifestBytes > 0);
			assert.deepEqual([used.blobBytes, used.manifests], [5, 0]);
			await assert.rejects(objects.condemn("default", key), /linked/);
			await sleep(BRIEF_MS + 50);
			assert.equal(
				await refused(history.restoreManifest({ repository: "a/x", digest: brief, actor })),
				"manifest-unknown",
			);
			assert.equal((await history.expire(10)).manifests, 1);
			assert.equal((await history.expire(10)).manifests, 0);
			const after = await bench.metadata.usages.find("a");
			assert.deepEqual([after?.blobBytes, after?.manifestBytes], [0, 0]);
			await bench.checkUsage();
			await objects.condemn("default", key);
		},
	},
	{
		name: "a former place of a tag is forgotten when its window is over, some at a time, and the present one never",
		async run(bench) {
			await window(bench, BRIEF_MS);
			const { history, manifests } = bench.metadata;
			for (const text of ["1", "2", "3"]) {
				await bench.put("a/x", { text, tags: ["v", "w"] });
				// Each place is known by a millisecond of its own below.
				await sleep(2);
			}
			const [present, former] = await historyOf(bench, "a/x", "v");
			await done(manifests.removeTag("a/x", "w", undefined, actor));
			await sleep(BRIEF_MS + 50);
			assert.deepEqual(await history.expire(1), { manifests: 0, places: 1 });
			assert.deepEqual(await history.expire(9), { manifests: 0, places: 4 });
			assert.deepEqual(await history.expire(9), { manifests: 0, places: 0 });
			assert.deepEqual(await historyOf(bench, "a/x", "v"), [present]);
			assert.deepEqual(await historyOf(bench, "a/x", "w"), []);
			const at = former?.startedAt;
			assert.equal(await refused(history.restoreTag({ repository: "a/x", tag: "v", at, actor })), "tag-unknown");
			assert.equal(await refused(history.restoreTag({ repository: "a/x", tag: "w", actor })), "tag-unknown");
			assert.deepEqual(await deletedIn(bench, "a/x"), []);
			await bench.put("a/x", { text: "1", tags: ["w"] });
			assert.equal(await bench.tag("a/x", "v"), present?.digest);
		},
	},
	{
		name: "a shorter window forgets no place of a tag before the places that it had earlier",
		async run(bench) {
			await window(bench, 86_400_000);
			const { history, manifests } = bench.metadata;
			const digest = await bench.put("a/x", { text: "1", tags: ["v"] });
			await done(manifests.remove("a/x", digest, actor));
			await window(bench, 0);
			const other = await bench.put("a/x", { text: "2", tags: ["v"] });
			await done(manifests.removeTag("a/x", "v", undefined, actor));
			assert.deepEqual(await history.expire(9), { manifests: 0, places: 0 });
			const back = await restored(history.restoreManifest({ repository: "a/x", digest, actor }));
			assert.deepEqual([back.tags, back.moved], [[], ["v"]], "it was moved since");
			assert.deepEqual(
				(await historyOf(bench, "a/x", "v")).map((place) => place.digest),
				[other, digest],
			);
		},
	},
	{
		name: "a manifest that is pushed again is not among the deleted, and counts once",
		async run(bench) {
			await bench.projects("a");
			const { manifests } = bench.metadata;
			await bench.push("a/x", "layer");
			const digest = await bench.put("a/x", { blobs: ["layer"] });
			const used = await bench.metadata.usages.find("a");
			await done(manifests.remove("a/x", digest, actor));
			await bench.put("a/x", { blobs: ["layer"] });
			assert.deepEqual(await deletedIn(bench, "a/x"), []);
			assert.deepEqual(await bench.metadata.usages.find("a"), used);
			await bench.checkUsage();
		},
	},
	{
		name: "what can be restored counts against the quota, and comes back into a full project",
		async run(bench) {
			const { manifests, history, usages } = bench.metadata;
			await bench.projects("a");
			const digest = await bench.put("a/x", { text: "one" });
			const { manifestBytes = 0 } = (await usages.find("a")) ?? {};
			await bench.apply([project("a", { quotaBytes: manifestBytes })]);
			await done(manifests.remove("a/x", digest, actor));
			assert.ok("refused" in (await bench.tryPut("a/x", { text: "two" })));
			await restored(history.restoreManifest({ repository: "a/x", digest, actor }));
			await done(manifests.remove("a/x", digest, actor));
			await done(bench.tryPut("a/x", { text: "one" }));
			await bench.checkUsage();
		},
	},
	{
		name: "who restores and who pushes the same manifest at once do not undo one another",
		async run(bench) {
			await bench.projects("a");
			const { manifests, history } = bench.metadata;
			await bench.push("a/x", "layer");
			const digest = await bench.put("a/x", { blobs: ["layer"], tags: ["v"] });
			for (let round = 0; round < 5; round++) {
				await done(manifests.remove("a/x", digest, actor));
				const restoring = () => history.restoreManifest({ repository: "a/x", digest, actor });
				await Promise.all([
					restoring(),
					bench.put("a/x", { blobs: ["layer"], tags: ["v"] }),
					history.restoreTag({ repository: "a/x", tag: "v", actor }),
					restoring(),
				]);
				assert.equal(await bench.tag("a/x", "v"), digest);
			}
			await bench.checkUsage();
		},
	},
];
