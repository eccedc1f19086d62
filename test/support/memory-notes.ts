import type { RootNotes } from "#/storage/root-notes.ts";

/** Notes in memory. */
export const memoryNotes = (): RootNotes => {
	const notes = new Map<string, string>();
	return {
		read: async (name) => notes.get(name),
		write: async (name, text) => {
			notes.set(name, text);
		},
	};
};
