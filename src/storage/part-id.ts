import { createHash } from "node:crypto";

/** Characters of every id: a store may want them all alike. */
const WRITER_LENGTH = 14;
const NUMBER_LENGTH = 6;

const PART_ID = new RegExp(`^[0-9a-f]{${WRITER_LENGTH}}[0-9]{${NUMBER_LENGTH}}$`);

/**
 * Gives the ids of the parts that one writer stores: different from those of any other writer, so that a process which
 * lost the upload cannot write over the parts of the one that has it. All have the same length.
 *
 * @param writer an id that no other writer has
 */
export const partIds = (writer: string): (() => string) => {
	const name = createHash("sha256").update(writer).digest("hex").slice(0, WRITER_LENGTH);
	let count = 0;
	return () => name + String(count++).padStart(NUMBER_LENGTH, "0");
};

/** Whether {@link partIds} gives ids like this. */
export const isPartId = (text: string): boolean => PART_ID.test(text);
