import type { Digest } from "#/oci/digest.ts";
import type { Answer } from "./answer.ts";
import { isBareAbsence } from "./bare-absence.ts";
import { parseContentRange } from "./content-range.ts";
import { toError } from "./read-failure.ts";
import { RemoteError } from "./remote-error.ts";
import type { BlobSpan, RemoteBlob } from "./remote-registry.ts";
import { type Retry, retrying } from "./retry.ts";
import type { Session } from "./session.ts";
import type { WireRequest } from "./wire.ts";

/** From a registry over its storage's front to the storage there are two or three. */
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Whether the repository has the blob. @throws RemoteError */
export const hasBlob = async (
	session: Session,
	repository: string,
	digest: Digest,
	signal: AbortSignal,
): Promise<boolean> => {
	const request = { ...requestOf(session, repository, digest), method: "HEAD" } as const;
	const answer = await session.send(request, signal);
	await answer.discard();
	if (answer.status === 200) return true;
	if (isBareAbsence(answer)) return false;
	// Storage that it leads to may not take a HEAD; and what answers like a page for people may be anybody.
	const blob = await openBlob(session, repository, digest, 0, signal);
	await blob?.[Symbol.asyncDispose]();
	return blob !== undefined;
};

/**
 * Reads a blob or a span of it, over redirects, and goes on where a connection broke; undefined: there is none.
 *
 * @throws RemoteError, then and while the bytes are read
 */
export const openBlob = async (
	session: Session,
	repository: string,
	digest: Digest,
	span: BlobSpan,
	signal: AbortSignal,
): Promise<RemoteBlob | undefined> => {
	const { offset, end } = typeof span === "number" ? { offset: span, end: undefined } : span;
	const ended = new AbortController();
	const both = AbortSignal.any([signal, ended.signal]);
	const fetch = (from: number): Promise<Part | undefined> => openPart(session, repository, digest, { from, end }, both);
	const part = await retrying(session.newRetry(), () => fetch(offset), signal);
	if (part === undefined) return undefined;
	return {
		offset: part.offset,
		end: part.end,
		size: part.size,
		bytes: resumed(part, fetch, session.newRetry(), signal),
		async [Symbol.asyncDispose]() {
			ended.abort(new Error("the blob was closed"));
			part.answer.abandon();
		},
	};
};

/** What one request brings of a blob. */
interface Part {
	readonly answer: Answer;
	readonly offset: number;
	/** Behind its last byte; undefined: it goes on to the blob's end. */
	readonly end: number | undefined;
	/** Of the whole blob. */
	readonly size: number | undefined;
}

async function* resumed(
	first: Part,
	fetch: (from: number) => Promise<Part | undefined>,
	retry: Retry,
	signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
	let part: Part | undefined = first;
	let position = first.offset;
	for (;;) {
		try {
			part ??= await fetch(position);
			if (part === undefined) throw new RemoteError("INVALID", `${first.answer.what}: gone while it was read`);
			for await (const piece of from(part, position)) {
				position += piece.byteLength;
				retry.progress();
				yield piece;
			}
			return;
		} catch (failure) {
			part = undefined;
			if (position === first.end) return;
			await retry.afterFailure(failure, signal);
		}
	}
}

/** Its bytes from a position on: who does not serve ranges begins at the beginning, whatever was asked for. */
async function* from({ answer, offset }: Part, position: number): AsyncGenerator<Uint8Array> {
	if (offset > position) throw new RemoteError("INVALID", `${answer.what}: began at ${offset}, and not at ${position}`);
	let skip = position - offset;
	for await (const piece of answer.stream()) {
		if (skip < piece.byteLength) yield skip === 0 ? piece : piece.subarray(skip);
		skip = Math.max(0, skip - piece.byteLength);
	}
}

const openPart = async (
	session: Session,
	repository: string,
	digest: Digest,
	{ from, end }: { readonly from: number; readonly end: number | undefined },
	signal: AbortSignal,
): Promise<Part | undefined> => {
	const isWhole = from === 0 && end === undefined;
	const range = isWhole ? undefined : { range: `bytes=${from}-${end === undefined ? "" : end - 1}` };
	const first = await session.sendOnce({ ...requestOf(session, repository, digest), headers: { ...range } }, signal);
	const answer = await follow(session, first, range, signal);
	if (answer.status === 416 && range !== undefined) {
		// Beyond what it takes for the end: from the beginning, so that whoever reads finds out.
		await answer.discard();
		return await openPart(session, repository, digest, { from: 0, end: undefined }, signal);
	}
	if (answer.status === 206) return partOf(answer);
	// Where a redirect leads, 404 is not a registry's word.
	if (answer !== first && answer.status !== 200) throw await toError(answer);
	if (await session.saysAbsent(answer)) return undefined;
	return { answer, offset: 0, end: undefined, size: answer.length };
};

const partOf = (answer: Answer): Part => {
	const range = parseContentRange(answer.header("content-range"));
	if (range !== undefined) return { answer, offset: range.first, end: range.last + 1, size: range.size };
	answer.abandon();
	throw new RemoteError("INVALID", `${answer.what}: 206 without a range`);
};

const requestOf = (session: Session, repository: string, digest: Digest) =>
	({
		method: "GET",
		url: new URL(`/v2/${repository}/blobs/${digest}`, session.origin),
		scopes: [`repository:${repository}:pull`],
	}) as const;

/** Goes to where the bytes lie. Credentials stay behind when that is elsewhere. */
const follow = async (
	session: Session,
	first: Answer,
	headers: WireRequest["headers"],
	signal: AbortSignal,
): Promise<Answer> => {
	let answer = first;
	for (let hops = 0; REDIRECTS.has(answer.status); hops++) {
		await answer.discard();
		if (hops >= MAX_REDIRECTS) throw new RemoteError("INVALID", `${first.what}: more than ${MAX_REDIRECTS} redirects`);
		const url = targetOf(answer);
		answer = await session.sendElsewhere({ method: "GET", url, headers: { ...headers } }, signal);
	}
	return answer;
};

const targetOf = (answer: Answer): URL => {
	const url = URL.parse(answer.header("location") ?? "", answer.asked.url);
	const isDowngrade = url?.protocol === "http:" && answer.asked.url.protocol === "https:";
	if (url === null || (url.protocol !== "https:" && url.protocol !== "http:") || isDowngrade) {
		throw new RemoteError("INVALID", `${answer.what} leads to ${url?.origin ?? "nowhere"}, which is not followed`);
	}
	url.username = "";
	url.password = "";
	return url;
};
