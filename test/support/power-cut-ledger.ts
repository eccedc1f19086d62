import assert from "node:assert/strict";
import { digestOf } from "#/oci/digest.ts";
import type { BlobStore, WriterState } from "#/storage/blob-store.ts";
import { assertBytes, listKeys, never, read } from "../conformance/blob-store/bench.ts";

interface Entry {
	/** What the object will be, as far as it is known. */
	bytes: Buffer;
	/** Last checkpoint that was answered. */
	checkpoint: { readonly state: WriterState; readonly bytes: Buffer } | undefined;
	/** `found`: never answered, but a new start saw the object finished. */
	commit: "none" | "begun" | "found" | "answered";
	isDeleted: boolean;
}

/** What a client of a store was told, and so what must be true after a power cut. */
export class PowerCutLedger {
	readonly #entries = new Map<string, Entry>();
	/** Keys of objects that were taken over, with no checkpoint since. */
	readonly lost = new Set<string>();
	/** Whether an opening was answered: from then on the store is there. */
	isOpened = false;

	/** Bytes of an unfinished object; those after a resumed checkpoint replace what was there. */
	hold(key: string, bytes: Buffer): void {
		this.#entry(key).bytes = bytes;
	}

	answerCheckpoint(key: string, state: WriterState, bytes: Buffer): void {
		this.#entry(key).checkpoint = { state, bytes };
	}

	beginCommit(key: string): void {
		this.#entry(key).commit = "begun";
	}

	answerCommit(key: string): void {
		this.#entry(key).commit = "answered";
	}

	/** From the first moment of a delete or abort nothing is promised any more. */
	beginDelete(key: string): void {
		this.#entry(key).isDeleted = true;
	}

	/** Checks a store opened after the cut against everything that was answered before it. */
	async verify(store: BlobStore): Promise<void> {
		const listed = await listKeys(store, "");
		for (const key of listed) {
			const entry = this.#entries.get(key.replace(/\*$/, ""));
			assert.ok(entry, `${key} was never written`);
			if (entry.isDeleted || key.endsWith("*")) continue;
			assert.notEqual(entry.commit, "none", `${key} shows without a commit`);
			assertBytes(await read(store, key), entry.bytes, `the finished object ${key}`);
		}
		for (const [key, entry] of this.#entries) {
			if (!entry.isDeleted) await verifyEntry(store, key, entry, listed);
		}
	}

	/** Unfinished objects that can be gone on with. */
	resumable(): { readonly key: string; readonly state: WriterState; readonly bytes: Buffer }[] {
		return [...this.#entries].flatMap(([key, { checkpoint, commit, isDeleted }]) =>
			checkpoint === undefined || commit !== "none" || isDeleted ? [] : [{ key, ...checkpoint }],
		);
	}

	/** What a new start knows: an unfinished commit is given up or found done. */
	async settle(store: BlobStore): Promise<void> {
		for (const [key, entry] of this.#entries) {
			if (entry.isDeleted || entry.commit === "answered") continue;
			if ((await store.stat(key, never)) !== undefined) entry.commit = "found";
			else if (entry.checkpoint !== undefined) entry.commit = "none";
			else entry.isDeleted = true;
		}
	}

	#entry(key: string): Entry {
		const known = this.#entries.get(key);
		if (known !== undefined) return known;
		const entry: Entry = { bytes: Buffer.alloc(0), checkpoint: undefined, commit: "none", isDeleted: false };
		this.#entries.set(key, entry);
		return entry;
	}
}

async function verifyEntry(store: BlobStore, key: string, entry: Entry, listed: readonly string[]): Promise<void> {
	if (entry.commit === "answered" || entry.commit === "found") {
		assert.ok(listed.includes(key), `the committed object ${key} is gone`);
		const isStaged = listed.includes(`${key}*`);
		assert.ok(!isStaged || entry.commit === "found", `the committed object ${key} is staged as well`);
		return;
	}
	if (entry.checkpoint === undefined || listed.includes(key)) return;
	const { state, bytes } = entry.checkpoint;
	await using writer = await store.resume(key, state, {}, never);
	assert.equal(writer.offset, bytes.byteLength, `offset of ${key}`);
	assert.equal(await writer.digest("sha256", never), digestOf(bytes), `the checkpoint of ${key} is not whole`);
}
