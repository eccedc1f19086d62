import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Archive } from "#/features/backup/archive.ts";
import { lastMark } from "#/features/backup/last-mark.ts";
import { writeMark } from "#/features/backup/ship-journal.ts";
import { memoryArchive } from "../../support/backup-bench.ts";
import { hookedStore } from "../../support/hooked.ts";
import { forever } from "../../support/registry.ts";

/** An archive. `opening`: done before anything of it is read. */
const open = (opening: () => Promise<void>) => {
	const { archive, store } = memoryArchive();
	let ids = 0;
	const write = (until: number) =>
		writeMark({ archive, newId: () => `id-${ids++}` }, { format: "limani-mark/1", until, journal: {} }, forever);
	const hook = async (method: string) => {
		if (method === "open") await opening();
		return undefined;
	};
	return { archive: new Archive({ store: hookedStore(store, hook) }), write };
};

suite("How far the journal was shipped", () => {
	test("is told though that is replaced between each list and look", async () => {
		let until = 1;
		const { archive, write } = open(async () => {
			if (until < 4) await write(++until);
		});
		await write(until);
		assert.equal((await lastMark(archive, forever))?.until, 4);
	});

	test("is told as missing where it is listed again and again and is not there", async () => {
		let opens = 0;
		const { archive } = open(async () => void opens++);
		const listing = Object.assign(archive, { keys: async () => ["marks/000000000000001-id"] });
		await assert.rejects(lastMark(listing, forever), { code: "INCOMPLETE" });
		assert.equal(opens, 2);
	});
});
