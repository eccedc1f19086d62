import { defULID } from "@thi.ng/ksuid/ulid";

/**
 * A source of ids for uploads and objects: 26 letters and digits, unique without coordination (80 random bits within
 * one millisecond), and in byte order of the milliseconds in which they were made.
 */
export const idSource = (): (() => string) => {
	const ulid = defULID();
	return () => ulid.next();
};
