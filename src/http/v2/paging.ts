import { OciError } from "#/oci/error.ts";

/** The most entries that one page holds, and the page's size where the client names none. */
export const MAX_PAGE = 10_000;

/** Reads `n` and `last`. @throws OciError PAGINATION_NUMBER_INVALID */
export const parsePage = (query: URLSearchParams): { readonly limit: number; readonly last: string | undefined } => {
	const n = query.get("n");
	const last = query.get("last") ?? undefined;
	if (n === null) return { limit: MAX_PAGE, last };
	if (!/^\d{1,15}$/.test(n)) {
		throw new OciError("PAGINATION_NUMBER_INVALID", {
			detail: `n: expected a whole number from 0, got ${n.slice(0, 40)}`,
		});
	}
	return { limit: Math.min(Number(n), MAX_PAGE), last };
};

/** The `Link` header to the page after `last` (RFC 8288), with the other parameters kept. */
export const linkToNext = (path: string, query: URLSearchParams, limit: number, last: string): readonly string[] => {
	const next = new URLSearchParams(query);
	next.set("n", String(limit));
	next.set("last", last);
	return ["Link", `<${path}?${next}>; rel="next"`];
};

/** The `Link` header to the page after `last`, where there is another one. */
export const linkIfMore = (
	path: string,
	query: URLSearchParams,
	limit: number,
	more: boolean,
	last: string | undefined,
): readonly string[] => (more && last !== undefined ? linkToNext(path, query, limit, last) : []);
