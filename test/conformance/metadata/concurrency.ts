import assert from "node:assert/strict";
import { isRefused } from "#/metadata/refusal.ts";
import { actor, digestOf, done, type MetadataCase, manifestInput, project } from "./bench.ts";

/** What several replicas do at once. */
export const concurrencyCases: readonly MetadataCase[] = [
	{
		name: "of 50 pushes of one manifest at once, into a repository that is not there yet, one creates it",
		async run(bench) {
			await bench.projects("a");
			const outcomes = await Promise.all(Array.from({ length: 50 }, () => bench.tryPut("a/x", { tags: ["v", "w"] })));
			const created = outcomes.filter((outcome) => !isRefused(outcome) && outcome.created);
			assert.equal(created.length, 1);
			assert.equal(outcomes.filter(isRefused).length, 0);
			const kinds = (await bench.metadata.outbox.unjournaled(100, 1e6)).map((row) => row.kind);
			assert.deepEqual(kinds, ["project-put", "repository-created", "manifest-put", "tag-moved", "tag-moved"]);
			assert.deepEqual(await bench.metadata.repositories.catalog("all", { limit: 9 }), ["a/x"]);
			await bench.checkUsage();
		},
	},
	{
		name: "of many conditional moves of one tag at once, exactly one wins",
		async run(bench) {
			await bench.projects("a");
			let current = await bench.put("a/x", { text: "start", tags: ["v"] });
			for (let round = 0; round < 5; round++) {
				const condition = { ifMatch: [current] };
				const pushes = Array.from({ length: 12 }, (_, index) => ({
					text: `${round}.${index}`,
					tags: ["v"],
					condition,
				}));
				const outcomes = await Promise.all(pushes.map((push) => bench.tryPut("a/x", push)));
				const winners = pushes.filter((_, index) => {
					const outcome = outcomes[index];
					return outcome !== undefined && !isRefused(outcome);
				});
				assert.equal(winners.length, 1);
				const digest = manifestInput("a/x", winners[0] ?? {}).digest;
				assert.equal(await bench.tag("a/x", "v"), digest);
				current = digest;
			}
			const fresh = await Promise.all(
				Array.from({ length: 12 }, (_, index) =>
					bench.tryPut("a/x", { text: `new ${index}`, tags: ["n"], condition: { ifNoneMatch: "*" } }),
				),
			);
			assert.equal(fresh.filter((outcome) => !isRefused(outcome)).length, 1);
			await Promise.all(Array.from({ length: 30 }, (_, index) => bench.put("a/x", { text: `${index}`, tags: ["v"] })));
			const moves = (await bench.metadata.outbox.unjournaled(1e3, 1e9)).filter((row) => row.kind === "tag-moved");
			const times = moves.map((row) => row.at);
			assert.deepEqual(times, times.toSorted(), "history goes forward, whichever command began first");
			await bench.checkUsage();
		},
	},
	{
		name: "uploads of one blob that are completed at once give one object and links to it",
		async run(bench) {
			await bench.projects("a", "b");
			const names = Array.from({ length: 20 }, (_, index) => `${index % 2 === 0 ? "a" : "b"}/x${index % 5}`);
			const uploads = await Promise.all(names.map((name) => bench.upload(name)));
			const digest = digestOf("layer");
			const outcomes = await Promise.all(
				uploads.map(({ id, epoch }) => bench.metadata.uploads.complete({ id, epoch, digest, size: 5, actor })),
			);
			const first = outcomes.filter((outcome) => !isRefused(outcome) && !outcome.duplicate);
			assert.equal(first.length, 1);
			assert.ok(!outcomes.some(isRefused));
			const keys = new Set<string | undefined>();
			for (const name of names) keys.add((await bench.metadata.blobs.find(name, digest))?.blob?.key);
			assert.equal(keys.size, 1);
			const condemned = await bench.metadata.objects.claimCondemned({
				holder: "gc",
				limit: 99,
				leaseMs: 1e4,
				staleMs: 1e6,
			});
			assert.equal(condemned.length, 19);
			assert.ok(!condemned.some(({ key }) => keys.has(key)));
			await bench.checkUsage();
		},
	},
	{
		name: "a push into a repository that is about to go for want of content is never lost",
		async run(bench) {
			await bench.projects("a");
			const { uploads, blobs } = bench.metadata;
			await bench.push("a/source", "layer");
			for (let round = 0; round < 20; round++) {
				const name = `a/x${round}`;
				const opened = [await bench.upload(name), await bench.upload(name)];
				const ended = opened.map(({ id }) => done(uploads.cancel(name, id)));
				const [mounted] = await Promise.all([
					done(blobs.mount(name, digestOf("layer"), "a/source", actor)),
					bench.push(name, "new"),
					bench.put(name, { tags: ["v"] }),
					...ended,
				]);
				assert.ok(mounted.mounted);
				assert.ok(await bench.tag(name, "v"));
				for (const text of ["new", "layer"]) assert.ok((await blobs.find(name, digestOf(text)))?.blob, text);
			}
			await bench.checkUsage();
		},
	},
	{
		name: "a blob is unlinked or referenced, never both",
		async run(bench) {
			await bench.projects("a");
			for (let round = 0; round < 10; round++) {
				const text = `layer ${round}`;
				const { digest } = await bench.push("a/x", text);
				const [unlinked, put] = await Promise.all([
					bench.metadata.blobs.unlink("a/x", digest, actor),
					bench.tryPut("a/x", { blobs: [text] }),
				]);
				assert.equal(isRefused(unlinked), !isRefused(put), `round ${round}`);
				const linked = (await bench.metadata.blobs.find("a/x", digest))?.blob !== undefined;
				assert.equal(linked, !isRefused(put));
			}
			await bench.checkUsage();
		},
	},
	{
		name: "a child is removed or becomes one of an index, never both",
		async run(bench) {
			await bench.projects("a");
			for (let round = 0; round < 10; round++) {
				const child = await bench.put("a/x", { text: `child ${round}` });
				const [removed, put] = await Promise.all([
					bench.metadata.manifests.remove("a/x", child, actor),
					bench.tryPut("a/x", { children: [child] }),
				]);
				assert.equal(isRefused(removed), !isRefused(put), `round ${round}`);
			}
			await bench.checkUsage();
		},
	},
	{
		name: "a blob is collected or mounted, never both",
		async run(bench) {
			await bench.projects("a", "b");
			const { blobs, objects } = bench.metadata;
			for (let round = 0; round < 10; round++) {
				const { digest } = await bench.push("a/x", `layer ${round}`);
				const { key } = (await blobs.find("a/x", digest))?.blob ?? assert.fail();
				await blobs.unlink("a/x", digest, actor);
				await bench.push("a/y", `layer ${round}`);
				const [mount] = await Promise.all([
					blobs.mount("b/x", digest, "a/y", actor),
					blobs
						.unlink("a/y", digest, actor)
						.then(() => objects.condemn("default", key))
						.catch(String),
				]);
				const found = (await blobs.find("b/x", digest))?.blob;
				const mounted = "mounted" in mount && mount.mounted;
				assert.equal(found !== undefined, mounted, `round ${round}`);
				const object = (await objects.list("default", { limit: 99 })).find((known) => known.key === key);
				assert.equal(object?.state, mounted ? "live" : "deleting", `round ${round}`);
			}
			await bench.checkUsage();
		},
	},
	{
		name: "one of many has a lease, and one of many an upload",
		async run(bench) {
			await bench.projects("a");
			const { outbox, uploads } = bench.metadata;
			const holders = Array.from({ length: 16 }, (_, index) => `replica ${index}`);
			const tokens = await Promise.all(holders.map((holder) => outbox.lease("journal", holder, 60_000)));
			assert.equal(tokens.filter((token) => token !== undefined).length, 1);
			const { id, epoch } = await bench.upload("a/x");
			await uploads.release({ id, epoch, offset: 0, state: {} });
			const request = { repository: "a/x", id, expectedOffset: 0, leaseMs: 60_000 };
			const leases = await Promise.all(holders.map((holder) => uploads.acquire({ ...request, holder })));
			assert.equal(leases.filter((lease) => !isRefused(lease)).length, 1);
		},
	},
	{
		name: "replicas that advance the keys at once make one key",
		async run({ metadata: { signingKeys } }) {
			const keys = Array.from({ length: 12 }, (_, index) => ({
				kid: `k${index}`,
				publicJwk: "{}",
				sealedPrivate: Buffer.from([index]),
			}));
			const times = { publishMs: 1e6, signMs: 1e7, retireMs: 1e6 };
			await Promise.all(keys.map((fresh) => signingKeys.advance({ fresh, ...times })));
			assert.deepEqual(
				(await signingKeys.list()).map(({ state }) => state),
				["active"],
			);
		},
	},
	{
		name: "first pushes into many new repositories of one project, while it is deleted and restored, lose nothing",
		async run(bench) {
			await bench.projects("a");
			const pushes = Array.from({ length: 40 }, (_, index) => bench.tryPut(`a/x${index % 20}`, { text: `${index}` }));
			const control = (async () => {
				for (let round = 0; round < 4; round++) {
					await bench.apply([], ["uid-a"]);
					await bench.apply([project("a")]);
				}
			})();
			const outcomes = await Promise.all(pushes);
			await control;
			const kept = outcomes.flatMap((outcome, index) => (isRefused(outcome) ? [] : [`a/x${index % 20}`]));
			assert.deepEqual(await bench.metadata.repositories.catalog("all", { limit: 99 }), [...new Set(kept)].sort());
			for (const outcome of outcomes) assert.ok(!isRefused(outcome) || outcome.refused.reason === "project-unknown");
			await bench.checkUsage();
		},
	},
];
