// Random repositories under random policies: what the plan says is what a plain reading of the rules says, and what a run
// leaves, in memory and in the real database.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Explainer } from "#/features/retention/explainer.ts";
import { Retention } from "#/features/retention/index.ts";
import type { Artifacts } from "#/metadata/artifacts.ts";
import { actor, Bench, manifestInput, project } from "../../conformance/metadata/bench.ts";
import { digestNamed, MemoryArtifacts } from "../../support/memory-artifacts.ts";
import { forever } from "../../support/registry.ts";
import { openInspectedMetadata } from "../../support/sqlite-metadata.ts";
import {
	artifactsOf,
	BEGIN,
	IMMUTABLE,
	type ModelArtifact,
	modelKept,
	type Pushes,
	policies,
	pushes,
} from "./model.ts";
import { planned, policyOf } from "./planned.ts";

const NOW = BEGIN + 60 * 60_000;
const SIGNATURE = "application/vnd.dev.cosign.artifact.sig.v1+json";

const runOn = async (artifacts: Artifacts, spec: ReturnType<typeof policyOf>) => {
	const feature = new Retention({
		artifacts,
		clock: { look: async () => ({ now: NOW, quietMs: Number.POSITIVE_INFINITY }) },
		quietMs: 1,
		meter: { removed: () => undefined },
	});
	const policy = { uid: "p", generation: 1, spec };
	const keep = async () => undefined;
	const run = { id: "r", trigger: "Command" as const, isRetry: false, startedAt: NOW, policy, state: undefined, keep };
	const { figures, message } = await feature.run(run, forever);
	return { figures, message };
};

test("a plan is what its rules say, and a run leaves what its plan says", async () => {
	await fc.assert(
		fc.asyncProperty(pushes, policies, async (pushed, { rules, more }) => {
			const model = artifactsOf(pushed);
			const artifacts = new MemoryArtifacts();
			for (const one of model) {
				artifacts.put("p/r", {
					...one,
					isImmutable: one.tags.some((tag) => tag.startsWith("keep-")),
					children: one.children.map(digestNamed),
					subject: one.subject === undefined ? undefined : digestNamed(one.subject),
					artifactType: one.isSignature ? SIGNATURE : undefined,
				});
			}
			const spec = policyOf(rules, more);
			const expected = modelKept(model, spec, NOW, digestNamed).toSorted();
			assert.deepEqual((await planned(artifacts, spec, NOW)).kept["p/r"], expected);
			const { figures } = await runOn(artifacts, spec);
			assert.deepEqual(artifacts.names("p/r"), expected);
			assert.equal(figures?.removed, model.length - expected.length);
			// What is protected and lost the index that it was part of is judged by the rules from now on.
			const left = model.filter(({ name }) => expected.includes(name));
			await runOn(artifacts, spec);
			assert.deepEqual(artifacts.names("p/r"), modelKept(left, spec, NOW, digestNamed).toSorted());
		}),
		{ numRuns: 400 },
	);
});

/** Pushes and pulls as clients would, each at its time. */
const pushAll = async (pushed: Pushes, on: Awaited<ReturnType<typeof openInspectedMetadata>>) => {
	const bench = new Bench(on.metadata);
	const immutability = [{ tags: { matching: [IMMUTABLE] } }];
	await bench.apply([project("p", { immutability })]);
	const model = artifactsOf(pushed);
	const digests = new Map<string, ReturnType<typeof digestNamed>>();
	const digestOf = (name: string) => digests.get(name) ?? assert.fail(name);
	for (const [i, one] of model.entries()) {
		on.clock.now = one.pushedAt;
		// Later pushes move tags away from it.
		const before = artifactsOf(pushed.slice(0, i + 1)).at(-1);
		const input = manifestInput("p/r", {
			text: one.name,
			tags: before?.tags ?? [],
			children: one.children.map(digestOf),
			subject: one.subject === undefined ? undefined : digestOf(one.subject),
			artifactType: one.isSignature ? SIGNATURE : undefined,
			annotations: one.annotations,
		});
		digests.set(one.name, input.digest);
		assert.ok(!("refused" in (await on.metadata.manifests.put(input))));
	}
	on.clock.now = NOW;
	const repositoryId = (await on.metadata.repositories.find("p/r"))?.id ?? assert.fail();
	const pulls = model.flatMap((one) =>
		one.pulledAt === undefined ? [] : [{ repositoryId, digest: digestOf(one.name), at: one.pulledAt }],
	);
	await on.metadata.pulls.note(pulls);
	return { bench, model, digestOf };
};

test("in the database a run leaves what its plan says, and whole", { timeout: 300_000 }, async () => {
	await fc.assert(
		fc.asyncProperty(pushes, policies, async (pushed, { rules, more }) => {
			await using on = await openInspectedMetadata();
			const { bench, model, digestOf } = await pushAll(pushed, on);
			const { artifacts, manifests } = on.metadata;
			const spec = policyOf(rules, more);
			const byDigest = new Map(model.map((one) => [digestOf(one.name), one] as const));
			const expected = modelKept(model, spec, NOW, digestOf).map(digestOf).toSorted();
			const policy = { kind: "RetentionPolicy" as const, uid: "u", generation: 1, spec, state: undefined };
			const explainer = new Explainer({
				policies: { find: async () => policy, list: async () => [policy] },
				artifacts,
				now: async () => NOW,
			});
			const told = await explainer.page({ policy: "u", limit: 500 }, forever);
			assert.deepEqual(
				told?.decisions.filter(({ keep }) => keep).map(({ digest }) => digest),
				expected,
			);
			const { figures, message } = await runOn(artifacts, spec);
			const left = await artifacts.list("p/r", { limit: 1_000 });
			assert.deepEqual(
				left.map(({ digest }) => digest),
				expected,
				message,
			);
			assert.equal(figures?.removed, model.length - expected.length, message);
			for (const { digest, tags } of left) assert.deepEqual([...tags], byDigest.get(digest)?.tags);
			const before = (name: string) => byDigest.get(digestOf(name)) !== undefined;
			for (const digest of expected) await checkWhole(manifests, byDigest.get(digest), digestOf, before);
			await bench.checkUsage();
		}),
		{ numRuns: 80 },
	);
});

/** What an index names is there as long as the index is. */
const checkWhole = async (
	manifests: Bench["metadata"]["manifests"],
	one: ModelArtifact | undefined,
	digestOf: (name: string) => ReturnType<typeof digestNamed>,
	was: (name: string) => boolean,
): Promise<void> => {
	for (const child of one?.children.filter(was) ?? []) {
		const reference = { kind: "digest" as const, digest: digestOf(child) };
		const found = await manifests.find("p/r", reference, { payload: false });
		assert.ok(found?.manifest, `${child}, which ${one?.name} names, for ${actor}`);
	}
};
