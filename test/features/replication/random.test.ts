import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import type { Digest } from "#/oci/digest.ts";
import {
	countWrites,
	HandRunPolicy,
	openPlace,
	type ReplicationPlace,
	withoutLists,
} from "../../support/replication-world.ts";

const repositories = ["p/app", "p/lib/deep", "q/app"];
const tags = ["v1", "v2", "v3", "dev"];
const contents = ["alpha", "beta", "gamma", "delta"];

/** One thing that somebody does at one of the two places. */
const act = fc.oneof(
	fc.record({
		kind: fc.constant("push" as const),
		at: fc.constantFrom("source" as const, "target" as const),
		repository: fc.constantFrom(...repositories),
		tag: fc.constantFrom(...tags),
		content: fc.constantFrom(...contents),
	}),
	fc.record({
		kind: fc.constant("remove" as const),
		at: fc.constant("source" as const),
		repository: fc.constantFrom(...repositories),
		tag: fc.constantFrom(...tags),
	}),
	fc.record({
		kind: fc.constant("sign" as const),
		at: fc.constant("source" as const),
		repository: fc.constantFrom(...repositories),
		tag: fc.constantFrom(...tags),
		content: fc.constantFrom(...contents),
	}),
	fc.record({
		kind: fc.constant("index" as const),
		at: fc.constant("source" as const),
		repository: fc.constantFrom(...repositories),
		tag: fc.constantFrom(...tags),
		of: fc.constantFrom(...tags),
	}),
	fc.record({ kind: fc.constant("run" as const) }),
);

type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

/** What a tag is to be at the target: of Mirror, also that it is gone. */
const isSelected = (name: string): boolean => !name.endsWith(":dev");

const perform = async (places: { source: ReplicationPlace; target: ReplicationPlace }, one: Act): Promise<void> => {
	if (one.kind === "run") return;
	const place = places[one.at];
	const tagged: Digest | undefined = (await place.tags())[`${one.repository}:${one.tag}`];
	switch (one.kind) {
		case "push":
			await place.push(one.repository, one.tag, { layers: ["base", one.content] });
			return;
		case "remove":
			if (tagged !== undefined) await place.remove(one.repository, one.tag);
			return;
		case "sign":
			if (tagged !== undefined) {
				await place.push(one.repository, undefined, { layers: [one.content], subject: tagged, artifactType: "a/sig" });
			}
			return;
		case "index": {
			const child: Digest | undefined = (await place.tags())[`${one.repository}:${one.of}`];
			if (child !== undefined) await place.pushIndex(one.repository, one.tag, [{ digest: child }]);
			return;
		}
	}
};

/** Every selected tag of the source is at the target, with what refers to it; what is selected and gone is not, if it was copied. */
const assertAgrees = async (
	{ source, target }: { readonly source: ReplicationPlace; readonly target: ReplicationPlace },
	copied: ReadonlySet<string>,
): Promise<void> => {
	const wanted = Object.entries(await source.tags()).filter(([name]) => isSelected(name));
	const present = await target.tags();
	for (const [name, digest] of wanted) {
		assert.equal(present[name], digest, name);
		const repository = name.slice(0, name.lastIndexOf(":"));
		const signatures = await source.referrers(repository, digest);
		assert.deepEqual(await target.referrers(repository, digest), signatures, `signatures of ${name}`);
	}
	const alive = new Set(wanted.map(([name]) => name));
	for (const name of copied)
		if (!alive.has(name)) assert.equal(present[name], undefined, `${name} is gone at the source`);
};

for (const direction of ["Pull", "Push"] as const) {
	test(`${direction}: whatever was there before, one run makes the target what is selected of the source, and another writes nothing`, async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 14 }), fc.boolean(), async (acts, isListed) => {
				await using source = await openPlace();
				await using target = await openPlace();
				// The source is never quite empty, which would be held for a failure.
				await source.push("p/alive", "v1", { layers: ["alive"] });
				const writes = { count: 0, uploaded: [] };
				const counted = (remote: RemoteRegistry): RemoteRegistry =>
					countWrites(isListed ? remote : withoutLists(remote), writes);
				const [here, there] = direction === "Pull" ? [target, source] : [source, target];
				const policy = new HandRunPolicy(here, () => counted(there.asRemote()), {
					direction,
					mode: "Mirror",
					guard: { maxShare: 100, minimum: 10 },
					filters: {
						repositories: { matching: ["**"], excluding: [] },
						tags: { matching: ["**"], excluding: ["dev"] },
						labels: [],
					},
				});
				/** Tags that the target has because the policy put them there, and nobody else has since. */
				const ours = new Set<string>();
				const run = async (): Promise<void> => {
					const before = await target.tags();
					await policy.agree();
					await assertAgrees({ source, target }, ours);
					for (const [name, digest] of Object.entries(await target.tags())) if (before[name] !== digest) ours.add(name);
				};
				for (const one of acts) {
					await perform({ source, target }, one);
					if (one.kind === "push" && one.at === "target") ours.delete(`${one.repository}:${one.tag}`);
					if (one.kind === "run") await run();
				}
				await run();
				const settled = { tags: await target.tags(), writes: writes.count };
				const last = await policy.agree();
				assert.deepEqual([last.figures?.copied, last.figures?.removed, last.figures?.bytes], [0, 0, 0]);
				assert.deepEqual({ tags: await target.tags(), writes: writes.count }, settled);
			}),
			{ numRuns: 25 },
		);
	});
}
