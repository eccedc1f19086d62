import { isIPv6 } from "node:net";

/** Sixteen-bit groups that name a network, of the eight of an IPv6 address. */
const NETWORK_GROUPS = 4;

/**
 * The part of an address that one client can be held to: the whole of an IPv4 address, also where it is written as an
 * IPv6 one, and the first 64 bits of an IPv6 address, since a client has all the addresses behind them. Any other text
 * stands for itself.
 */
export const clientNetworkOf = (address: string): string => {
	const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
	if (mapped !== undefined) return mapped;
	if (!isIPv6(address)) return address;
	const [head = "", tail] = address.toLowerCase().split("%")[0]?.split("::") ?? [];
	const before = groupsOf(head);
	const after = groupsOf(tail ?? "");
	const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
	const groups = [...before, ...Array.from({ length: zeros }, () => 0), ...after];
	return `${groups
		.slice(0, NETWORK_GROUPS)
		.map((group) => group.toString(16))
		.join(":")}::/64`;
};

const groupsOf = (text: string): readonly number[] => {
	if (text === "") return [];
	return text.split(":").flatMap((group) => (group.includes(".") ? [0, 0] : [Number.parseInt(group, 16)]));
};
