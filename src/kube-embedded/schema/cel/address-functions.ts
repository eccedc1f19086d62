import { BlockList, isIP } from "node:net";
import type { Environment } from "@marcbachmann/cel-js";

const familyOf = (text: string): "ipv4" | "ipv6" => (isIP(text) === 4 ? "ipv4" : "ipv6");

/** Bytes of an address that was found well-formed. */
const bytesOf = (text: string): readonly number[] => {
	if (isIP(text) === 4) return text.split(".").map(Number);
	const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);
	const [head = "", tail] = canonical.split("::");
	const groups = (part: string): number[] =>
		part
			.split(":")
			.filter(Boolean)
			.map((group) => Number.parseInt(group, 16));
	const [before, after] = [groups(head), tail === undefined ? [] : groups(tail)];
	const words = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
	return words.flatMap((word) => [word >> 8, word & 255]);
};

const isAddress = (text: string): boolean => isIP(text) !== 0 && !text.includes("%") && !/^::ffff:.*\./i.test(text);

class IpAddress {
	readonly text: string;
	readonly bytes: readonly number[];

	constructor(text: string) {
		if (!isAddress(text))
			throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
		this.bytes = bytesOf(text);
		this.text = isIP(text) === 4 ? text : new URL(`http://[${text}]/`).hostname.slice(1, -1);
	}
}

const isBlock = (text: string): boolean => {
	const [address = "", bits = "", more] = text.split("/");
	return (
		more === undefined &&
		isAddress(address) &&
		/^(0|[1-9]\d{0,2})$/.test(bits) &&
		Number(bits) <= (isIP(address) === 4 ? 32 : 128)
	);
};

class CidrBlock {
	readonly address: IpAddress;
	readonly bits: number;

	constructor(text: string) {
		if (!isBlock(text)) throw new Error(`network address parse error during conversion from string: ${text}`);
		const [address = "", bits] = text.split("/");
		this.address = new IpAddress(address);
		this.bits = Number(bits);
	}

	/** Whether an address of the same family lies inside. */
	contains(other: IpAddress): boolean {
		const list = new BlockList();
		list.addSubnet(this.address.text, this.bits, familyOf(this.address.text));
		return other.bytes.length === this.address.bytes.length && list.check(other.text, familyOf(other.text));
	}

	/** The address with the bits of the host cleared. */
	masked(): readonly number[] {
		return this.address.bytes.map(
			(byte, at) => byte & ((255 << Math.max(0, 8 - Math.max(0, this.bits - at * 8))) & 255),
		);
	}
}

class IpLibrary {}

const first = (ip: IpAddress): number => ip.bytes[0] ?? 0;
const isV4 = (ip: IpAddress): boolean => ip.bytes.length === 4;
const allZero = (bytes: readonly number[]): boolean => bytes.every((byte) => byte === 0);

const isLoopback = (ip: IpAddress): boolean =>
	isV4(ip) ? first(ip) === 127 : allZero(ip.bytes.slice(0, 15)) && ip.bytes[15] === 1;

const isLinkLocalUnicast = (ip: IpAddress): boolean =>
	isV4(ip) ? first(ip) === 169 && ip.bytes[1] === 254 : first(ip) === 0xfe && ((ip.bytes[1] ?? 0) & 0xc0) === 0x80;

const isLinkLocalMulticast = (ip: IpAddress): boolean =>
	isV4(ip)
		? first(ip) === 224 && ip.bytes[1] === 0 && ip.bytes[2] === 0
		: first(ip) === 0xff && ((ip.bytes[1] ?? 0) & 0x0f) === 2;

const isMulticast = (ip: IpAddress): boolean => (isV4(ip) ? first(ip) >> 4 === 14 : first(ip) === 255);

const isGlobalUnicast = (ip: IpAddress): boolean =>
	!(allZero(ip.bytes) || isLoopback(ip) || isMulticast(ip) || isLinkLocalUnicast(ip)) &&
	!(isV4(ip) && ip.bytes.every((byte) => byte === 255));

const addIp = (env: Environment): void => {
	env.registerType("net.IP", IpAddress);
	env.registerType("IpLibrary", IpLibrary);
	env.registerConstant("ip", "IpLibrary", new IpLibrary());
	env.registerFunction("ip(string): net.IP", (text: string) => new IpAddress(text));
	env.registerFunction("isIP(string): bool", isAddress);
	env.registerFunction(
		"IpLibrary.isCanonical(string): bool",
		(_: unknown, text: string) => new IpAddress(text).text === text,
	);
	env.registerFunction("net.IP.family(): int", (ip: IpAddress) => (isV4(ip) ? 4n : 6n));
	env.registerFunction("net.IP.isUnspecified(): bool", (ip: IpAddress) => allZero(ip.bytes));
	env.registerFunction("net.IP.isLoopback(): bool", isLoopback);
	env.registerFunction("net.IP.isLinkLocalUnicast(): bool", isLinkLocalUnicast);
	env.registerFunction("net.IP.isLinkLocalMulticast(): bool", isLinkLocalMulticast);
	env.registerFunction("net.IP.isGlobalUnicast(): bool", isGlobalUnicast);
	env.registerOperator("net.IP == net.IP", (a: IpAddress, b: IpAddress) => a.text === b.text);
	env.registerFunction("string(net.IP): string", (ip: IpAddress) => ip.text);
};

const addCidr = (env: Environment): void => {
	env.registerType("net.CIDR", CidrBlock);
	env.registerFunction("cidr(string): net.CIDR", (text: string) => new CidrBlock(text));
	env.registerFunction("isCIDR(string): bool", isBlock);
	env.registerOperator(
		"net.CIDR == net.CIDR",
		(a: CidrBlock, b: CidrBlock) => a.bits === b.bits && a.address.text === b.address.text,
	);
	env.registerFunction("net.CIDR.containsIP(string): bool", (block: CidrBlock, ip: string) =>
		block.contains(new IpAddress(ip)),
	);
	env.registerFunction("net.CIDR.containsIP(net.IP): bool", (block: CidrBlock, ip: IpAddress) => block.contains(ip));
	const inside = (block: CidrBlock, other: CidrBlock) => other.bits >= block.bits && block.contains(other.address);
	env.registerFunction("net.CIDR.containsCIDR(net.CIDR): bool", inside);
	env.registerFunction("net.CIDR.containsCIDR(string): bool", (block: CidrBlock, other: string) =>
		inside(block, new CidrBlock(other)),
	);
	env.registerFunction("net.CIDR.ip(): net.IP", (block: CidrBlock) => block.address);
	env.registerFunction("net.CIDR.prefixLength(): int", (block: CidrBlock) => BigInt(block.bits));
	env.registerFunction("net.CIDR.masked(): net.CIDR", (block: CidrBlock) => {
		const bytes = block.masked();
		const text =
			bytes.length === 4
				? bytes.join(".")
				: Array.from({ length: 8 }, (_, at) =>
						(((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
					).join(":");
		return new CidrBlock(`${text}/${block.bits}`);
	});
};

/** Kubernetes' `ip` and `cidr` libraries. */
export const addAddressFunctions = (env: Environment): void => {
	addIp(env);
	addCidr(env);
};
