import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddressSet, parseNetwork, plainAddressOf } from "#/lib/address-set.ts";

const setOf = (...texts: readonly string[]): AddressSet =>
	new AddressSet(
		texts.map((text) => {
			const network = parseNetwork(text);
			assert.ok(network !== undefined, text);
			return network;
		}),
	);

describe("an address", () => {
	for (const [text, plain] of [
		["192.0.2.7", "192.0.2.7"],
		["::ffff:192.0.2.7", "192.0.2.7"],
		["::FFFF:C000:0207", "192.0.2.7"],
		["0:0:0:0:0:ffff:c000:207", "192.0.2.7"],
		["2001:DB8:0:0::1", "2001:db8::1"],
		["fe80::1%eth0", "fe80::1"],
		["::1", "::1"],
		["192.0.2", undefined],
		["192.0.2.07", undefined],
		["unknown", undefined],
		["", undefined],
	] as const) {
		it(`is written in one way: ${JSON.stringify(text)}`, () => assert.equal(plainAddressOf(text), plain));
	}
});

describe("a set of addresses", () => {
	it("has those of its networks, of either version", () => {
		const set = setOf("10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::ffff:172.16.0.0/108");
		for (const inside of ["10.255.0.1", "192.0.2.7", "2001:db8:ffff::1", "172.31.255.255"]) assert.ok(set.has(inside));
		for (const outside of ["11.0.0.1", "192.0.2.8", "2001:db9::1", "172.32.0.1", "::1", undefined]) {
			assert.equal(set.has(outside), false, String(outside));
		}
	});

	it("has all of one version where no bit counts", () => {
		assert.equal(setOf("0.0.0.0/0").has("198.51.100.1"), true);
		assert.equal(setOf("0.0.0.0/0").has("2001:db8::1"), false);
	});

	it("has nothing where it is empty", () => assert.equal(setOf().has("192.0.2.7"), false));

	for (const text of [
		"",
		"10.0.0.0/33",
		"::/129",
		"10.0.0.0/",
		"10.0.0.0/8/8",
		"10.0.0.0/-1",
		"::ffff:10.0.0.0/95",
		"host",
	]) {
		it(`is not made of ${JSON.stringify(text)}`, () => assert.equal(parseNetwork(text), undefined));
	}
});
