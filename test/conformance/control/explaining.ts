import assert from "node:assert/strict";
import type { Control, Decision, DesiredResource } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { type ControlCase, Operator, project, push, soon } from "./bench.ts";

const isInvalid = (error: unknown): boolean => error instanceof ControlError && error.code === "INVALID";

/** A policy about the project with this uid that keeps what is tagged v*. */
const policy = (uid: string, projectUid: string): DesiredResource => ({
	kind: "RetentionPolicy",
	uid,
	generation: 1,
	spec: {
		name: "team/policy",
		projects: { uids: [projectUid] },
		rules: [{ name: "versions", tags: { matching: ["v*"] }, untagged: "Exclude", keep: { always: true } }],
	},
});

/** All pages of so many decisions. */
const explained = async (control: Control, limit: number, repository?: string): Promise<readonly Decision[]> => {
	const found: Decision[] = [];
	let after: string | undefined;
	do {
		const page = await control.explain({ policy: "p", repository, after, limit }, soon());
		assert.ok("decisions" in page);
		assert.ok(page.decisions.length <= limit);
		found.push(...page.decisions);
		after = page.next;
	} while (after !== undefined);
	return found;
};

/** What a retention policy would do. */
export const explainingCases: readonly ControlCase[] = [
	{
		name: "explain tells why each artifact stays or goes, in pages, and changes nothing",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("1", "a"), project("2", "b"), policy("p", "1")]);
			const stays = await push(metadata, "a/x", "one", "v1");
			const digests = [stays, await push(metadata, "a/x", "two", "w"), await push(metadata, "a/x", "three")].toSorted();
			const other = await push(metadata, "a/y", "four", "w");
			await push(metadata, "b/x", "five", "w");
			const all = await explained(control, 500);
			assert.deepEqual(
				all.map(({ repository, digest, keep }) => [repository, digest, keep]),
				[...digests.map((digest) => ["a/x", digest, digest === stays]), ["a/y", other, false]],
			);
			const [kept] = all.filter(({ keep }) => keep);
			assert.deepEqual([kept?.rule, kept?.tags, kept?.why], ["versions", ["v1"], "it is kept always"]);
			for (const { rule, why } of all.filter(({ keep }) => !keep)) {
				assert.deepEqual([rule, why], [undefined, "no rule keeps it: versions does not select it"]);
			}
			for (const limit of [1, 2, 3]) assert.deepEqual(await explained(control, limit), all);
			assert.deepEqual(await explained(control, 1, "a/y"), all.slice(3));
			assert.deepEqual(await explained(control, 2, "b/x"), [], "the policy is not about it");
			assert.deepEqual((await metadata.artifacts.list("a/x", { limit: 9 })).length, 3);
		},
	},
	{
		name: "explaining a policy that there is not is refused, and a place that is none is INVALID",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("1", "a")]);
			for (const uid of ["none", "1"]) {
				const outcome = await control.explain({ policy: uid, limit: 1 }, soon());
				assert.ok("refused" in outcome);
				assert.equal(outcome.refused.reason, "policy-unknown");
			}
			await assert.rejects(control.explain({ policy: "p", after: "there", limit: 1 }, soon()), isInvalid);
			await assert.rejects(control.explain({ policy: "p", limit: 501 }, soon()), isInvalid);
		},
	},
];
