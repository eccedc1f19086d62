import { isIP } from "node:net";

/** Prefixes in 16-bit groups, with the place of the two groups behind them that are an IPv4 address. */
const CARRIERS: readonly (readonly [prefix: readonly number[], at: number])[] = [
	// NAT64 (RFC 6052, section 2.1), 6to4 (RFC 3056, section 2), and IPv4-compatible ones (RFC 4291, section 2.5.5.1).
	[[0x64, 0xff9b, 0, 0, 0, 0], 6],
	[[0x2002], 1],
	[[0, 0, 0, 0, 0, 0], 6],
];

/**
 * The IPv4 address that a gateway would connect to on behalf of whoever connects to an IPv6 one; undefined where there
 * is none.
 *
 * @param address as `plainAddressOf` writes it
 */
export const embeddedAddressOf = (address: string): string | undefined => {
	if (isIP(address) !== 6) return undefined;
	const groups = groupsOf(address);
	const carrier = CARRIERS.find(([prefix]) => prefix.every((group, i) => groups[i] === group));
	if (carrier === undefined) return undefined;
	const [high = 0, low = 0] = groups.slice(carrier[1]);
	return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
};

const groupsOf = (address: string): readonly number[] => {
	const [head = "", tail] = address.split("::");
	const before = parse(head);
	const after = parse(tail ?? "");
	return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
};

const parse = (text: string): readonly number[] =>
	text === ""
		? []
		: text.split(":").flatMap((group) => (group.includes(".") ? pairOf(group) : [Number.parseInt(group, 16)]));

const pairOf = (dotted: string): readonly number[] => {
	const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
	return [a * 256 + b, c * 256 + d];
};
