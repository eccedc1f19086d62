import type { z } from "zod";
import { formatIssues } from "#/lib/format-issues.ts";
import type { Answer } from "./answer.ts";
import { nextOf } from "./link-header.ts";
import { RemoteError } from "./remote-error.ts";
import { sameRegistry } from "./same-registry.ts";
import type { Session } from "./session.ts";

/** A listing of a registry. */
export interface Listing<T> {
	/** Of the first page, with its query. */
	readonly url: URL;
	readonly scopes: readonly string[];
	/** Headers of every request. */
	readonly headers?: Readonly<Record<string, string>>;
	/** What a page holds. @throws RemoteError INVALID */
	readonly read: (json: unknown, answer: Answer) => readonly T[];
	/** What `last` is after an element, where pages can be asked for by number and last element; absent: they cannot. */
	readonly last?: (element: T) => string;
}

/** A page of names of 255 characters has room for a hundred thousand. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;
/** A registry that filters what it lists may give some; one that gives nothing else is stuck. */
const MAX_EMPTY_PAGES = 1_000;

/**
 * A listing page by page, by its Link headers, or else by the last element of a full page (distribution specification,
 * "Listing Tags"). The first page is there when this returns; undefined: the registry says there is nothing to list.
 *
 * @param first the answer to the first request, where that was sent already
 * @throws RemoteError, then and while it goes on
 */
export const openPages = async <T>(
	session: Session,
	listing: Listing<T>,
	signal: AbortSignal,
	first?: Answer,
): Promise<AsyncIterable<readonly T[]> | undefined> => {
	const answer = first ?? (await ask(session, listing, listing.url, signal));
	if (await session.saysAbsent(answer)) return undefined;
	return followPages(session, listing, await readPage(listing, listing.url, answer), signal);
};

/** What a page is by its schema. @throws RemoteError INVALID */
export const parsePage = <T>(schema: z.ZodType<T>, json: unknown, answer: Answer): T => {
	const parsed = schema.safeParse(json);
	if (parsed.success) return parsed.data;
	throw new RemoteError("INVALID", `${answer.what}: ${formatIssues(parsed.error.issues)}`);
};

interface Page<T> {
	readonly elements: readonly T[];
	readonly url: URL;
	readonly next: URL | undefined;
	/** Whether the registry itself told of the next one. */
	readonly isLinked: boolean;
}

async function* followPages<T>(
	session: Session,
	listing: Listing<T>,
	first: Page<T>,
	signal: AbortSignal,
): AsyncGenerator<readonly T[]> {
	let page = first;
	let empty = 0;
	for (;;) {
		if (page.elements.length > 0) yield page.elements;
		empty = page.elements.length > 0 ? 0 : empty + 1;
		if (page.next === undefined) return;
		if (page.next.href === page.url.href || empty > MAX_EMPTY_PAGES) {
			throw new RemoteError("INVALID", `${page.url.origin}${page.url.pathname} lists the same over and over`);
		}
		const following = await fetchPage(session, listing, page.next, signal);
		// Who knows nothing of `last` gives all, always.
		if (!page.isLinked && isSame(listing, page, following)) return;
		page = following;
	}
}

const fetchPage = async <T>(session: Session, listing: Listing<T>, url: URL, signal: AbortSignal): Promise<Page<T>> => {
	const answer = await ask(session, listing, url, signal);
	// What was there a page ago and is not now does not end the list: it makes it void.
	if (await session.saysAbsent(answer))
		throw new RemoteError("INVALID", `${answer.what}: the list ended in its middle`);
	return await readPage(listing, url, answer);
};

const ask = <T>(session: Session, { scopes, headers }: Listing<T>, url: URL, signal: AbortSignal): Promise<Answer> =>
	session.send({ method: "GET", url, scopes, headers: { accept: "application/json", ...headers } }, signal);

const readPage = async <T>(listing: Listing<T>, url: URL, answer: Answer): Promise<Page<T>> => {
	const elements = listing.read(await answer.json(MAX_PAGE_BYTES), answer);
	const link = nextOf(answer.header("link"));
	if (link !== undefined) return { elements, url, next: sameRegistry(link, url), isLinked: true };
	return { elements, url, next: afterLast(listing, url, elements), isLinked: false };
};

const afterLast = <T>({ last }: Listing<T>, url: URL, elements: readonly T[]): URL | undefined => {
	const wanted = Number(url.searchParams.get("n"));
	const final = elements.at(-1);
	if (last === undefined || final === undefined || elements.length !== wanted) return undefined;
	const next = new URL(url);
	next.searchParams.set("last", last(final));
	return next;
};

const isSame = <T>({ last }: Listing<T>, one: Page<T>, other: Page<T>): boolean => {
	const [a, b] = [one.elements[0], other.elements[0]];
	return last !== undefined && a !== undefined && b !== undefined && last(a) === last(b);
};
