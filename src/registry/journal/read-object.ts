import type { BlobStore } from "#/storage/blob-store.ts";

/** The bytes of an object, piece by piece; each piece belongs to the reader. @throws StoreError */
export async function* readObject(
	store: Pick<BlobStore, "open">,
	key: string,
	signal: AbortSignal,
): AsyncGenerator<Buffer> {
	await using blob = await store.open(key, signal);
	for await (const chunk of blob.chunks(undefined, signal)) {
		const piece = Buffer.from(chunk.bytes);
		chunk.release();
		yield piece;
	}
}

/**
 * Lines of UTF-8 text without their line feeds.
 *
 * @throws Error when the text is not UTF-8, or does not end with a line feed
 */
export async function* splitLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
	const decoder = new TextDecoder("utf-8", { fatal: true });
	let rest = "";
	for await (const piece of pieces) {
		const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
		rest = lines.pop() ?? "";
		yield* lines;
	}
	if (rest + decoder.decode() !== "") throw new Error("the last line is not whole");
}
