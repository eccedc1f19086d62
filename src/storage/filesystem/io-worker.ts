/**
 * The I/O thread: hashes and writes the large uploads of the process. Requests are served in order and synchronously,
 * which is what the thread is for; only hashing a whole file gives way to others between slices.
 */
import { readSync, writevSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import type { Algorithm, Digest } from "#/oci/digest.ts";
import { RunningDigest } from "#/storage/running-digest.ts";
import { dropBytes } from "./drop-bytes.ts";
import type { IoCall, IoReply, IoRequest } from "./io-messages.ts";

const SLICE_BYTES = 512 * 1024;

const files = new Map<number, { readonly descriptor: number; readonly hash: RunningDigest }>();
const hashing = new Set<number>();
const slice = Buffer.allocUnsafeSlow(SLICE_BYTES);

const serve = (seq: number, request: IoRequest): Digest | undefined | Promise<Digest> => {
	switch (request.op) {
		case "start":
			return start(request);
		case "write":
			return write(request);
		case "digest":
			return fileOf(request.file).hash.digest();
		case "end":
			files.delete(request.file);
			return undefined;
		case "hash":
			return hashInTurns(seq, request.descriptor, request.size, request.algorithm);
		case "cancel":
			hashing.delete(request.request);
			return undefined;
	}
};

const start = (request: IoRequest & { op: "start" }): undefined => {
	const hash = new RunningDigest(request.algorithm);
	for (let position = 0; position < request.hashed; position += SLICE_BYTES) {
		hashSlice(hash, request.descriptor, position, request.hashed);
	}
	files.set(request.file, { descriptor: request.descriptor, hash });
};

const write = (request: IoRequest & { op: "write" }): undefined => {
	const { descriptor, hash } = fileOf(request.file);
	for (const piece of request.pieces) hash.update(piece);
	let rest: readonly Uint8Array[] = request.pieces;
	let position = request.position;
	while (rest.length > 0) {
		const written = writevSync(descriptor, rest, position);
		position += written;
		rest = dropBytes(rest, written);
	}
	// Frees the memory now: waiting for the collector lets a fast upload pile up hundreds of megabytes.
	for (const piece of request.pieces) piece.buffer.transfer(0);
};

const hashInTurns = async (seq: number, descriptor: number, size: number, algorithm: Algorithm): Promise<Digest> => {
	const hash = new RunningDigest(algorithm);
	hashing.add(seq);
	try {
		for (let position = 0; position < size; position += SLICE_BYTES) {
			if (!hashing.has(seq)) throw new Error("cancelled");
			hashSlice(hash, descriptor, position, size);
			await turn();
		}
	} finally {
		hashing.delete(seq);
	}
	return hash.digest();
};

/** Hashes the bytes from `position` up to a slice further, or to `end`. */
const hashSlice = (hash: RunningDigest, descriptor: number, position: number, end: number): void => {
	const wanted = Math.min(SLICE_BYTES, end - position);
	let filled = 0;
	while (filled < wanted) {
		const count = readSync(descriptor, slice, filled, wanted - filled, position + filled);
		if (count === 0) throw Object.assign(new Error("the staged file is short"), { code: "CORRUPT" });
		filled += count;
	}
	hash.update(slice.subarray(0, wanted));
};

const fileOf = (id: number): { readonly descriptor: number; readonly hash: RunningDigest } => {
	const file = files.get(id);
	if (file === undefined) throw new Error(`no file ${id}`);
	return file;
};

const toFailure = (seq: number, error: unknown): IoReply => ({
	seq,
	ok: false,
	code: error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined,
	message: error instanceof Error ? error.message : String(error),
});

const toSuccess = (seq: number, digest: Digest | undefined): IoReply =>
	digest === undefined ? { seq, ok: true } : { seq, ok: true, digest };

parentPort?.on("message", ({ seq, request }: IoCall) => {
	const reply = (answer: IoReply): void => parentPort?.postMessage(answer);
	try {
		const result = serve(seq, request);
		if (!(result instanceof Promise)) return reply(toSuccess(seq, result));
		result.then(
			(digest) => reply(toSuccess(seq, digest)),
			(error) => reply(toFailure(seq, error)),
		);
	} catch (error) {
		reply(toFailure(seq, error));
	}
});
