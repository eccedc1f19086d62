import assert from "node:assert/strict";
import { type ControlCase, Operator, project, push, soon } from "./bench.ts";

/** What projects use. */
export const usageCases: readonly ControlCase[] = [
	{
		name: "usage comes in pages, in byte order of the projects' names",
		run: async ({ control, metadata }) => {
			const operator = await Operator.begin(control);
			assert.deepEqual(await control.usage({ limit: 5 }, soon()), { projects: [], more: false });
			const names = ["b", "a-b", "a", "gone", "a.b", "kept"];
			await operator.apply(names.map((name) => project(`uid-${name}`, name)));
			await operator.apply([], ["uid-gone"]);
			await operator.release("uid-kept");
			await push(metadata, "a/x", "one");
			await push(metadata, "a/y", "three");
			await push(metadata, "kept/x", "four");
			const first = await control.usage({ limit: 2 }, soon());
			const nothing = { blobBytes: 0, manifestBytes: 0, manifests: 0, repositories: 0 };
			assert.deepEqual(first, {
				projects: [
					{ uid: "uid-a", name: "a", blobBytes: 0, manifestBytes: 8, manifests: 2, repositories: 2 },
					{ uid: "uid-a-b", name: "a-b", ...nothing },
				],
				more: true,
			});
			const second = await control.usage({ after: "a-b", limit: 2 }, soon());
			assert.deepEqual(second, {
				projects: [
					{ uid: "uid-a.b", name: "a.b", ...nothing },
					{ uid: "uid-b", name: "b", ...nothing },
				],
				more: true,
			});
			const last = await control.usage({ after: "b", limit: 2 }, soon());
			const kept = { uid: "uid-kept", name: "kept", blobBytes: 0, manifestBytes: 4, manifests: 1, repositories: 1 };
			assert.deepEqual(last, { projects: [kept], more: false });
			assert.deepEqual(await control.usage({ after: "kept", limit: 2 }, soon()), { projects: [], more: false });
		},
	},
];
