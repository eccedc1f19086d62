import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { ByteRange, OpenBlob } from "#/storage/blob-store.ts";
import { Pace } from "./pace.ts";

/** One stretch of the blob, with bytes that go before it (multipart headers). */
export interface Part {
	readonly preamble?: string;
	readonly range: ByteRange | undefined;
}

/**
 * Sends parts of an open blob, then `epilogue`, and ends the response. A peer that lets us wait keeps no pooled buffer
 * occupied meanwhile: what was read for it is given back, and read again when it goes on.
 *
 * @throws the store's error, or an AbortError when the client is gone; the response is then destroyed
 */
export const sendBlob = async (
	response: ServerResponse,
	blob: OpenBlob,
	parts: readonly Part[],
	epilogue: string,
	signal: AbortSignal,
): Promise<void> => {
	const pace = new Pace(response, signal);
	try {
		for (const { preamble, range } of parts) {
			if (preamble !== undefined) response.write(preamble);
			await sendRange(pace, blob, range ?? { start: 0, end: blob.size - 1 }, signal);
		}
		response.end(epilogue === "" ? undefined : epilogue);
		if (!response.writableFinished) await once(response, "finish", { signal });
	} catch (error) {
		// First the socket, which may still send from a buffer that somebody else gets next.
		response.destroy();
		pace.giveBack();
		throw error;
	}
};

const sendRange = async (pace: Pace, blob: OpenBlob, { start, end }: ByteRange, signal: AbortSignal): Promise<void> => {
	for (let at = start; at <= end; ) {
		for await (const chunk of blob.chunks({ start: at, end }, signal, pace.sizeHint)) {
			at += await pace.send(chunk);
			signal.throwIfAborted();
			if (pace.isStalled) break;
		}
		await pace.resumed();
		signal.throwIfAborted();
	}
};
