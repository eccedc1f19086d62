import { BlockList, isIP, SocketAddress } from "node:net";

/** Addresses of one IP version that begin alike. */
export interface Network {
	/** As {@link plainAddressOf} writes it. */
	readonly address: string;
	/** How many bits of it count. */
	readonly bits: number;
}

const MAPPED = "::ffff:";
/** Bits before the IPv4 address in an IPv6 one that maps it. */
const MAPPED_BITS = 96;

/**
 * The one way to write an IP address: IPv6 in its short form and without a zone, and an IPv4 address that is written as
 * an IPv6 one (RFC 4291 §2.5.5.2) as IPv4. Undefined when the text is no address.
 */
export const plainAddressOf = (text: string): string | undefined => {
	const version = isIP(text);
	if (version !== 6) return version === 4 ? text : undefined;
	const address = text.split("%")[0] ?? "";
	const short = new SocketAddress({ address, family: "ipv6" }).address;
	return short.startsWith(MAPPED) && short.includes(".") ? short.slice(MAPPED.length) : short;
};

/** Reads an address, or a network such as `10.0.0.0/8`; undefined when the text is neither. */
export const parseNetwork = (text: string): Network | undefined => {
	const [, given = "", digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
	const address = plainAddressOf(given);
	if (address === undefined) return undefined;
	const all = isIP(address) === 4 ? 32 : 128;
	const skipped = all === 32 && given.includes(":") ? MAPPED_BITS : 0;
	const bits = digits === undefined ? all : Number(digits) - skipped;
	return bits >= 0 && bits <= all ? { address, bits } : undefined;
};

/** A set of IP addresses. */
export class AddressSet {
	readonly #list = new BlockList();
	/** Whether nothing is in it. */
	readonly isEmpty: boolean;

	constructor(networks: readonly Network[]) {
		for (const { address, bits } of networks) this.#list.addSubnet(address, bits, familyOf(address));
		this.isEmpty = networks.length === 0;
	}

	/** @param address as {@link plainAddressOf} writes it; absent: in no set */
	has(address: string | undefined): boolean {
		return !this.isEmpty && address !== undefined && this.#list.check(address, familyOf(address));
	}
}

const familyOf = (address: string): "ipv4" | "ipv6" => (address.includes(":") ? "ipv6" : "ipv4");
