import type { WriterState } from "./blob-store.ts";
import { isPartId } from "./part-id.ts";
import { StoreError } from "./store-error.ts";

/** A part that is stored. */
export interface StoredPart {
	/** Of {@link isPartId}. */
	readonly id: string;
	/** Bytes. None for a part that only shows that the object was begun. */
	readonly size: number;
}

/** An unfinished object whose parts may have any size. */
export interface PartedState {
	/** Bytes in all. */
	readonly offset: number;
	/** In order. Never empty. */
	readonly parts: readonly StoredPart[];
}

/** As the upload's row keeps it: the parts as pairs, for there may be thousands. */
export const formatPartedState = ({ offset, parts }: PartedState): WriterState => ({
	offset,
	parts: parts.map(({ id, size }) => [id, size]),
});

/** @throws StoreError NOT_FOUND for a state that {@link formatPartedState} did not give */
export const parsePartedState = ({ offset, parts }: WriterState): PartedState => {
	const parsed = Array.isArray(parts) ? parts.map(parsePart) : [];
	const stored = parsed.filter((part) => part !== undefined);
	const size = stored.reduce((sum, part) => sum + part.size, 0);
	if (typeof offset === "number" && stored.length > 0 && stored.length === parsed.length && size === offset) {
		return { offset, parts: stored };
	}
	throw new StoreError("NOT_FOUND", `no such writer state, at offset ${String(offset)}`);
};

const parsePart = (value: unknown): StoredPart | undefined => {
	if (!Array.isArray(value)) return undefined;
	const [id, size]: readonly unknown[] = value;
	const isSize = typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
	return typeof id === "string" && isPartId(id) && isSize ? { id, size } : undefined;
};
