import { BundleError } from "./bundle-error.ts";

/** Bytes of a header, of which the archive's other parts take a multiple (POSIX, pax, "ustar Interchange Format"). */
export const TAR_BLOCK = 512;

/** A file in an archive. */
export interface TarEntry {
	/** Relative, with slashes, at most 100 bytes. */
	readonly path: string;
	/** Bytes. */
	readonly size: number;
}

const MAX_PATH = 100;
const MAX_SIZE = 8 ** 11 - 1;
const [NAME, SIZE, SUM, TYPE, MAGIC] = [0, 124, 148, 156, 257];
const REGULAR_FILE = "0";

/** The header of a file that anybody may read and that belongs to nobody in particular, of no time: the same for the same file. */
export const formatHeader = ({ path, size }: TarEntry): Uint8Array => {
	if (Buffer.byteLength(path) > MAX_PATH)
		throw new BundleError(`${path}: expected a path of at most ${MAX_PATH} bytes`);
	if (size > MAX_SIZE) throw new BundleError(`${path}: ${size} bytes: expected at most ${MAX_SIZE}`);
	const header = Buffer.alloc(TAR_BLOCK);
	header.write(path, NAME);
	// Mode, owner, group.
	header.write("0000644\0" + "0000000\0" + "0000000\0", NAME + MAX_PATH);
	// Size and time of modification.
	header.write(`${octal(size)}\0${octal(0)}\0`, SIZE);
	header.write(REGULAR_FILE, TYPE);
	header.write("ustar\x0000", MAGIC);
	header.write(`${sumOf(header).toString(8).padStart(6, "0")}\0 `, SUM);
	return header;
};

/** Reads what {@link formatHeader} writes; undefined: the block of zeros that the end begins with. @throws BundleError */
export const parseHeader = (block: Buffer): TarEntry | undefined => {
	if (block.every((byte) => byte === 0)) return undefined;
	const path = block.toString("utf8", NAME, NAME + MAX_PATH).replace(/\0.*$/s, "");
	const size = Number.parseInt(block.toString("latin1", SIZE, SIZE + 11), 8);
	const isRight = Number.parseInt(block.toString("latin1", SUM, SUM + 6), 8) === sumOf(block);
	if (!isRight || block.toString("latin1", TYPE, TYPE + 1) !== REGULAR_FILE || !Number.isSafeInteger(size)) {
		throw new BundleError("it has something else where a file should begin: it is no bundle, or it was changed");
	}
	if (path.startsWith("/") || path.split("/").some((part) => part === "" || part === "." || part === "..")) {
		throw new BundleError(`${path}: expected a path within the bundle`);
	}
	return { path, size };
};

const octal = (value: number): string => value.toString(8).padStart(11, "0");

/** The sum of all bytes, where those of the sum itself count as blanks. */
const sumOf = (header: Buffer): number =>
	header.reduce((sum, byte, i) => sum + (i >= SUM && i < SUM + 8 ? 0x20 : byte), 0);
