import type { ByteRange } from "#/storage/blob-store.ts";

/** More ranges than any lazy puller asks for at once; a request with more gets the whole blob. */
const MAX_RANGES = 256;

/**
 * Reads a Range header against content of `size` bytes (RFC 9110 §14.2).
 *
 * @returns the satisfiable ranges in the order asked; an empty list when none is (416); undefined when the header is
 * absent, not of bytes, malformed or abusive, in all of which cases it is ignored
 */
export const parseRanges = (header: string | undefined, size: number): readonly ByteRange[] | undefined => {
	if (header === undefined || !header.startsWith("bytes=")) return undefined;
	const specs = header.slice("bytes=".length).split(",");
	if (specs.length > MAX_RANGES) return undefined;
	const ranges: ByteRange[] = [];
	let total = 0;
	for (const spec of specs) {
		const range = parseSpec(spec.trim(), size);
		if (range === "malformed") return undefined;
		if (range === "unsatisfiable") continue;
		ranges.push(range);
		total += range.end - range.start + 1;
	}
	return ranges.length > 1 && total > 2 * size ? undefined : ranges;
};

const parseSpec = (spec: string, size: number): ByteRange | "malformed" | "unsatisfiable" => {
	const match = /^(\d{0,16})-(\d{0,16})$/.exec(spec);
	const [, first = "", last = ""] = match ?? [];
	if (first === "" && last === "") return "malformed";
	if (first === "") {
		const suffix = Math.min(Number(last), size);
		return suffix === 0 ? "unsatisfiable" : { start: size - suffix, end: size - 1 };
	}
	const start = Number(first);
	if (start >= size || (last !== "" && Number(last) < start)) return "unsatisfiable";
	return { start, end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
};

/**
 * Reads the Content-Range of a chunk: `0-1023` as the distribution specification has it, or `bytes 0-1023/*`.
 *
 * @returns undefined when absent, "malformed" when it is no such range
 */
export const parseContentRange = (
	header: string | undefined,
): { readonly start: number; readonly end: number } | "malformed" | undefined => {
	if (header === undefined) return undefined;
	const match = /^(?:bytes[ =])?(\d{1,16})-(\d{1,16})(?:\/(?:\d+|\*))?$/.exec(header.trim());
	if (match === null) return "malformed";
	const start = Number(match[1]);
	const end = Number(match[2]);
	return end < start ? "malformed" : { start, end };
};
