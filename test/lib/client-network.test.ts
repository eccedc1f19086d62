import assert from "node:assert/strict";
import { it } from "node:test";
import { clientNetworkOf } from "#/lib/client-network.ts";

const cases: readonly (readonly [address: string, network: string])[] = [
	["192.0.2.7", "192.0.2.7"],
	["::ffff:192.0.2.7", "192.0.2.7"],
	["::FFFF:192.0.2.7", "192.0.2.7"],
	["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
	["2001:db8:1:2::6", "2001:db8:1:2::/64"],
	["2001:DB8::6", "2001:db8:0:0::/64"],
	["2001:db8:0001::", "2001:db8:1:0::/64"],
	["::1", "0:0:0:0::/64"],
	["fe80::1%eth0", "fe80:0:0:0::/64"],
	["64:ff9b::192.0.2.7", "64:ff9b:0:0::/64"],
	["", ""],
	["pipe", "pipe"],
];

for (const [address, network] of cases) {
	it(`holds ${JSON.stringify(address)} to ${JSON.stringify(network)}`, () => {
		assert.equal(clientNetworkOf(address), network);
	});
}
