import assert from "node:assert/strict";
import type { Replica } from "#/metadata/replicas.ts";
import { type Bench, digestOf, type MetadataCase } from "./bench.ts";

const policy = "uid-policy";

const replica = (reference: string, fields: Partial<Replica> = {}): Replica => ({
	reference,
	source: "library/app",
	state: "synced",
	sourceDigest: digestOf("one"),
	targetDigest: digestOf("one"),
	isOurs: true,
	pending: undefined,
	behindSince: undefined,
	generation: undefined,
	...fields,
});

const references = async ({ metadata: { replicas } }: Bench, uid = policy): Promise<readonly string[]> =>
	(await replicas.list(uid, { limit: 100 })).map(({ repository, reference }) => `${repository}:${reference}`);

/** What replication remembers, and what it asks of repositories. */
export const replicaCases: readonly MetadataCase[] = [
	{
		name: "replicas are found as they were kept last, and listed in the order of repository and reference",
		async run(bench) {
			const { replicas } = bench.metadata;
			await replicas.put(policy, "p/b", [replica("v2"), replica("v1")]);
			await replicas.put(policy, "p/a", [replica("v3")]);
			await replicas.put("other", "p/a", [replica("v9")]);
			const pending = {
				state: "pending",
				pending: digestOf("two"),
				behindSince: 5,
				generation: 3,
				isOurs: false,
			} as const;
			await replicas.put(policy, "p/b", [replica("v1", pending)]);
			assert.deepEqual(await replicas.find(policy, "p/b", ["v1", "v7"]), [replica("v1", pending)]);
			assert.deepEqual(await references(bench), ["p/a:v3", "p/b:v1", "p/b:v2"]);
			const after = { repository: "p/b", reference: "v1" };
			const rest = await replicas.list(policy, { after, limit: 100 });
			assert.deepEqual(rest, [{ ...replica("v2"), repository: "p/b" }]);
			const within = await replicas.list(policy, { within: "p/b", limit: 1 });
			assert.deepEqual(
				within.map(({ reference }) => reference),
				["v1"],
			);
			await replicas.forget(policy, "p/b", ["v1", "v7"]);
			assert.deepEqual(await references(bench), ["p/a:v3", "p/b:v2"]);
			assert.deepEqual(await references(bench, "other"), ["p/a:v9"]);
		},
	},
	{
		name: "replicas are counted by where they stand: referrers, which have no tag, as the policy's own alone",
		async run(bench) {
			const { replicas } = bench.metadata;
			assert.deepEqual(await replicas.counts(policy), { synced: 0, pending: 0, ours: 0, behindSince: undefined });
			const waiting = { state: "pending", pending: digestOf("two"), isOurs: false } as const;
			await replicas.put(policy, "p/a", [
				replica("v1"),
				replica("v2", { isOurs: false }),
				replica("v3", { ...waiting, behindSince: 70 }),
				replica("v4", { ...waiting, behindSince: 50 }),
				replica("v5", { state: "gone" }),
				replica(digestOf("signature")),
			]);
			assert.deepEqual(await replicas.counts(policy), { synced: 2, pending: 2, ours: 3, behindSince: 50 });
		},
	},
	{
		name: "replicas of policies that are gone are forgotten, a bounded number at a time",
		async run(bench) {
			const { replicas } = bench.metadata;
			const spec = {
				name: "team/copies",
				direction: "Pull",
				remote: { url: "https://registry.example.com" },
				projects: { uids: [] },
			};
			await bench.apply([{ kind: "ReplicationPolicy", uid: policy, generation: 1, spec }]);
			await replicas.put(policy, "p/a", [replica("v1")]);
			await replicas.put("gone", "p/a", [replica("v1"), replica("v2"), replica("v3")]);
			assert.equal(await replicas.forgetGone(2), 2);
			assert.equal(await replicas.forgetGone(2), 1);
			assert.equal(await replicas.forgetGone(2), 0);
			assert.deepEqual(await references(bench), ["p/a:v1"]);
		},
	},
	{
		name: "tags are told with their digests, many at a time, and what changed last comes last",
		async run(bench) {
			await bench.projects("p");
			const { tagStates } = bench.metadata;
			const one = await bench.put("p/a", { text: "one", tags: ["v1", "v2"] });
			const two = await bench.put("p/a", { text: "two", tags: ["v3"] });
			const listed = (await tagStates.list("p/a", { last: "v1", limit: 2 })) ?? [];
			assert.deepEqual(
				listed.map(({ tag, digest }) => ({ tag, digest })),
				[
					{ tag: "v2", digest: one },
					{ tag: "v3", digest: two },
				],
			);
			assert.ok(listed.every(({ movedAt }) => movedAt > 0));
			assert.equal(await tagStates.list("p/none", { limit: 2 }), undefined);
			const found = await tagStates.digests("p/a", ["v3", "v9", one, digestOf("none")]);
			assert.deepEqual(
				new Map(found.map(({ reference, digest }) => [reference, digest])),
				new Map([
					["v3", two],
					[one, one],
				]),
			);
			assert.deepEqual(await tagStates.digests("p/none", ["v1"]), []);
		},
	},
	{
		name: "manifests that refer to others are told with the indexes that list what they refer to",
		async run(bench) {
			await bench.projects("p");
			const { tagStates } = bench.metadata;
			const image = await bench.put("p/a", { text: "image" });
			const index = await bench.put("p/a", { text: "index", children: [image], tags: ["v1"] });
			const onImage = await bench.put("p/a", { text: "sig", subject: image });
			const onNothing = await bench.put("p/a", { text: "stray", subject: digestOf("nothing") });
			const attached = await tagStates.attached("p/a", { limit: 10 });
			assert.deepEqual(
				attached.map(({ digest, subject, parents }) => ({ digest, subject, parents })),
				[
					{ digest: onImage, subject: image, parents: [index] },
					{ digest: onNothing, subject: digestOf("nothing"), parents: [] },
				].toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
			);
			const [first] = attached;
			assert.equal((await tagStates.attached("p/a", { last: first?.digest, limit: 10 })).length, 1);
		},
	},
	{
		name: "a repository has changed when a tag moved or a referrer came, and not when nothing did",
		async run(bench) {
			await bench.projects("p");
			const { tagStates } = bench.metadata;
			const changed = () => tagStates.changed({ since: 1, limit: 100 });
			const names = async () => (await changed()).map(({ repository }) => repository).toSorted();
			const image = await bench.put("p/untagged", { text: "one" });
			assert.deepEqual(await names(), []);
			await bench.put("p/tagged", { text: "one", tags: ["v1"] });
			await bench.put("p/signed", { text: "sig", subject: image });
			assert.deepEqual(await names(), ["p/signed", "p/tagged"]);
			const before = await changed();
			await bench.put("p/tagged", { text: "one", tags: ["v1"] });
			await bench.put("p/signed", { text: "sig", subject: image });
			assert.deepEqual(await changed(), before);
			const [first] = before;
			assert.deepEqual(await tagStates.changed({ since: 1, after: first, limit: 100 }), before.slice(1));
			const late = (first?.at ?? 0) + 3_600_000;
			assert.deepEqual(await tagStates.changed({ since: late, limit: 100 }), []);
		},
	},
	{
		name: "a repository has changed also when a tag went",
		async run(bench) {
			await bench.projects("p");
			const { tagStates, manifests } = bench.metadata;
			await bench.put("p/a", { text: "one", tags: ["v1"] });
			const [before] = await tagStates.changed({ since: 1, limit: 1 });
			await manifests.removeTag("p/a", "v1", undefined, "ann");
			const [after] = await tagStates.changed({ since: before?.at ?? 0, limit: 1 });
			assert.equal(after?.repository, "p/a");
		},
	},
	{
		name: "two changes of a repository are told apart, be they of one millisecond",
		async run(bench) {
			await bench.projects("p");
			const { tagStates, manifests } = bench.metadata;
			const seen: number[] = [];
			const look = async () => {
				const [change] = await tagStates.changed({ since: 1, limit: 1 });
				seen.push(change?.at ?? assert.fail());
			};
			const image = await bench.put("p/a", { text: "one", tags: ["v1"] });
			await look();
			await bench.put("p/a", { text: "one", tags: ["v2"] });
			await look();
			await bench.put("p/a", { text: "sig", subject: image });
			await look();
			await manifests.removeTag("p/a", "v1", undefined, "ann");
			await look();
			assert.deepEqual([...new Set(seen)].toSorted(), seen, "each is later than the one before");
			const [last] = await tagStates.changed({ since: seen.at(-1) ?? 0, limit: 1 });
			assert.deepEqual(
				await tagStates.changed({ since: 1, after: last, limit: 1 }),
				[],
				"and none comes after the last",
			);
		},
	},
];
