import { type LookupAddress, lookup as lookUp } from "node:dns";
import type { LookupFunction } from "node:net";
import { AddressSet, type Network, parseNetwork, plainAddressOf } from "#/lib/address-set.ts";
import { embeddedAddressOf } from "./embedded-address.ts";
import { RemoteError } from "./remote-error.ts";

/** Resolves a name to all of its addresses. */
export type ResolveName = (name: string) => Promise<readonly LookupAddress[]>;

/** Networks that no outgoing connection goes to unless it is allowed to, by what they are, first match first. */
const GUARDED: readonly (readonly [kind: string, networks: readonly string[]])[] = [
	["an unspecified address", ["0.0.0.0/8", "::/128"]],
	["a loopback address", ["127.0.0.0/8", "::1/128"]],
	// What clouds tell their machines, keys among it: AWS, Google and others, Alibaba, Azure, Oracle.
	[
		"an address of a cloud's metadata service",
		[
			"169.254.169.254/32",
			"169.254.170.2/32",
			"100.100.100.200/32",
			"168.63.129.16/32",
			"192.0.0.192/32",
			"fd00:ec2::/32",
			"fd20:ce::254/128",
		],
	],
	["a link-local address", ["169.254.0.0/16", "fe80::/10"]],
	["a multicast address", ["224.0.0.0/4", "ff00::/8"]],
	["a reserved address", ["240.0.0.0/4"]],
];

const guarded = GUARDED.map(([kind, texts]) => ({
	kind,
	set: new AddressSet(texts.flatMap((text) => parseNetwork(text) ?? [])),
}));

/**
 * Where this registry may connect to on somebody's behalf. Loopback, link-local, metadata, unspecified, multicast and
 * reserved addresses are refused unless a network of `allow` has them; all others, private ones too, are allowed.
 */
export class Egress {
	readonly #allowed: AddressSet;
	readonly #resolve: ResolveName;

	/** @param resolve how names are resolved; absent: as the system does */
	constructor(allow: readonly Network[], resolve: ResolveName = resolveBySystem) {
		this.#allowed = new AddressSet(allow);
		this.#resolve = resolve;
	}

	/** What the address is, where a connection to it is refused; undefined: it may be connected to. */
	whyRefused(text: string): string | undefined {
		const address = plainAddressOf(text);
		if (address === undefined) return "no address";
		if (this.#allowed.has(address)) return undefined;
		const own = guarded.find(({ set }) => set.has(address))?.kind;
		if (own !== undefined) return own;
		const inner = embeddedAddressOf(address);
		return inner === undefined ? undefined : this.whyRefused(inner);
	}

	/** @throws RemoteError FORBIDDEN, which says what would have to be allowed */
	assertAllowed(host: string, address: string): void {
		const kind = this.whyRefused(address);
		if (kind === undefined) return;
		const is = host === address ? `${host} is ${kind}` : `${host} is ${address}, ${kind}`;
		throw new RemoteError(
			"FORBIDDEN",
			`${is}: this registry connects there only if egress.allow has it, such as ${plainAddressOf(address) ?? address}`,
		);
	}

	/**
	 * Resolves a name for one connection, to those of its addresses that are allowed. Asked anew for each connection, so
	 * that what a name says later is judged as well.
	 */
	readonly lookup: LookupFunction = (name, { all }, callback) => {
		this.#allowedAddresses(name).then(
			([first, ...others]) => {
				if (all === true) callback(null, [first, ...others]);
				else callback(null, first.address, first.family);
			},
			(error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), []),
		);
	};

	async #allowedAddresses(name: string): Promise<readonly [LookupAddress, ...LookupAddress[]]> {
		const found = await this.#resolve(name);
		const [first, ...others] = found.filter(({ address }) => this.whyRefused(address) === undefined);
		if (first !== undefined) return [first, ...others];
		for (const { address } of found) this.assertAllowed(name, address);
		throw new RemoteError("UNREACHABLE", `${name} has no address`);
	}
}

const resolveBySystem: ResolveName = (name) =>
	new Promise((resolve, reject) => {
		lookUp(name, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)));
	});
