/** Everything that an installation needs where there is no internet, in one file. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { BundleError } from "./bundle-error.ts";
import { SUMS_FILE } from "./checksums.ts";
import { parseHeader, TAR_BLOCK } from "./tar-header.ts";

/** A bundle in which each byte was found to be right. */
export interface Bundle extends AsyncDisposable {
	readonly paths: readonly string[];
	/** Bytes of a file in it, from an offset on. @throws BundleError when there is no such file */
	open(path: string, offset?: number): AsyncIterable<Uint8Array>;
}

interface Place {
	readonly offset: number;
	readonly size: number;
}

/** Bytes that are read at once. */
const PIECE = 1024 * 1024;

/** Opens a bundle and compares all of it with its checksums. @throws BundleError that says what is wrong with it */
export const openBundle = async (path: string, signal: AbortSignal): Promise<Bundle> => {
	await using opening = new AsyncDisposableStack();
	const handle = opening.adopt(await openFile(path), (file) => file.close());
	try {
		const places = await listPlaces(handle);
		const bundle = {
			paths: [...places.keys()],
			open: (name: string, offset = 0) => readPlace(handle, name, places.get(name), offset),
		};
		await verify(bundle, signal);
		const resources = opening.move();
		return { ...bundle, [Symbol.asyncDispose]: () => resources.disposeAsync() };
	} catch (error) {
		if (error instanceof BundleError) throw new BundleError(`${path}: ${error.message}`, { cause: error });
		throw error;
	}
};

const openFile = async (path: string): Promise<FileHandle> => {
	try {
		return await open(path);
	} catch (cause) {
		throw new BundleError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
			cause,
		});
	}
};

const listPlaces = async (handle: FileHandle): Promise<ReadonlyMap<string, Place>> => {
	const { size: end } = await handle.stat();
	const places = new Map<string, Place>();
	const block = Buffer.alloc(TAR_BLOCK);
	let at = 0;
	for (;;) {
		const { bytesRead } = await handle.read(block, 0, TAR_BLOCK, at);
		if (bytesRead < TAR_BLOCK) throw new BundleError(`it ends after ${end} bytes, before its end: it was cut off`);
		const entry = parseHeader(block);
		if (entry === undefined) break;
		const { path, size } = entry;
		if (places.has(path)) throw new BundleError(`${path} is in it twice`);
		places.set(path, { offset: at + TAR_BLOCK, size });
		at += TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
		if (at > end) throw new BundleError(`it ends after ${end} bytes, within ${path}: it was cut off`);
	}
	if (end !== at + 2 * TAR_BLOCK) {
		throw new BundleError(`it has ${end} bytes: expected ${at + 2 * TAR_BLOCK}`);
	}
	return places;
};

async function* readPlace(
	handle: FileHandle,
	path: string,
	place: Place | undefined,
	from: number,
): AsyncGenerator<Uint8Array> {
	if (place === undefined) throw new BundleError(`${path} is not in it`);
	for (let done = from; done < place.size; ) {
		const piece = Buffer.alloc(Math.min(PIECE, place.size - done));
		const { bytesRead } = await handle.read(piece, 0, piece.length, place.offset + done);
		if (bytesRead === 0) throw new BundleError(`it ends within ${path}`);
		done += bytesRead;
		yield piece.subarray(0, bytesRead);
	}
}

const verify = async (bundle: Pick<Bundle, "paths" | "open">, signal: AbortSignal): Promise<void> => {
	const text = Buffer.concat(await Array.fromAsync(bundle.open(SUMS_FILE))).toString("utf8");
	const left = new Map<string, string>();
	for (const line of text.split("\n").filter((each) => each !== "")) {
		const [, hex, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
		if (hex === undefined || path === undefined) throw new BundleError(`${SUMS_FILE} has a line that is none: ${line}`);
		left.set(path, hex);
	}
	for (const path of bundle.paths) {
		if (path === SUMS_FILE) continue;
		const expected = left.get(path);
		if (expected === undefined) throw new BundleError(`${path} is in it, and not in ${SUMS_FILE}`);
		left.delete(path);
		const hash = createHash("sha256");
		for await (const bytes of bundle.open(path)) {
			signal.throwIfAborted();
			hash.update(bytes);
		}
		const hex = hash.digest("hex");
		if (hex !== expected) throw new BundleError(`${path} was changed: its SHA-256 is ${hex}, expected ${expected}`);
	}
	const [missing] = left.keys();
	if (missing !== undefined) throw new BundleError(`${missing} is in ${SUMS_FILE}, and not in it`);
};
