import assert from "node:assert/strict";
import type { Control } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { type ControlCase, Operator, project, push, soon } from "./bench.ts";

const WEEK_MS = 7 * 86_400_000;

/** The reason of a restoration that must be refused; it is said in words, too. */
const reasonOf = async (control: Control, wanted: Parameters<Control["restore"]>[0]): Promise<string> => {
	const outcome = await control.restore(wanted, soon());
	assert.ok("refused" in outcome, JSON.stringify(outcome));
	assert.match(outcome.refused.message, / /);
	return outcome.refused.reason;
};

const isInvalid = (error: unknown): boolean => error instanceof ControlError && error.code === "INVALID";

/** History, and the way back. */
export const undoCases: readonly ControlCase[] = [
	{
		name: "history tells where a tag was, and without one what can be restored, in pages",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p", "a")]);
			const one = await push(metadata, "a/x", "one", "v");
			const two = await push(metadata, "a/x", "two", "v");
			await metadata.manifests.remove("a/x", one, "eva");
			const first = await control.history({ repository: "a/x", tag: "v", limit: 1 }, soon());
			assert.deepEqual(
				first.entries.map(({ tag, digest, startedBy, endedAt }) => ({ tag, digest, startedBy, endedAt })),
				[{ tag: "v", digest: two, startedBy: "ann", endedAt: undefined }],
			);
			const second = await control.history({ repository: "a/x", tag: "v", after: first.next, limit: 5 }, soon());
			assert.deepEqual(
				second.entries.map(({ digest, endedBy }) => [digest, endedBy]),
				[[one, "ann"]],
			);
			assert.equal(second.next, undefined);
			const deleted = await control.history({ repository: "a/x", limit: 5 }, soon());
			const [entry] = deleted.entries;
			assert.deepEqual([entry?.tag, entry?.digest, entry?.endedBy], [undefined, one, "eva"]);
			assert.equal(entry?.restorableUntil, (entry?.endedAt ?? 0) + WEEK_MS);
			assert.deepEqual(await control.history({ repository: "a/none", limit: 5 }, soon()), { entries: [] });
		},
	},
	{
		name: "restore brings back a manifest with its tags, or a tag to where it was, and asks for no epoch",
		run: async (harness) => {
			const { metadata } = harness;
			const operator = await Operator.begin(harness.control);
			await operator.apply([project("p", "a")]);
			const one = await push(metadata, "a/x", "one", "v");
			await metadata.manifests.remove("a/x", one, "ann");
			await harness.reopen();
			const { control, metadata: kept } = harness;
			const back = { digest: one, manifests: [one], tags: ["v"], moved: [] };
			assert.deepEqual(await control.restore({ repository: "a/x", digest: one, actor: "eva" }, soon()), back);
			await kept.manifests.remove("a/x", one, "ann");
			assert.deepEqual(await control.restore({ repository: "a/x", tag: "v", actor: "eva" }, soon()), back);
			const again = await control.restore({ repository: "a/x", tag: "v", actor: "eva" }, soon());
			assert.deepEqual(again, { ...back, manifests: [], tags: [] }, "it is safe to repeat");
			const { entries } = await control.history({ repository: "a/x", tag: "v", limit: 9 }, soon());
			assert.deepEqual(
				entries.map(({ startedBy }) => startedBy),
				["eva", "eva", "ann"],
			);
		},
	},
	{
		name: "what cannot be restored is refused in a word and in words, and what cannot be meant is INVALID",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p", "a", { undoWindow: 0 })]);
			const digest = await push(metadata, "a/x", "one", "v");
			await metadata.manifests.remove("a/x", digest, "ann");
			const actor = "eva";
			assert.equal(await reasonOf(control, { repository: "a/none", digest, actor }), "repository-unknown");
			assert.equal(await reasonOf(control, { repository: "a/x", digest, actor }), "manifest-unknown");
			assert.equal(await reasonOf(control, { repository: "a/x", tag: "v", actor }), "window-ended");
			assert.equal(await reasonOf(control, { repository: "a/x", tag: "w", actor }), "tag-unknown");
			assert.equal(await reasonOf(control, { repository: "a/x", tag: "v", at: 1, actor }), "tag-unknown");
			const wrong = [{}, { tag: "v", digest }, { digest, at: 1 }, { tag: "no tag" }, { digest: "sha256:1" }];
			for (const fields of wrong) {
				await assert.rejects(control.restore({ repository: "a/x", actor, ...fields }, soon()), isInvalid);
			}
			await assert.rejects(control.history({ repository: "A", limit: 1 }, soon()), isInvalid);
			await assert.rejects(control.history({ repository: "a/x", limit: 0 }, soon()), isInvalid);
		},
	},
];
