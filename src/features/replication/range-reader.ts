import { RemoteError } from "#/client/remote-error.ts";
import type { BlobSpan, RemoteBlob } from "#/client/remote-registry.ts";

/** What {@link readInRanges} works with. */
export interface RangeReaderDeps {
	/** Opens a span of the blob. */
	readonly open: (span: BlobSpan, signal: AbortSignal) => Promise<RemoteBlob>;
	/** Its bytes at the pace that is allowed. */
	readonly pace: (bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) => AsyncIterable<Uint8Array>;
	/** A place for one more range at once, given back when its bytes have gone; undefined: there is none now. */
	readonly borrow: () => Disposable | undefined;
	/** Bytes of one range; undefined: the blob is read as one stream. */
	readonly rangeBytes: number | undefined;
	/** Ranges that are held beside the one that is handed on. */
	readonly maxAhead: number;
}

/** Ranges in one request where it is the only one, and nothing needs to be held. */
const STREAMED = 8;

/** A range that is fetched before it is wanted: its pieces, or undefined where the source gave another one. */
interface Ahead {
	readonly pieces: Promise<readonly Uint8Array[] | undefined>;
	readonly place: Disposable;
}

/**
 * A blob's bytes from `offset` on, in order, of which several ranges are fetched at once: a source that limits each
 * connection gives as many times as much. Who serves no ranges is read as one stream.
 *
 * @throws RemoteError, and whatever `open` throws
 */
export async function* readInRanges(
	deps: RangeReaderDeps,
	{ offset, size }: { readonly offset: number; readonly size: number },
	signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
	const { rangeBytes } = deps;
	if (rangeBytes === undefined) {
		await using blob = await deps.open(offset, signal);
		return yield* rest(deps, blob, offset, signal);
	}
	const ended = new AbortController();
	const within = AbortSignal.any([signal, ended.signal]);
	const ahead: Ahead[] = [];
	let next = offset;
	const spanAt = (from: number, ranges = 1) => ({ offset: from, end: Math.min(from + ranges * rangeBytes, size) });
	const hasPlace = (): boolean => {
		using place = deps.borrow();
		return place !== undefined;
	};
	const topUp = (): void => {
		while (next < size && ahead.length < deps.maxAhead) {
			const place = deps.borrow();
			if (place === undefined) return;
			const span = spanAt(next);
			next = span.end;
			ahead.push({ place, pieces: fetchSpan(deps, span, within) });
		}
	};
	try {
		for (let at = offset; at < size; ) {
			const head = ahead.shift();
			const span = spanAt(at, head === undefined && !hasPlace() ? STREAMED : 1);
			if (head === undefined) {
				next = span.end;
				await using blob = await deps.open(span, within);
				if (!isExact(blob, span)) return yield* rest(deps, blob, at, within);
				topUp();
				yield* exactly(deps.pace(blob.bytes, within), span);
			} else {
				using _place = head.place;
				const pieces = await head.pieces;
				if (pieces === undefined) {
					await using blob = await deps.open(at, within);
					return yield* rest(deps, blob, at, within);
				}
				for (const piece of pieces) yield piece;
			}
			at = span.end;
			topUp();
		}
	} finally {
		ended.abort(new Error("the blob is not wanted any more"));
		await Promise.allSettled(ahead.map(({ pieces }) => pieces));
		for (const { place } of ahead) place[Symbol.dispose]();
	}
}

type Span = Exclude<BlobSpan, number>;

const isExact = (blob: RemoteBlob, span: Span): boolean => blob.offset === span.offset && blob.end === span.end;

const fetchSpan = (
	{ open, pace }: RangeReaderDeps,
	span: Span,
	signal: AbortSignal,
): Promise<readonly Uint8Array[] | undefined> => {
	const fetching = async () => {
		await using blob = await open(span, signal);
		return isExact(blob, span) ? await Array.fromAsync(exactly(pace(blob.bytes, signal), span)) : undefined;
	};
	const pieces = fetching();
	// Whoever waits for it hears of its failure, and before that nobody needs to.
	pieces.catch(() => undefined);
	return pieces;
};

/** As many bytes as the span has. */
async function* exactly(bytes: AsyncIterable<Uint8Array>, { offset, end }: Span): AsyncGenerator<Uint8Array> {
	let left = end - offset;
	for await (const piece of bytes) {
		const now = piece.subarray(0, left);
		left -= now.byteLength;
		yield now;
		if (left === 0) return;
	}
	if (left > 0) throw new RemoteError("FAILED", `a range of ${end - offset} bytes ended ${left} bytes too soon`);
}

/** All from a position on, of who may begin before it. */
async function* rest(
	{ pace }: RangeReaderDeps,
	blob: RemoteBlob,
	position: number,
	signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
	let skip = position - blob.offset;
	if (skip < 0) throw new RemoteError("INVALID", `the source began at ${blob.offset}, and not at ${position}`);
	for await (const piece of pace(blob.bytes, signal)) {
		const bytes = piece.subarray(Math.min(skip, piece.byteLength));
		skip -= piece.byteLength - bytes.byteLength;
		if (bytes.byteLength > 0) yield bytes;
	}
}
