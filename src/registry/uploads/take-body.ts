import { OciError } from "#/oci/error.ts";
import type { Body } from "#/registry/registry.ts";
import type { BlobWriter } from "#/storage/blob-store.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";

/** How a body came to its end: as it should, or broken off by `cause`, what came before being good. */
export type BodyEnd = { readonly broken: false } | { readonly broken: true; readonly cause: unknown };

/** Where the bytes go and how long the request has for it. */
export interface Intake {
	readonly writer: BlobWriter;
	readonly keeper: LeaseKeeper;
	readonly signal: AbortSignal;
}

/**
 * Appends a body to a writer.
 *
 * @param expected bytes that it must have; undefined: as many as come
 * @throws OciError SIZE_INVALID when a body that ended well is shorter or longer, and whatever writer and keeper throw;
 * then nothing of it may be acknowledged
 */
export const takeBody = async (
	body: Body,
	expected: number | undefined,
	{ writer, keeper, signal }: Intake,
): Promise<BodyEnd> => {
	const pieces = body[Symbol.asyncIterator]();
	let received = 0;
	let ended = false;
	try {
		for (;;) {
			const next = await nextPiece(pieces, signal);
			if ("cause" in next) {
				ended = true;
				return { broken: true, cause: next.cause };
			}
			if (next.piece === undefined) break;
			received += next.piece.byteLength;
			if (expected !== undefined && received > expected) throw sizeError(expected, "more");
			const renewal = keeper.ensure(writer.offset + next.piece.byteLength);
			if (renewal !== undefined) await renewal;
			await writer.append(next.piece);
		}
		ended = true;
	} finally {
		if (!ended) await pieces.return?.().catch(() => undefined);
	}
	if (expected !== undefined && received < expected) throw sizeError(expected, `${received}`);
	return { broken: false };
};

/** A failure to get bytes is the client's, one to keep them the store's: they must not be mixed up. */
const nextPiece = async (
	pieces: AsyncIterator<Uint8Array>,
	signal: AbortSignal,
): Promise<{ readonly piece: Uint8Array | undefined } | { readonly cause: unknown }> => {
	if (signal.aborted) return { cause: signal.reason };
	try {
		const next = await pieces.next();
		return { piece: next.done === true ? undefined : next.value };
	} catch (cause) {
		return { cause };
	}
};

const sizeError = (expected: number, got: string): OciError =>
	new OciError("SIZE_INVALID", { detail: `expected ${expected} bytes, got ${got}` });
