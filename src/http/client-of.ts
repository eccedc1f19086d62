import type { IncomingMessage } from "node:http";
import { AddressSet, type Network, plainAddressOf } from "#/lib/address-set.ts";

/** Where a request comes from. */
export interface Client {
	/** Absent where the connection has none, or none any more. IPv4 addresses are never written as IPv6 ones. */
	readonly address: string | undefined;
	/** What the client itself speaks, whatever the last proxy speaks to us. */
	readonly scheme: "http" | "https";
}

/** Tells where a request comes from: the only place that does. */
export type ClientOf = (request: IncomingMessage) => Client;

/**
 * Tells clients by their connections and, where these are of proxies that are to be believed, by what those say in
 * `X-Forwarded-For` and `X-Forwarded-Proto`. The client is the last address that is not one of those proxies: whatever
 * stands before it was said by the client and may be anything. What cannot be read is not believed, nor what is before it.
 *
 * @param trustedProxies whose word is taken; none: nobody's
 * @param ignored told of a peer that forwards requests and is not to be believed: often a proxy that nobody named
 */
export const createClientOf = (
	trustedProxies: readonly Network[],
	ignored: (peer: string | undefined) => void = () => undefined,
): ClientOf => {
	const trusted = new AddressSet(trustedProxies);
	return (request) => {
		const { socket, headers } = request;
		const peer = addressOf(socket.remoteAddress);
		const scheme = "encrypted" in socket ? "https" : "http";
		if (!trusted.has(peer)) {
			if (headers["x-forwarded-for"] !== undefined) ignored(peer);
			return { address: peer, scheme };
		}
		const { address, passed } = walk(peer, listOf(headers["x-forwarded-for"]), trusted);
		return { address, scheme: schemeAt(listOf(headers["x-forwarded-proto"]), passed) ?? scheme };
	};
};

const addressOf = (text: string | undefined): string | undefined =>
	// Most are IPv4 addresses already.
	text?.includes(":") ? plainAddressOf(text) : text;

/** The elements of a list header, however many fields it was sent in. */
const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
	[value ?? []]
		.flat()
		.join(",")
		.split(",")
		.map((element) => element.trim())
		.filter((element) => element !== "");

/** Goes back from proxy to proxy as long as they are trusted; `passed` counts the elements that were believed. */
const walk = (peer: string | undefined, hops: readonly string[], trusted: AddressSet) => {
	let address = peer;
	let passed = 0;
	while (passed < hops.length && trusted.has(address)) {
		const before = plainAddressOf(withoutPort(hops[hops.length - 1 - passed] ?? ""));
		if (before === undefined) break;
		address = before;
		passed++;
	}
	return { address, passed };
};

/** Some proxies add the port: `192.0.2.7:4711`, `[2001:db8::1]:4711`. */
const withoutPort = (hop: string): string => {
	const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([^:]+):\d+)$/.exec(hop) ?? [];
	return bracketed ?? plain ?? hop;
};

/** What the proxy that spoke to the client said. Proxies that replace the header leave only one, that of the first. */
const schemeAt = (schemes: readonly string[], passed: number): Client["scheme"] | undefined => {
	const scheme = schemes[Math.max(0, schemes.length - Math.max(1, passed))]?.toLowerCase();
	return scheme === "http" || scheme === "https" ? scheme : undefined;
};
