/** Which bytes of a whole an answer or an upload has. */
export interface ByteRange {
	readonly first: number;
	readonly last: number;
	/** Of the whole; undefined: not told. */
	readonly size: number | undefined;
}

/** Reads `bytes 5-9/10` (RFC 9110, section 14.4); undefined: it says nothing of the kind. */
export const parseContentRange = (text: string | undefined): ByteRange | undefined => {
	const [, first, last, size] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(text ?? "") ?? [];
	if (first === undefined || last === undefined || Number(first) > Number(last)) return undefined;
	return { first: Number(first), last: Number(last), size: size === "*" ? undefined : Number(size) };
};

/**
 * How many bytes an upload has, by its Range header (distribution specification, "Pushing a blob in chunks"): `0-9` is
 * ten, and so is `bytes=0-9`, as some write it. Undefined: it does not say.
 */
export const parseUploadRange = (text: string | undefined): number | undefined => {
	const last = /^(?:bytes=)?0-(-?\d{1,15})$/.exec(text ?? "")?.[1];
	return last === undefined ? undefined : Math.max(0, Number(last) + 1);
};
